// timeout 600 s
/** What a replay shows, how far it goes, and what it says when it parts from its recording. @module */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { codeOf } from "../failover/kit/cluster.ts";
import { killNodes, startNode } from "../kit/node.ts";
import { removeDirs, tempDir } from "../kit/place.ts";
import { clock_time_get } from "../../src/wasi-intercept/clock.ts";
import { fd_write } from "../../src/wasi-intercept/fd_io.ts";
import { Edited } from "./kit/edit.ts";
import { type Ended, place, record, replay } from "./kit/runs.ts";

test.after.each(async () => {
  await killNodes();
  removeDirs();
});

/** The status events among the lines of a text. */
function eventsOf({ stderr }: Ended): Record<string, unknown>[] {
  return stderr.trimEnd().split("\n").map((line) => JSON.parse(line));
}

test("--until N stops after message N, wherever that is", async () => {
  const { file, stdout } = await record("count", { args: ["3"] });
  const messages = new Edited(file).messages();
  let shown = "";
  for (const { seq, method } of messages.slice(0, -1)) {
    const stopped = await replay(file, ["--until", `${seq}`, "--json"]);
    assert.is(stopped.code, 0, stopped.stderr);
    assert.equal(eventsOf(stopped), [{ event: "replayed", seq, reason: null }]);
    if (method === fd_write.id) shown = stdout.slice(0, shown.length + 7);
    assert.is(stopped.stdout, shown);
  }
  assert.is(shown, stdout);
});

test("--until the last message or beyond ends as the program did", async () => {
  const { file, stdout } = await record("args", { args: ["7"] });
  const last = new Edited(file).messages().length - 1;
  for (const until of [last, last + 1, 2 ** 31 - 1]) {
    const { code, ...told } = await replay(file, ["--until", `${until}`]);
    assert.equal([code, told.stdout, told.stderr], [7, stdout, ""]);
  }
});

test("--until says where it stopped", async () => {
  const { file } = await record("hello");
  const { code, stderr } = await replay(file, ["--until", "0"]);
  assert.equal([code, stderr], [0, "replrt: replayed to message 0\n"]);
});

test("--quiet shows nothing of the program, and ends as it did", async () => {
  const { file } = await record("args", { args: ["9"] });
  const { code, stdout, stderr } = await replay(file, ["--quiet"]);
  assert.equal([code, stdout, stderr], [9, "", ""]);
});

test("--quiet goes through more output than any queue holds", async () => {
  const { file } = await record("flood", { args: [`${20 << 20}`] });
  assert.equal(await replay(file, ["--quiet"]), {
    ...{ code: 0, stdout: "", stderr: "" },
  });
});

test("--json says how the program ended", async () => {
  const [well, badly] = [await record("args"), await record("trap")];
  const ends = await Promise.all(
    [well, badly].map(({ file }) => replay(file, ["--json"])),
  );
  assert.equal(eventsOf(ends[0]!), [
    { event: "ended", code: 0, trap: null, frames: [] },
  ]);
  const [end] = eventsOf(ends[1]!);
  assert.equal(
    [end?.event, end?.code, end?.trap],
    ["ended", 134, "unreachable"],
  );
  assert.match((end?.frames as string[])[0]!, /^inner /);
  assert.is(ends[1]!.code, 134);
});

const HOUR_NS = 3_600_000_000_000n;

test("--speed real takes as long as the run did", async () => {
  const { file, stdout } = await record("count", { args: ["6", "200"] });
  const start = performance.now();
  const { code, ...told } = await replay(file, ["--speed", "real"]);
  const took = performance.now() - start;
  assert.equal([code, told.stdout], [0, stdout]);
  assert.ok(took >= 800, `${took} ms`);
});

test("--speed fast does not wait: a run of many hours ends", async () => {
  const { file, stdout } = await record("count", { args: ["6", "50"] });
  const edited = new Edited(file);
  edited.spread(HOUR_NS);
  const slow = edited.save(place());
  const waiting = startNode(["replay", slow, "--speed", "real"]);
  for (const options of [[], ["--speed", "fast"]]) {
    const { code, ...told } = await replay(slow, options);
    assert.equal([code, told.stdout], [0, stdout], told.stderr);
  }
  assert.not.match(waiting.stdout, /line 6\n/);
});

test("--speed real shows each line when it comes, not all at the end", async () => {
  const { file } = await record("count", { args: ["100", "100"] });
  const node = startNode(["replay", file, "--speed", "real"]);
  await node.waitForOutput(/line 2\n/);
  assert.not.match(node.stdout, /line 100\n/);
});

/** A recording of `clock` whose n-th reading says something else. */
async function changedClock(n: number) {
  const { file, stdout } = await record("clock", { args: ["4"] });
  const edited = new Edited(file);
  const readings = edited.messages()
    .filter(({ method }) => method === clock_time_get.id);
  const { data } = readings[n]!;
  data[data.length - 2]! ^= 1;
  return { file: edited.save(place()), stdout, messages: edited.messages() };
}

test("a replay that parts from its recording ends with 123 and a report of the first call that differs", async () => {
  const { file, stdout, messages } = await changedClock(3);
  const first = messages.findIndex(({ method }) => method === fd_write.id);
  const { code, ...told } = await replay(file);
  assert.is(code, 123, told.stderr);
  assert.ok(stdout.startsWith(told.stdout));
  const [head, recorded, replayed, , ...calls] = told.stderr.split("\n");
  const seq = Number(
    /^replrt: divergence at message (\d+): the log has /
      .exec(head!)?.[1],
  );
  assert.is(messages[seq]?.method, fd_write.id, told.stderr);
  assert.ok(seq >= first);
  assert.match(
    recorded!,
    /^ {2}recorded: fd_write\(fd=1.*with other contents$/,
  );
  assert.match(replayed!, /^ {2}replayed: fd_write\(fd=1/);
  assert.match(calls.at(-2)!, new RegExp(`^ +${seq - 1} `));
});

test("what a program showed before it parted from its recording is shown", async () => {
  const { file, stdout } = await record("count", { args: ["3"] });
  const edited = new Edited(file);
  const writes = edited.messages()
    .filter(({ method }) => method === fd_write.id);
  edited.bytes[writes[2]!.at + 24]! ^= 1;
  const { code, ...told } = await replay(edited.save(place()), ["--json"]);
  assert.is(code, 123, told.stderr);
  assert.is(told.stdout, stdout.slice(0, 14));
  const [{ event, report }] = eventsOf({ code, ...told }) as unknown as [
    { event: string; report: { seq: number; replayed: string } },
  ];
  assert.equal([event, report.seq], ["divergence", writes[2]!.seq]);
  assert.match(report.replayed, /^fd_write\(/);
});

test("a log whose messages were left out or swapped is a divergence", async () => {
  const { file } = await record("clock", { args: ["2"] });
  const calls = new Edited(file).messages().slice(1, -1);
  for (const { at, seq } of calls) {
    const edited = new Edited(file);
    edited.bytes[at + 5]! ^= 0x40;
    const { code, stderr } = await replay(edited.save(place()));
    assert.is(code, 123, stderr);
    assert.match(stderr, `divergence at message ${seq}`);
  }
});

test("a reader that goes away ends a replay quietly", async () => {
  const { file } = await record("flood", { args: [`${4 << 20}`] });
  const { code, stdout, stderr } = await new Deno.Command("sh", {
    args: ["-c", `./replrt replay ${file} | head -c 10`],
    env: { REPLRT_DENO: Deno.execPath(), NO_COLOR: "1" },
    cwd: new URL("../..", import.meta.url).pathname,
  }).output();
  const text = new TextDecoder();
  assert.is(code, 0);
  assert.is(text.decode(stdout), "aaaaaaaaaa");
  assert.is(text.decode(stderr), "");
});

test("a reader that takes nothing for a while gets all of it, and the replay's memory stays small", async () => {
  const size = 300 << 20;
  const { file } = await record("flood", { args: [`${size}`] });
  const child = new Deno.Command("./replrt", {
    args: ["replay", file],
    cwd: new URL("../..", import.meta.url).pathname,
    env: { REPLRT_DENO: Deno.execPath(), NO_COLOR: "1", TMPDIR: tempDir() },
    stdout: "piped",
    stdin: "null",
  }).spawn();
  const reader = child.stdout.getReader();
  let bytes = (await reader.read()).value!.length;
  await settled(child.pid);
  const grown = residentOf(child.pid);
  for (;;) {
    const { value } = await reader.read();
    if (value === undefined) break;
    bytes += value.length;
  }
  assert.is((await child.status).code, 0);
  assert.is(bytes, size);
  assert.ok(grown < 220 << 20, `${grown >> 20} MiB`);
});

/** Resolves when a process does nothing more but look now and then. */
async function settled(pid: number): Promise<void> {
  const ticks = () =>
    Number(Deno.readTextFileSync(`/proc/${pid}/stat`).split(" ")[13]);
  for (let before = -1, now = ticks(); now > before + 3; now = ticks()) {
    before = now;
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
}

function residentOf(pid: number): number {
  const status = Deno.readTextFileSync(`/proc/${pid}/status`);
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1024;
}

test("two replays of one recording at once don't disturb each other", async () => {
  const { file, stdout } = await record("clock", { args: ["2000"] });
  const both = await Promise.all([replay(file), replay(file)]);
  for (const { code, ...told } of both) {
    assert.equal([code, told.stdout, told.stderr], [0, stdout, ""]);
  }
});

test("a recording of a run that goes on is replayed as far as it is", async () => {
  const file = place();
  const node = startNode([
    ...["record", "-o", file],
    ...[new URL("../../guests/dist/count.wasm", import.meta.url).pathname],
    ...["--", "100000", "10"],
  ]);
  await node.waitForOutput(/line 5\n/);
  const { code, stdout, stderr } = await replay(file);
  assert.is(code, 125);
  assert.match(stdout, /^line 1\nline 2\nline 3\nline 4\nline 5\n/);
  assert.match(stderr, "it was cut after message");
  node.kill("SIGTERM");
  assert.is(await codeOf(node), 143);
});

test.run();
