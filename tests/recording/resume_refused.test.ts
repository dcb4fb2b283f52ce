/** What can't be resumed, and what the operator is told. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { codeOf, destroy, errorOf } from "../failover/kit/cluster.ts";
import { connectKv, dropClients } from "../kit/kv.ts";
import { guest, killNodes, type RunningNode, startNode } from "../kit/node.ts";
import { listenAgain, removeDirs, tempDir } from "../kit/place.ts";
import { cannotMount, smallDisk, unmountAll } from "../nodes/kit/mounts.ts";
import { allLeft, endOf, keep, type Kept, places, resume } from "./kit/kept.ts";

test.after.each(async () => {
  dropClients();
  await killNodes();
  unmountAll();
  removeDirs();
});

const LISTEN = ["--tcplisten", "127.0.0.1:0"];

/** Holds that a node ends with 125 and says so. */
async function refuses(
  node: RunningNode,
  message: RegExp,
  next: RegExp,
): Promise<void> {
  assert.is(await codeOf(node), 125, node.stderr.join("\n"));
  const error = await errorOf(node);
  assert.match(error.message, message);
  assert.match(error.next ?? "", next);
}

/** A run that was killed, with a file in its directory. */
async function killed(): Promise<Kept> {
  const kept = places();
  const node = keep("tick", kept, { args: ["600000", "/data/lines"] });
  await node.waitForOutput(/tick 1\n/);
  await allLeft(`${kept.state}/log`);
  await destroy(node);
  return kept;
}

test("a state directory in use is refused, to a second run and to a resume", async () => {
  const kept = places();
  const node = keep("tick", kept, { args: ["600000"] });
  await node.waitForOutput(/tick 1\n/);
  await refuses(resume(kept), /another process has it/, /--state-dir/);
  await refuses(
    keep("tick", { ...kept, data: tempDir() }),
    /another process has it/,
    /--state-dir/,
  );
  await refuses(
    keep("tick", { ...kept, state: `${tempDir()}/state` }),
    /another process on this machine has it/,
    /directory of its own/,
  );
});

test("a new run does not replace one that can be resumed, unless it may", async () => {
  const kept = await killed();
  await refuses(
    keep("hello", kept),
    /it holds run/,
    /replrt resume .*\n.*--overwrite/s,
  );
  const node = keep("hello", kept, { options: ["--overwrite"] });
  const { to } = await node.waitForEvent("moved");
  assert.is(await codeOf(node), 0);
  await destroyedAfter(resume({ ...kept, state: to }));
});

/** Kills a run once it has been resumed. */
async function destroyedAfter(node: RunningNode): Promise<void> {
  await node.waitForEvent("resumed");
  await destroy(node);
}

test("the state of a primary is refused with what to do", async () => {
  const kept = places();
  const node = startNode([
    ...["run", "--json", "--role", "primary", "--bind", "127.0.0.1:0"],
    ...["--state-dir", kept.state, guest("tick"), "--", "600000"],
  ]);
  await node.waitForOutput(/tick 1\n/);
  await destroy(node);
  await refuses(
    resume(kept),
    /it is the state of a node with backups/,
    /--peer HOST:PORT\n.*--overwrite/s,
  );
});

test("what holds no run is refused", async () => {
  const { state } = places();
  const next = /replrt run APP.wasm --state-dir/;
  await refuses(resume({ state, data: "" }), /nothing is kept there/, next);
  await refuses(
    resume({ state: tempDir(), data: "" }),
    /nothing is kept there/,
    next,
  );
});

test("a run that was killed before it began is not resumed, and starts again without more words", async () => {
  const kept = await killed();
  Deno.renameSync(`${kept.state}/log`, `${kept.state}/log.new`);
  await refuses(resume(kept), /had not begun yet/, /replrt run … --state-dir/);
  assert.is(await codeOf(keep("hello", kept)), 0);
  assert.is(await codeOf(resume(kept)), 0);
});

test("a log that is damaged before its end is refused, and one whose end is torn is not", async () => {
  const kept = await killed();
  const log = `${kept.state}/log`;
  const bytes = Deno.readFileSync(log);
  const { size } = endOf(log);
  const torn = new Uint8Array(size + 200);
  torn.set(bytes);
  torn.fill(0, size);
  Deno.writeFileSync(log, torn);
  await destroyedAfter(resume(kept));
  const damaged = Deno.readFileSync(log);
  const at = size - 20;
  damaged[at] = (damaged[at] as number) ^ 1;
  Deno.writeFileSync(log, damaged);
  await refuses(
    resume(kept),
    /it is damaged after message \d+ and goes on behind that/,
    /restore it from a copy; .*truncate -s \d+/,
  );
});

test("other images, directories and sockets than the run began with are refused", async () => {
  const kept = await killed();
  await refuses(
    resume(kept, ["--dir", `${tempDir()}::/other`]),
    /the program had no directory of that name/,
    /--dir HOST::\/data/,
  );
  await refuses(
    resume(kept, LISTEN),
    /had 0 listening sockets, and 1 are given/,
    /leave --tcplisten out/,
  );
  Deno.writeTextFileSync(`${kept.state}/images/0/stray`, "");
  await refuses(
    resume(kept),
    /something else than the run began with/,
    /restore the state directory/,
  );
});

test("an address that somebody else has taken is named, and another can be given", async () => {
  const kept = places();
  const node = keep("kv", kept, { options: listenAgain() });
  const { listen } = await node.waitForEvent("serving");
  await destroy(node);
  const port = Number((listen[0] as string).split(":")[1]);
  using _taken = Deno.listen({ hostname: "127.0.0.1", port });
  await refuses(resume(kept), /the address is in use/, /--tcplisten/);
  await destroyedAfter(resume(kept, LISTEN));
});

const privileged = cannotMount === undefined ? test : test.skip;
if (cannotMount !== undefined) console.log(`skipped: ${cannotMount}`);

/** Writes until the server is gone, or as often as said; gives how many writes were acknowledged. */
async function fill(address: string, count: number): Promise<number> {
  const client = await connectKv(address);
  for (let i = 0; i < count; i++) {
    try {
      await client.set(`key ${i}`, "x".repeat(4096));
    } catch {
      return i;
    }
  }
  return count;
}

privileged(
  "a full disk stops the run, which is resumed where there is room",
  async () => {
    const kept = { ...places(), state: `${smallDisk(1024)}/state` };
    const node = keep("kv", kept, { options: listenAgain() });
    const { listen } = await node.waitForEvent("serving");
    const acknowledged = await fill(listen[0] as string, 1000);
    await refuses(
      node,
      /cannot go on with the log: .*no space left/,
      /replrt resume .*\n.*--on-log-error continue/s,
    );
    const roomy = `${tempDir()}/state`;
    new Deno.Command("cp", { args: ["-r", kept.state, roomy] }).outputSync();
    const next = resume({ ...kept, state: roomy });
    const again = await next.waitForEvent("resumed");
    const client = await connectKv(again.listen[0] as string);
    const size = await client.dbSize();
    assert.ok(size === acknowledged || size === acknowledged + 1, `${size}`);
  },
);

privileged(
  "with --on-log-error continue a full disk stops nothing, and the run can't be resumed",
  async () => {
    const kept = { ...places(), state: `${smallDisk(1024)}/state` };
    const node = keep("kv", kept, {
      options: [...LISTEN, "--on-log-error", "continue"],
    });
    const { listen } = await node.waitForEvent("serving");
    assert.is(await fill(listen[0] as string, 1000), 1000);
    const { reason } = await node.waitForEvent("resumeOff");
    assert.match(reason, /no space left/);
    await destroy(node);
    await refuses(
      resume(kept),
      /its log could not be written to the end/,
      /--overwrite/,
    );
  },
);

privileged(
  "a directory on which a file system is mounted is refused before the program begins",
  async () => {
    await refuses(
      keep("tick", { ...places(), data: smallDisk(256) }),
      /a file system is mounted there/,
      /make a directory in it/,
    );
  },
);

test.run();
