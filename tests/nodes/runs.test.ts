import { test } from "uvu";
import * as assert from "uvu/assert";
import { connectKv, dropClients } from "../kit/kv.ts";
import { killNodes } from "../kit/node.ts";
import { freePort, removeDirs, tempDir } from "../kit/place.ts";
import {
  failureOf,
  launchPrimary,
  startBackup,
  startInSync,
  startPrimary,
  takeOver,
  within,
} from "./kit/nodes.ts";

test.after.each(async () => {
  dropClients();
  await killNodes();
  removeDirs();
});

const TICK = { args: ["50"] };
const LISTEN = ["--tcplisten", "127.0.0.1:0"];
/** A peer that gives no answer is asked for four time-outs. */
const BRIEF = ["--timeout", "1000"];

test("a state directory of another run is refused with the commands to use, and --overwrite moves it aside", async () => {
  const dir = `${tempDir()}/state`;
  const flags = ["--state-dir", dir];
  const { node } = await startPrimary("tick", { ...TICK, flags });
  node.kill("SIGKILL");
  await within(node.exit, "the end");
  const held = JSON.parse(Deno.readTextFileSync(`${dir}/run.json`)).run;
  const { code, message, next } = await failureOf(
    launchPrimary("tick", { ...TICK, flags }),
  );
  assert.is(code, 125);
  assert.match(
    message,
    `cannot use state directory ${dir}: it holds run ${held}`,
  );
  assert.match(next, "--peer HOST:PORT");
  assert.match(next, "--overwrite");
  const again = await startPrimary("tick", {
    ...TICK,
    flags: [...flags, "--overwrite"],
  });
  const { to } = await again.node.waitForEvent("moved");
  assert.match(to, new RegExp(`^${dir}\\.before-`));
  assert.is(JSON.parse(Deno.readTextFileSync(`${to}/run.json`)).run, held);
  assert.ok(Deno.statSync(`${to}/log`).size > 0);
});

test("a backup's state directory of another run is refused with the command to use", async () => {
  const dir = tempDir();
  const flags = ["--state-dir", dir];
  const old = await startPrimary("tick", { ...TICK, flags });
  old.node.kill("SIGKILL");
  await within(old.node.exit, "the end");
  const primary = await startPrimary("tick", TICK);
  const { code, message, next } = await failureOf(
    startBackup("tick", primary.bind, { flags }),
  );
  assert.is(code, 125);
  assert.match(message, "it holds run");
  assert.match(next, "--overwrite");
});

test("a backup starts again on its state directory of the same run", async () => {
  const flags = ["--state-dir", tempDir()];
  const primary = await startPrimary("tick", TICK);
  const first = await startInSync("tick", primary, { flags });
  first.kill("SIGKILL");
  await primary.node.waitForEvent("removed");
  const second = await startInSync("tick", primary, { flags });
  await takeOver(primary.node, second);
  await second.waitForOutput(/^tick \d+$/m);
});

test("a state directory that another process has is refused", async () => {
  const dir = tempDir();
  const flags = ["--state-dir", dir];
  const primary = await startPrimary("tick", { ...TICK, flags });
  const { code, message, next } = await failureOf(
    startBackup("tick", primary.bind, { flags }),
  );
  assert.is(code, 125);
  assert.match(message, `cannot use state directory ${dir}: another process`);
  assert.match(next, "give each node its own with --state-dir");
});

test("a state directory with something else's run.json is refused", async () => {
  const dir = tempDir();
  Deno.writeTextFileSync(`${dir}/run.json`, "{}");
  const { code, message } = await failureOf(
    launchPrimary("tick", { ...TICK, flags: ["--state-dir", dir] }),
  );
  assert.is(code, 125);
  assert.match(message, "run.json is not one of replrt");
});

test("a log and what is in it are private to the operator", async () => {
  const dir = `${tempDir()}/state`;
  await startPrimary("tick", { ...TICK, flags: ["--state-dir", dir] });
  assert.is((Deno.statSync(dir).mode as number) & 0o777, 0o700);
  for (const name of ["log", "run.json"]) {
    const { mode } = Deno.statSync(`${dir}/${name}`);
    assert.is((mode as number) & 0o777, 0o600, name);
  }
});

test("--peer where nobody is: the node starts the run", async () => {
  const peer = `127.0.0.1:${freePort()}`;
  const { node } = await startPrimary("tick", {
    ...TICK,
    flags: ["--peer", peer],
  });
  await node.waitForOutput(/^tick 2$/m);
});

test("--peer that is a backup without a run, and waits for this node: the node starts the run, the backup joins it", async () => {
  const [ours, theirs] = [freePort(), freePort()];
  const waiting = startBackup("tick", `127.0.0.1:${ours}`, {
    flags: ["--bind", `127.0.0.1:${theirs}`],
  });
  await within(answering(theirs), "the backup take connections");
  const { node } = await startPrimary("tick", {
    ...TICK,
    flags: [
      ...["--bind", `127.0.0.1:${ours}`, "--peer", `127.0.0.1:${theirs}`],
      ...BRIEF,
    ],
  });
  await waiting.waitForEvent("following");
  await node.waitForOutput(/^tick 2$/m);
});

test("--peer that is a primary of this program: the node follows it, and takes over", async () => {
  const primary = await startPrimary("kv", { flags: LISTEN });
  const second = launchPrimary("kv", {
    flags: [...LISTEN, "--peer", primary.bind],
  });
  await second.waitForEvent("following");
  await (await connectKv(primary.listen[0] as string)).set("a", "1");
  const [address = ""] = await takeOver(primary.node, second);
  assert.is(await (await connectKv(address)).get("a"), "1");
});

test("--peer that runs another module: both hashes are named", async () => {
  const primary = await startPrimary("tick", TICK);
  const { code, message } = await failureOf(
    launchPrimary("count", { flags: ["--peer", primary.bind] }),
  );
  assert.is(code, 125);
  assert.match(message, /it runs module [0-9a-f]{64}, not [0-9a-f]{64}/);
});

test("--peer that runs another run than the state directory holds is refused", async () => {
  const flags = ["--state-dir", tempDir()];
  const old = await startPrimary("tick", { ...TICK, flags });
  old.node.kill("SIGKILL");
  await within(old.node.exit, "the end");
  const primary = await startPrimary("tick", TICK);
  const { code, message } = await failureOf(
    launchPrimary("tick", {
      ...TICK,
      flags: [...flags, "--peer", primary.bind],
    }),
  );
  assert.is(code, 125);
  assert.match(message, /it runs another run than [0-9a-f]{32}/);
});

test("--peer that is a backup of a living primary: the node joins that primary", async () => {
  const primary = await startPrimary("tick", TICK);
  const backup = startBackup("tick", primary.bind);
  await backup.waitForEvent("following");
  const { peer } = await primary.node.waitForEvent("synced");
  const third = launchPrimary("tick", {
    flags: ["--peer", peer, "--timeout", "2500"],
  });
  const { address } = await third.waitForEvent("following");
  assert.is(address, primary.bind);
});

test("--peer without an answer: the node starts the run, but not with --degraded stop", async () => {
  const silent = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  try {
    const flags = ["--peer", `127.0.0.1:${silent.addr.port}`, ...BRIEF];
    const { message, next } = await failureOf(
      launchPrimary("tick", { flags: [...flags, "--degraded", "stop"] }),
    );
    assert.match(message, "gives no answer");
    assert.match(next, "before you start this node");
    await startPrimary("tick", { flags });
  } finally {
    silent.close();
  }
});

test("--peer that is joined: a missing directory is made, as for any backup", async () => {
  const primary = await startPrimary("tick", {
    flags: ["--dir", `${tempDir()}::/data`],
  });
  const copy = `${tempDir()}/missing`;
  const again = launchPrimary("tick", {
    flags: ["--dir", `${copy}::/data`, "--peer", primary.bind],
  });
  await again.waitForEvent("following");
  assert.ok(Deno.statSync(copy).isDirectory);
});

test("--peer that is no replrt is refused", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  void (async () => {
    for await (const conn of listener) {
      await conn.write(new TextEncoder().encode("SSH-2.0-x".repeat(10)));
    }
  })();
  const { code, message, next } = await failureOf(
    launchPrimary("tick", {
      ...TICK,
      flags: ["--peer", `127.0.0.1:${listener.addr.port}`],
    }),
  );
  listener.close();
  assert.is(code, 125);
  assert.match(message, "sent no valid frame");
  assert.match(next, "--peer");
});

/** Resolves when somebody takes connections at a port of this machine. */
async function answering(port: number): Promise<void> {
  for (;;) {
    try {
      return (await Deno.connect({ port })).close();
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

test.run();
