/** Recordings of killed programs that go on live. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { runTag } from "../../src/engine/epoch.ts";
import { encodeFrame } from "../../src/engine/frame.ts";
import { LogHeader } from "../../src/engine/log.ts";
import { stampBytes } from "../../src/runtime/clocks.ts";
import { Recording } from "../../src/runtime/recording/recording.ts";
import {
  codeOf,
  destroy,
  errorOf,
  startBackup,
  startPrimary,
} from "../failover/kit/cluster.ts";
import { connectKv, dropClients } from "../kit/kv.ts";
import { guest, killNodes, type RunningNode, startNode } from "../kit/node.ts";
import { removeDirs, tempDir, treeOf } from "../kit/place.ts";
import { Random } from "../kit/random.ts";
import { allLeft, keep, places } from "./kit/kept.ts";
import { place, record, replay, startRecord } from "./kit/runs.ts";

test.after.each(async () => {
  dropClients();
  await killNodes();
  removeDirs();
});

const LISTEN = ["--tcplisten", "127.0.0.1:0"];
const seed = Number(Deno.env.get("REPLAY") ?? Date.now() % 1_000_000);

/** Goes on live with a recording. */
function live(file: string, options: readonly string[] = []): RunningNode {
  return startNode(["replay", file, "--live", "--json", ...options]);
}

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

/** A recording of `tick` that was killed when its first line had left. */
async function killed(args: readonly string[] = ["600000"]): Promise<string> {
  const file = place();
  const node = startRecord(guest("tick"), file, { args });
  await node.waitForOutput(/tick 1\n/);
  await allLeft(file);
  await destroy(node);
  return file;
}

test("a recorded server goes on with its state, its directory and its sockets, and is recorded further", async () => {
  const file = place();
  const dir = ["--dir", `${tempDir()}::/data`];
  const given = { args: ["/data"], options: [...dir, ...LISTEN, "--json"] };
  let node = startRecord(guest("kv"), file, given);
  let { listen } = await node.waitForEvent("serving") as { listen: string[] };
  for (let life = 1; life <= 3; life++) {
    const client = await connectKv(listen[0] as string);
    await client.set(`life ${life}`, "kept");
    await destroy(node);
    node = live(file, [...dir, ...LISTEN]);
    const { epoch, listen: again } = await node.waitForEvent("resumed");
    assert.is(epoch, life + 1);
    const other = await connectKv(again[0] as string);
    assert.is(await other.dbSize(), life);
    assert.match(await other.info(), /connected_clients:1\r\n/);
    listen = again;
  }
  await destroy(node);
  const fresh = startNode([
    ...["run", "--json", ...dir, ...LISTEN, guest("kv"), "--", "/data"],
  ]);
  const { listen: last } = await fresh.waitForEvent("serving");
  const client = await connectKv(last[0] as string);
  assert.is(await client.dbSize(), 3);
  const replayed = await replay(file);
  assert.match(
    replayed.stderr,
    /it was cut|cannot replay .* to the program's end/,
  );
  assert.not.match(replayed.stderr, /divergence/);
});

test("killed at any time, a program goes on from the last whole message, and the end of its file is cut off", async () => {
  console.log(`  replay: REPLAY=${seed}`);
  const random = new Random(seed);
  const file = place();
  const dir = tempDir();
  let node = startRecord(guest("tick"), file, {
    args: ["3", "/data/lines"],
    options: ["--dir", `${dir}::/data`],
  });
  for (let life = 0; life < 4; life++) {
    await node.waitForOutput(/(tick \d+\n){10}/);
    await new Promise((resolve) => setTimeout(resolve, random.below(30)));
    await destroy(node);
    Deno.writeFileSync(file, random.bytes(random.below(100)), { append: true });
    node = live(file, ["--dir", `${dir}::/data`]);
  }
  await node.waitForOutput(/(tick \d+\n){10}/);
  await destroy(node);
  const numbers = [
    ...(treeOf(dir)["lines"] as string).matchAll(/tick (\d+)\n/g),
  ]
    .map(([, n]) => Number(n));
  const doubles = numbers.filter((n, i) => i > 0 && n === numbers[i - 1]);
  assert.ok(numbers.length > 30 && doubles.length <= 4, `${doubles}`);
  assert.equal(
    [...new Set(numbers)],
    Array.from({ length: numbers.at(-1) as number }, (_, i) => i + 1),
  );
});

test("stdout is not printed twice by a recording that goes on", async () => {
  const file = await killed(["8000"]);
  const node = live(file);
  await node.waitForOutput(/tick 2\n/);
  assert.is(node.stdout, "tick 2\n");
});

test("of a program that had ended only what may not have left is printed, once", async () => {
  const { file, code } = await record("args", { args: ["7"] });
  const over = live(file);
  assert.is(await codeOf(over), code);
  assert.is((await over.waitForEvent("over")).code, code);
  assert.is(over.stdout, "");
  const { stdout } = await replay(file);
  forget(file);
  const again = live(file);
  assert.is(await codeOf(again), code);
  assert.is(again.stdout, stdout);
  const third = live(file);
  assert.is(await codeOf(third), code);
  assert.is(third.stdout, "");
});

/** Makes a recording not know of any output that it has left. */
function forget(file: string): void {
  const recording = Recording.open(file);
  const run = runTag(recording.run);
  const frames = [...recording.frames()].map(({ batch, clocks }) => {
    const epoch = { number: 1, node: 0 };
    const envelope = { run, epoch, clocks: stampBytes(clocks) };
    return encodeFrame(envelope, { kind: "data", batch, released: 0 });
  });
  const head = Deno.readFileSync(file).subarray(0, LogHeader.size);
  Deno.writeFileSync(file, head);
  for (const frame of frames) Deno.writeFileSync(file, frame, { append: true });
}

test("a directory that is not given is named, and so is one that the program did not have", async () => {
  const file = place();
  const node = startRecord(guest("tick"), file, {
    args: ["600000", "/data/lines"],
    dirs: ["/data"],
  });
  await node.waitForOutput(/tick 1\n/);
  await destroy(node);
  await refuses(
    live(file),
    /had the directory \/data, and it is not given/,
    /--dir HOST::\/data/,
  );
  await refuses(
    live(file, ["--dir", `${tempDir()}::/other`]),
    /the program had no directory of that name/,
    /it had: --dir HOST::\/data/,
  );
});

test("a recording that is being made, or goes on already, is refused", async () => {
  const file = place();
  const node = startRecord(guest("tick"), file, { args: ["600000"] });
  await node.waitForOutput(/tick 1\n/);
  const message = /another process records to it/;
  await refuses(live(file), message, /wait until that has ended/);
  await destroy(node);
  const next = live(file);
  await next.waitForEvent("resumed");
  await refuses(live(file), message, /wait until that has ended/);
});

test("what does not suit a recording that goes on is refused with what to do", async () => {
  const file = await killed();
  for (const option of [["--until", "3"], ["--speed", "real"], ["--quiet"]]) {
    const node = live(file, option);
    assert.is(await codeOf(node), 125);
    await node.waitFor(new RegExp(`cannot use ${option[0]} with --live`));
  }
  const plain = startNode(["replay", file, ...LISTEN]);
  assert.is(await codeOf(plain), 125);
  await plain.waitFor(/cannot use --tcplisten without --live/);
  await refuses(
    live(file, LISTEN),
    /0 listening sockets, and 1 are given/,
    /leave/,
  );
});

test("the log of a state directory goes on by resume, that of a run with backups not at all", async () => {
  const kept = places();
  const node = keep("tick", kept, { args: ["600000"] });
  await node.waitForOutput(/tick 1\n/);
  await destroy(node);
  await refuses(
    live(`${kept.state}/log`),
    /directories are not in it/,
    /replrt resume DIR/,
  );
  const state = `${tempDir()}/state`;
  const options = ["--state-dir", state];
  const primary = await startPrimary("tick", { args: ["600000"], options });
  const backup = startBackup("tick", primary.bind);
  await primary.node.waitForEvent("synced");
  await destroy(backup);
  await destroy(primary.node);
  await refuses(
    live(`${state}/log`),
    /the run had backups/,
    /--peer HOST:PORT/,
  );
});

test.run();
