/** Runs that are kept in a state directory, killed, and resumed. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { codeOf, destroy, said } from "../failover/kit/cluster.ts";
import { connectKv, dropClients } from "../kit/kv.ts";
import { guest, killNodes, type RunningNode, startNode } from "../kit/node.ts";
import { listenAgain, removeDirs, tempDir, treeOf } from "../kit/place.ts";
import { Random } from "../kit/random.ts";
import { Resp } from "../failover/kit/resp.ts";
import {
  allLeft,
  endOf,
  joinLives,
  keep,
  type Kept,
  places,
  resume,
} from "./kit/kept.ts";

test.after.each(async () => {
  dropClients();
  await killNodes();
  removeDirs();
});

const LISTEN = ["--tcplisten", "127.0.0.1:0"];
const seed = Number(Deno.env.get("REPLAY") ?? Date.now() % 1_000_000);

/** What a program prints that nobody kills. */
async function printed(name: string, args: string[]): Promise<string> {
  const node = startNode([
    "run",
    "--dir",
    `${tempDir()}::/data`,
    guest(name),
    "--",
    ...args,
  ]);
  assert.is(await codeOf(node), 0, node.stderr.join("\n"));
  return node.stdout;
}

/** Kills a run at seeded random points, resumes it, lets it end; gives what its lives printed. */
async function killOften(
  name: string,
  kept: Kept,
  args: string[],
  kills: number,
): Promise<string[]> {
  console.log(`  replay: REPLAY=${seed}`);
  const random = new Random(seed);
  const lives: string[] = [];
  let node = keep(name, kept, { args });
  for (let i = 0; i < kills; i++) {
    await grown(kept, node);
    await new Promise((resolve) => setTimeout(resolve, random.below(60)));
    await destroy(node);
    lives.push(node.stdout);
    node = resume(kept);
  }
  assert.is(await codeOf(node), 0, node.stderr.join("\n"));
  return [...lives, node.stdout];
}

/** Resolves when a run has logged something new, or has ended. */
async function grown({ state }: Kept, node: RunningNode): Promise<void> {
  const size = () => {
    try {
      return endOf(`${state}/log`).next;
    } catch {
      return 0;
    }
  };
  let ended = false;
  node.exit.then(() => ended = true);
  const before = size();
  while (!ended && size() <= Math.max(before, 1)) {
    await new Promise((resolve) => setTimeout(resolve, 3));
  }
}

test("descriptors are restored with their numbers and offsets, however often the run is killed (wasmer 4787)", async () => {
  const kept = places();
  const args = ["/data", "4000"];
  const lives = await killOften("shared", kept, args, 4);
  const wanted = await printed("shared", args);
  assert.is(joinLives(lives) === wanted, true, "the lives don't fit together");
  assert.equal(Object.keys(treeOf(kept.data)), []);
});

test("a file grows line by line over kills, without a gap or a double", async () => {
  const kept = places();
  let node = keep("tick", kept, { args: ["3", "/data/lines"] });
  for (let life = 1; life <= 4; life++) {
    await node.waitForOutput(/(tick \d+\n){20}/);
    await destroy(node);
    node = resume(kept);
  }
  await node.waitForOutput(/(tick \d+\n){20}/);
  await destroy(node);
  const lines = treeOf(kept.data)["lines"]?.trimEnd().split("\n") ?? [];
  assert.ok(lines.length >= 60, `${lines.length} lines`);
  assert.equal(lines, lines.map((_, i) => `tick ${i + 1}`));
});

test("stdout is not printed twice: what the log says has left does not leave again (wasmer 5468)", async () => {
  const kept = places();
  const node = keep("tick", kept, { args: ["8000"] });
  await node.waitForOutput(/tick 1\n/);
  await allLeft(`${kept.state}/log`);
  await destroy(node);
  assert.is(node.stdout, "tick 1\n");
  const next = resume(kept);
  await next.waitForOutput(/tick 2\n/);
  assert.is(next.stdout, "tick 2\n");
});

test("a run that had ended is not run again, and ends with its exit code", async () => {
  const kept = places();
  const node = keep("args", kept, { args: ["7"] });
  const code = await codeOf(node);
  assert.is.not(code, 0);
  const before = treeOf(kept.state);
  const again = resume(kept);
  assert.is(await codeOf(again), code);
  assert.is((await again.waitForEvent("over")).code, code);
  assert.is(again.stdout, "");
  assert.equal(treeOf(kept.state), before);
});

test("dead sockets don't come back: clients of before are gone, and as many new ones are served (wasmer 4835)", async () => {
  const kept = places();
  const node = keep("kv", kept, { options: listenAgain() });
  const { listen } = await node.waitForEvent("serving");
  const clients = await Promise.all(
    Array.from({ length: 20 }, () => connectKv(listen[0] as string)),
  );
  await clients[0]?.set("key", "value");
  await destroy(node);
  dropClients();
  const next = resume(kept);
  const again = await next.waitForEvent("resumed");
  assert.equal(again.listen, listen);
  const client = await connectKv(listen[0] as string);
  assert.is(await client.get("key"), "value");
  assert.match(await client.info(), /connected_clients:1\r\n/);
  assert.not.ok(said(next, "divergence"));
});

test("an outcome that the host finished but the guest never saw does not diverge: executed and logged, or not logged (golem 3749)", async () => {
  const kept = places();
  const args = ["/data", "60"];
  const node = keep("shared", kept, { args });
  assert.is(await codeOf(node), 0, node.stderr.join("\n"));
  const log = `${kept.state}/log`;
  const whole = Deno.readFileSync(log);
  const { size } = endOf(log);
  const begun = firstFrame(whole);
  const random = new Random(seed);
  console.log(`  replay: REPLAY=${seed}`);
  for (let round = 0; round < 6; round++) {
    const end = begun + random.below(size - begun);
    Deno.writeFileSync(log, whole.subarray(0, end));
    Deno.writeTextFileSync(`${kept.data}/ahead`, `${round}`);
    const next = resume(kept);
    const code = await codeOf(next);
    assert.is(code, 0, `cut at ${end}: ${next.stderr.join("\n")}`);
    assert.ok(node.stdout.endsWith(next.stdout), `cut at ${end}`);
    assert.equal(Object.keys(treeOf(kept.data)), [], `cut at ${end}`);
  }
});

/** Where the frame behind message 0 begins. */
function firstFrame(log: Uint8Array): number {
  const view = new DataView(log.buffer, log.byteOffset);
  const module = Number(view.getBigUint64(40, true));
  const start = 64 + module;
  return start + view.getUint32(start + 4, true);
}

test("what stands in a directory's place and differs is moved aside, and said", async () => {
  const kept = places();
  const node = keep("tick", kept, { args: ["600000", "/data/lines"] });
  await node.waitForOutput(/tick 1\n/);
  await allLeft(`${kept.state}/log`);
  await destroy(node);
  await destroyed(resume(kept));
  assert.equal(names(kept), ["data", "state"]);
  Deno.writeTextFileSync(`${kept.data}/foreign`, "mine");
  const next = resume(kept);
  const { from, to } = await next.waitForEvent("moved");
  assert.is(from, Deno.realPathSync(kept.data));
  await next.waitForEvent("resumed");
  assert.equal(treeOf(to), { foreign: "mine", lines: "tick 1\n" });
  assert.equal(treeOf(kept.data), { lines: "tick 1\n" });
});

/** Kills a run once it has been resumed. */
async function destroyed(node: RunningNode): Promise<void> {
  await node.waitForEvent("resumed");
  await destroy(node);
}

function names({ state }: Kept): string[] {
  return [...Deno.readDirSync(`${state}/..`)].map(({ name }) => name).sort();
}

test("a run goes on elsewhere: other directories and addresses are given, the module is in the state directory", async () => {
  const kept = places();
  const module = `${tempDir()}/app.wasm`;
  Deno.copyFileSync(guest("kv"), module);
  const node = startNode([
    ...["run", "--json", "--state-dir", kept.state, ...LISTEN],
    ...["--dir", `${kept.data}::/data`, module, "--", "/data"],
  ]);
  const { listen } = await node.waitForEvent("serving");
  const client = await connectKv(listen[0] as string);
  await client.set("key", "value");
  await destroy(node);
  Deno.removeSync(module);
  const other = `${tempDir()}/other`;
  const next = resume(kept, ["--dir", `${other}::/data`, ...LISTEN]);
  const again = await next.waitForEvent("resumed");
  const mover = await connectKv(again.listen[0] as string);
  assert.is(await mover.get("key"), "value");
  assert.equal(Object.keys(treeOf(other)), Object.keys(treeOf(kept.data)));
});

/** A line of `clock`; a kill may cut one, at either life's end of it. */
const CLOCKS = /(?<=^|\n)monotonic (\d+) realtime (\d+)\n/g;

test("clocks go on without a jump back, over the time in which nobody ran", async () => {
  const kept = places();
  const [lines, kills] = [30_000, 2];
  const lives = await killOften("clock", kept, [`${lines}`], kills);
  const whole = lives.flatMap((life) => [...life.matchAll(CLOCKS)]);
  for (const clock of [1, 2]) {
    const all = [...new Set(whole.map((line) => BigInt(line[clock]!)))];
    assert.ok(all.length >= lines - kills, `${all.length}`);
    assert.ok(
      all.every((t, i) => i === 0 || t >= all[i - 1]!),
      `clock ${clock}`,
    );
  }
});

test("a resumed run answers a client that pipelines while it replays", async () => {
  const kept = places();
  const node = keep("kv", kept, { options: listenAgain() });
  const { listen } = await node.waitForEvent("serving");
  const first = await Resp.connect(listen[0] as string);
  await Promise.all(
    Array.from(
      { length: 500 },
      (_, i) => first.send("SET", `${i}`, "x".repeat(1000)),
    ),
  );
  await destroy(node);
  const next = resume(kept);
  await next.waitForEvent("resumed");
  const second = await Resp.connect(listen[0] as string);
  assert.is(await second.send("DBSIZE"), 500);
  second.close();
});

test.run();
