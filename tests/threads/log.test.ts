/** What `replrt log`, `replrt diff` and `--trace` show of programs with threads. @module */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { decode } from "cbor-x";
import { Control } from "../../src/engine/message.ts";
import type { ThreadsWoken } from "../../src/wasi-intercept/messages.ts";
import { TABLE } from "../../src/wasi-intercept/table.ts";
import { codeOf } from "../failover/kit/cluster.ts";
import { guest, killNodes, startNode } from "../kit/node.ts";
import { removeDirs } from "../kit/place.ts";
import {
  diff,
  linesOf,
  log,
  read,
  unnumbered,
} from "../recording/kit/lines.ts";
import { Edited, type Placed } from "../recording/kit/edit.ts";
import { place, record } from "../recording/kit/runs.ts";
import { endOfBoth, startPair, told } from "./kit/pair.ts";

test.after(async () => {
  await killNodes();
  removeDirs();
});

/** The recording of five threads that all wait for something else, and its trace. */
let file: string, trace: string[];

test.before(async () => {
  const given = { stdin: "a\nb\n", options: ["--trace"] };
  const run = await record("overlap", given);
  file = run.file;
  trace = linesOf(run.stderr);
});

test("each line has its thread once there are several, and what happened to threads is said in words", async () => {
  const lines = linesOf((await log(file)).stdout);
  const made = lines.findIndex((line) => line.includes("threadCreate"));
  for (const line of lines.slice(0, made)) assert.not.match(line, /\[1\.\d\]/);
  for (const line of lines.slice(made)) assert.match(line, /^ *\d+ \[1\.\d\] /);
  const texts = lines.slice(made).map((line) => line.replace(/^ *\d+ /, ""));
  for (let tid = 2; tid <= 6; tid++) {
    const [first, ...rest] = texts.filter((text) =>
      text.startsWith(`[1.${tid}]`)
    );
    assert.is(first, `[1.${tid}] threadCreate: made by thread 1`);
    assert.is(rest.at(-1), `[1.${tid}] threadExit: it returned`);
  }
  const woken = texts.filter((text) => text.includes("threadsWoken"));
  assert.ok(woken.length >= 3);
  for (const text of woken) {
    assert.match(text, /^\[1\.0\] threadsWoken: (none|\d(, \d)*)$/);
  }
});

test("--thread shows what one thread did and what was done to it", async () => {
  const { stdout } = await log(file, "--thread", "4");
  assert.equal(
    linesOf(stdout).map((line) => /\[1\.4\] (\w+)/.exec(line)?.[1]),
    [
      "threadCreate",
      ...Array(3).fill(["poll_oneoff", "fd_write"]).flat(),
      "threadExit",
    ],
  );
});

test("--only takes the messages of threads by their names", async () => {
  const { stdout } = await log(file, "--only", "threadCreate,threadExit");
  const counts = ["threadCreate", "threadExit"].map((name) =>
    linesOf(stdout).filter((line) => line.includes(`${name}: `)).length
  );
  assert.equal(counts, [5, 5]);
  assert.is(linesOf(stdout).length, 10);
});

test("--json has the thread of each message, and what is in those of threads", async () => {
  const { stdout } = await log(file, "--json");
  const objects = linesOf(stdout).map((text) => JSON.parse(text));
  const made = objects.filter(({ control }) => control === "threadCreate");
  assert.equal(made.map(({ pid, tid }) => [pid, tid]), [
    ...[[1, 2], [1, 3], [1, 4], [1, 5], [1, 6]],
  ]);
  assert.equal(made[0].data, { parent: 1 });
  const woken = objects.filter(({ control }) => control === "threadsWoken");
  for (const { pid, tid, data } of woken) {
    assert.equal([pid, tid], [1, 0]);
    assert.ok(data.tids.every((tid: unknown) => typeof tid === "number"));
  }
  const reads = objects.filter(({ call }) => call === "fd_read");
  assert.equal(reads.map(({ tid }) => tid), reads.map(() => 2));
});

test("--stats counts the calls of all threads", async () => {
  const { stdout } = await log(file, "--stats", "--json");
  const calls = new Map<string, number>(
    linesOf(stdout).map((text) => JSON.parse(text))
      .map(({ call, calls }) => [call, calls]),
  );
  assert.equal(
    ["fd_write", "poll_oneoff", "fd_read"].map((name) => calls.get(name)),
    [11, 3, 2],
  );
});

const LOCAL = new Set(
  TABLE.filter(({ effect }) => effect === "local").map(({ name }) => name),
);

/** The calls of a trace that a log has. */
function logged(lines: readonly string[]): string[] {
  return lines.filter((line) => {
    const name = /^\[1\.\d\] ([a-z_]+)\(/.exec(line)?.[1];
    return name !== undefined && !LOCAL.has(name);
  });
}

test("a trace has each call of every thread once, when it returns, in the order of the log", () => {
  const calls = read(file).entries.filter(({ seen }) => seen);
  const texts = unnumbered(calls).map((text, i) =>
    `[1.${calls[i]!.tid}] ${text}`
  );
  assert.equal(logged(trace), texts);
});

test("a trace is the same on both nodes of a pair, and shows an exit by any thread once", async () => {
  const backupOptions = ["--trace"], options = ["--trace"];
  const args = ["other", "exit", "sleep"];
  const pair = await startPair("ends", { args, options, backupOptions });
  assert.is(await endOfBoth(pair), 7);
  const shown = [pair.primary, pair.backup].map(({ stderr }) =>
    stderr.filter((line) => line.startsWith('{"event":"call"'))
  );
  assert.equal(shown[1], shown[0]);
  const names = shown[0]!.map((line) => JSON.parse(line).call as string);
  const calls = read(pair.logs[0]).entries.filter(({ seen }) => seen);
  assert.equal(
    names.filter((name) => !LOCAL.has(name)),
    calls.map(({ seen }) => seen?.call.row.name),
  );
  assert.is(names.filter((name) => name === "proc_exit").length, 1);
});

test("two schedules are told apart by diff, with the threads around the first difference", async () => {
  const [one, two, again] = await Promise.all(
    ["1", "2", "1"].map((seed) =>
      record("turns", { options: ["--schedule-seed", seed] })
    ),
  );
  const different = await diff(one!.file, two!.file);
  assert.is(different.code, 1);
  const [schedules, title, ...lines] = linesOf(different.stdout);
  assert.match(
    schedules as string,
    /^the schedules differ: quantum \d+ with seed 1 and quantum \d+ with seed 2$/,
  );
  assert.match(title as string, "the program goes another way: ");
  for (const line of lines) assert.match(line, /^[-+ ] +\d+ \[1\.\d\] /);
  assert.is((await diff(one!.file, again!.file)).code, 0);
});

test("diff tells other threads woken by the world from another way of the program", async () => {
  const edited = new Edited(file);
  const woken = edited.messages().find(({ method, data }) =>
    method === Control.threadsWoken && wokenBy(data).length > 0
  ) as Placed;
  woken.data[woken.data.length - 1] = 6;
  const { code, stdout } = await diff(file, edited.save(place()));
  const lines = linesOf(stdout);
  assert.is(code, 1);
  assert.match(
    lines[0] as string,
    new RegExp(` part at message ${woken.seq}: other threads woken$`),
  );
  assert.match(lines[5] as string, /^\+ +\d+ \[1\.0\] threadsWoken: .*6$/);
  assert.is(
    lines.at(-1),
    "the program makes the same calls in both, to the end",
  );
});

/** The threads of a THREADS_WOKEN. */
function wokenBy(data: Uint8Array): readonly number[] {
  return (decode(data) as ThreadsWoken).tids;
}

test("a trace of a program with threads that runs alone has the calls of all, none twice", async () => {
  const node = startNode(["run", "--trace", guest("overlap")], {
    stdin: "a\n",
  });
  assert.is(await codeOf(node), 0);
  const threads = (call: string) =>
    node.stderr.flatMap((line) =>
      new RegExp(`^\\[1\\.(\\d)\\] ${call}\\(`).exec(line)?.[1] ?? []
    );
  const writes = threads("fd_write");
  assert.is(writes.length, node.stdout.split("\n").length - 1);
  assert.is(new Set(writes).size, 5);
  assert.equal(threads("poll_oneoff"), ["4", "4", "4"]);
});

test("a trace has the threads that begin and return as the log has them, alone, on a primary and on its backup", async () => {
  const args = ["30", "4"];
  const alone = startNode(["run", "--trace", guest("crowd"), "--", ...args]);
  assert.is(await codeOf(alone), 0, told(alone));
  const { primary, backup, logs } = await startPair("crowd", {
    ...{ args, options: ["--trace"], backupOptions: ["--trace"] },
  });
  await endOfBoth({ primary, backup, logs });
  const { stdout } = await log(logs[0], "--only", "threadCreate,threadExit");
  const logged = linesOf(stdout).map((line) => line.trim().split(/ (.*)/)[1]);
  assert.ok(logged.length > 100);
  for (const { stderr } of [alone, primary, backup]) {
    const shown = stderr.map(threadOf).filter((line) => line !== undefined);
    assert.equal(shown, logged);
  }
});

/** What a line of JSON status or of a trace says of a thread's begin or return. */
function threadOf(line: string): string | undefined {
  if (!line.startsWith("{")) return /^\[1\.\d+\] thread.*/.exec(line)?.[0];
  const { event, pid, tid, control, data } = JSON.parse(line);
  if (event !== "thread") return undefined;
  const what = data.parent ? `made by thread ${data.parent}` : "it returned";
  return `[${pid}.${tid}] ${control}: ${what}`;
}

test.run();
