// timeout 800 s
/** `replrt check --schedules` finds out whether the output of a program depends on the order of its threads. @module */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { join } from "node:path/posix";
import { RUN_DEFAULTS } from "../../src/runtime/options.ts";
import { recordRun, type Run } from "../../src/runtime/recording/check/run.ts";
import { trySchedules } from "../../src/runtime/recording/check/schedules.ts";
import type { Difference } from "../../src/runtime/recording/check/verdict.ts";
import { guest, killNodes, startNode } from "../kit/node.ts";
import { removeDirs, tempDir } from "../kit/place.ts";
import { check, checkOf, differing, report } from "./kit/check.ts";
import { ended, replay } from "./kit/runs.ts";

const SCHEDULES = ["--runs", "1", "--schedules", "20"];
const WAITS = "thread \\d waits for the word at 0x[0-9a-f]+";
const DEADLOCK = `deadlock: ${WAITS}, ${WAITS}, ${WAITS}`;

test.after.each(async () => {
  await killNodes();
  removeDirs();
});

/** Checks `schedules` in a mode, in a directory of its own. */
async function scheduled(mode: string, options: readonly string[] = []) {
  const cwd = tempDir();
  const given = { options: [...SCHEDULES, ...options], cwd };
  const found = await report(["schedules", mode], given);
  return { cwd, found, schedules: checkOf(found, "schedules") };
}

/** Both sides of a difference, by their seeds. */
function sidesOf(
  { one, other, stacks = [[], []] }: Difference,
  seeds: readonly number[],
) {
  return [one, other].map((text, i) => ({
    text,
    seed: seeds[i],
    stack: stacks[i as 0 | 1],
  }));
}

test("a lost update is found, with two seeds and a recording of each that replays it", async () => {
  const { cwd, found, schedules } = await scheduled("lost");
  assert.is(found.code, 1);
  assert.equal(differing(found), ["schedules"]);
  const [{ what, one = "", other = "" } = {}] = schedules.differences;
  assert.is(what, "stdout");
  const { seeds, recordings } = schedules;
  assert.is(seeds?.[0], 1);
  assert.equal(recordings, seeds?.map((seed) => `schedules.seed-${seed}.rlog`));
  for (const [i, text] of [one, other].entries()) {
    const file = join(cwd, recordings?.[i] ?? "");
    assert.is((Deno.statSync(file).mode ?? 0) & 0o777, 0o600);
    const again = await replay(file);
    assert.is(again.code, 0, again.stderr);
    assert.is(JSON.stringify(again.stdout), text);
  }
});

test("a deadlock is found with what each thread waits for and its stack, and replays", async () => {
  const { cwd, found, schedules } = await scheduled("deadlock");
  assert.is(found.code, 1);
  const { differences, seeds, recordings } = schedules;
  const end = differences.find(({ what }) => what === "end") as Difference;
  const sides = sidesOf(end, seeds ?? []);
  const at = sides.findIndex(({ text }) => text.startsWith("trap: deadlock"));
  const { text = "", stack = [] } = sides[at] ?? {};
  assert.match(text, new RegExp(`^trap: ${DEADLOCK}$`));
  for (const thread of [2, 3]) {
    const frames = stack.filter((frame) =>
      frame.startsWith(`thread ${thread}:`)
    );
    for (const name of ["lock", "locked", "wasi_thread_start"]) {
      const line = new RegExp(`^thread ${thread}: ${name} \\(0x[0-9a-f]+\\)$`);
      assert.ok(frames.some((frame) => line.test(frame)), frames.join("\n"));
    }
  }
  assert.equal(sides[1 - at]?.stack, []);
  const again = await replay(join(cwd, recordings?.[at] ?? ""));
  assert.is(again.code, 134);
  assert.match(again.stderr, new RegExp(DEADLOCK));
});

test("the table names the seed that ends in a deadlock, its stacks, and how to see both again", async () => {
  const options = [...SCHEDULES, "--schedules", "40"];
  const cwd = tempDir();
  const { stdout } = await check(["schedules", "deadlock"], { options, cwd });
  assert.match(
    stdout,
    /schedules +DIFFERS +the order of threads reaches the output: stdout at byte 0, end; seed \d+ ends in a deadlock\n/,
  );
  assert.match(stdout, new RegExp(`  seed \\d+ +trap: ${DEADLOCK}\n`));
  assert.match(stdout, /\n +thread 3: lock \(0x/);
  assert.match(
    stdout,
    /replrt replay schedules\.seed-1\.rlog\n.*replrt replay schedules\.seed-\d+\.rlog\n$/,
  );
});

test("a program that locks as it should passes all schedules, and nothing is kept", async () => {
  const { cwd, found, schedules } = await scheduled("correct");
  assert.is(found.code, 0);
  assert.is(schedules.outcome, "equal");
  assert.is(schedules.runs, 20);
  assert.equal([schedules.seeds, schedules.recordings], [null, null]);
  assert.equal([...Deno.readDirSync(cwd)], []);
});

test("a recording says the seed and the quantum, and takes the place of an older one", async () => {
  const cwd = tempDir();
  for (const quantum of ["1000", "900"]) {
    const given = { options: [...SCHEDULES, "--quantum", quantum], cwd };
    assert.is((await report(["schedules", "lost"], given)).code, 1);
    const file = join(cwd, "schedules.seed-1.rlog");
    const log = await ended(startNode(["log", "--to", "0", file]));
    assert.match(log.stdout, `quantum ${quantum}; schedule seed 1;`);
  }
});

test("a file that is no recording stays, and ends the check with the reason", async () => {
  const cwd = tempDir();
  const file = join(cwd, "schedules.seed-1.rlog");
  Deno.writeTextFileSync(file, "mine");
  const given = { options: SCHEDULES, cwd };
  const { code, stderr } = await check(["schedules", "lost"], given);
  assert.is(code, 125);
  assert.match(stderr, "cannot record to schedules.seed-1.rlog: something");
  assert.match(stderr, "move that away");
  assert.is(Deno.readTextFileSync(file), "mine");
});

test("a program without threads has no schedules", async () => {
  const { code, stderr } = await check(["hello"], { options: SCHEDULES });
  assert.is(code, 125);
  assert.match(stderr, /cannot use --schedules: \S+hello\.wasm has no threads/);
});

test("a run that does not end under a schedule is told with its seed", async () => {
  const common = { place: tempDir(), stdin: "/dev/null", timeoutMs: 1000 };
  const options = {
    ...{ ...RUN_DEFAULTS, module: guest("turns"), args: ["2000000000"] },
    ...{ env: [], dirs: [], tcpListen: [], scheduleSeed: 3 },
  };
  let message = "";
  await recordRun(common, "run", options, { other: null }).catch(
    (error: Error) => message = error.message,
  );
  assert.match(message, "a run of it with schedule seed 3 has not ended");
});

test("what a seed does not give twice is not the schedule's doing", async () => {
  const seeds: number[] = [];
  const verdict = await trySchedules({
    ...{ module: "app.wasm", count: 9 },
    run: (seed) => {
      seeds.push(seed);
      const ends = { kind: "exit", code: seeds.length } as const;
      return Promise.resolve<Run>({
        ...{ place: tempDir(), recording: "", stdout: "", stderr: "" },
        result: { kind: "ended", end: ends, memory: "" },
        ...{ dirs: [], ms: 1 },
      });
    },
    compare: () => [{ what: "end", one: "1", other: "2" }],
  });
  assert.equal(seeds, [1, 2, 2]);
  assert.is(verdict.outcome, "skipped");
  assert.equal(verdict.seeds, [1, 2]);
  assert.equal([verdict.differences, verdict.recordings], [[], undefined]);
});

test.run();
