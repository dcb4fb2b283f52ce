/** What `replrt check` reports: the table, JSON, JUnit XML, GitHub's annotations, exit codes, errors. @module */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { join } from "node:path/posix";
import { annotationsOf, junitOf } from "../../src/cli/check_report.ts";
import { tableOf } from "../../src/cli/check_text.ts";
import { compareRuns } from "../../src/runtime/recording/check/compare.ts";
import type { Run } from "../../src/runtime/recording/check/run.ts";
import type {
  CheckResult,
  Verdict,
} from "../../src/runtime/recording/check/verdict.ts";
import { killNodes } from "../kit/node.ts";
import { removeDirs, tempDir } from "../kit/place.ts";
import { check, type Checked, checkOf, report } from "./kit/check.ts";
import { type Element, parseXml } from "./kit/xml.ts";

const ROOT = join(import.meta.dirname as string, "../..");

test.after.each(async () => {
  await killNodes();
  removeDirs();
});

/** Two runs that say all that is hard to write into a report. */
const HARD = '<&>"\u0001%\r\n::error::]]>\ufffe';

const VERDICTS: readonly Verdict[] = [
  {
    ...{ name: "runs", outcome: "differs", runs: 2, ms: 1234.5 },
    differences: [{ what: "stdout", offset: 5, one: HARD, other: "other" }],
    call: { seq: 3, one: "random_get()", other: HARD, learnt: true },
  },
  {
    ...{ name: "fixed", outcome: "equal", runs: 2, ms: 10 },
    ...{ differences: [], call: undefined },
  },
  {
    ...{ name: "clock", outcome: "skipped", runs: 0, ms: 0 },
    ...{ differences: [], call: undefined },
  },
];
const LOCKED: Verdict = {
  ...{ name: "schedules", outcome: "differs", runs: 7, ms: 20 },
  differences: [{
    ...{ what: "end", one: "exit code 0", other: "trap: deadlock: both wait" },
    stacks: [[], Array.from({ length: 50 }, (_, i) => `thread 2: f${i} (0x1)`)],
  }],
  ...{ call: undefined, seeds: [1, 7] },
  recordings: ["app.seed-1.rlog", "app.seed-7.rlog"],
};
const RESULT: CheckResult = {
  module: `a:b,c${HARD}`,
  deterministic: false,
  verdicts: VERDICTS,
};

function testsOf(root: Element): readonly Element[] {
  const [suite] = root.children;
  assert.is(suite?.name, "testsuite");
  return suite?.children ?? [];
}

/** A run whose outputs and memory are these. */
function runOf(stdout: string, memory: string, reason?: string): Run {
  const place = tempDir();
  Deno.writeTextFileSync(`${place}/stdout`, stdout);
  Deno.writeTextFileSync(`${place}/stderr`, "");
  const end = reason === undefined
    ? { kind: "exit", code: 0 } as const
    : { kind: "trap", reason, frames: [] } as const;
  return {
    ...{ place, recording: "", dirs: [], ms: 0 },
    ...{ stdout: `${place}/stdout`, stderr: `${place}/stderr` },
    result: { kind: "ended", end, memory },
  };
}

test("JUnit XML is well-formed whatever the program printed, and has a test a check", () => {
  const root = parseXml(junitOf(RESULT));
  assert.is(root.name, "testsuites");
  const { tests, failures, errors, skipped } = root.attributes;
  assert.equal([tests, failures, errors, skipped], ["3", "1", "0", "1"]);
  const [runs, fixed, clock] = testsOf(root);
  assert.is(runs?.attributes.name, "runs");
  assert.is(runs?.attributes.time, "1.234");
  const [failure] = runs?.children ?? [];
  assert.is(failure?.name, "failure");
  assert.match(failure?.attributes.message ?? "", "stdout at byte 5");
  assert.match(failure?.text ?? "", "::error::]]>");
  assert.equal(fixed?.children, []);
  assert.is(clock?.children[0]?.name, "skipped");
});

test("an annotation is one line, and the program can't make another", () => {
  const [line = "", ...rest] = annotationsOf(RESULT).split("\n");
  assert.equal(rest, [""]);
  assert.match(line, /^::error title=replrt check a%3Ab%2Cc[^:,]*%3A runs::/);
  assert.match(line, "%25%0D%0A::error");
});

test("two outputs differ at the byte where the shorter one ends", () => {
  const long = "x".repeat(70_000);
  const [difference, ...more] = compareRuns(
    ...[runOf(long, "m"), runOf(`${long}y`, "m")] as const,
    [],
  );
  assert.equal(more, []);
  assert.is(difference?.offset, 70_000);
  assert.is(difference?.one, `..."${"x".repeat(16)}"`);
  assert.is(difference?.other, `..."${"x".repeat(16)}y"`);
});

test("memory is compared, but not after the stack was exhausted", () => {
  const memory = compareRuns(runOf("", "a"), runOf("", "b"), []);
  assert.equal(memory, [{ what: "memory", one: "a", other: "b" }]);
  const reason = "call stack exhausted";
  const runs = [runOf("", "a", reason), runOf("", "b", reason)] as const;
  assert.equal(compareRuns(...runs, []), []);
});

test("a replay with another memory fails the check, runs with another one do not", () => {
  const difference = { what: "memory", one: "a", other: "b" } as const;
  const verdict = { differences: [difference], call: undefined };
  const replay: Verdict = {
    ...{ name: "replay", outcome: "differs", runs: 2, ms: 0 },
    ...verdict,
  };
  const text = tableOf({ ...RESULT, verdicts: [replay] }, false);
  assert.match(text, "a replay is not what was recorded: memory");
});

test("a deadlock is named with its seed, a stack of bounded length, and how to see both runs again", () => {
  const text = tableOf({ ...RESULT, verdicts: [LOCKED] }, false);
  assert.match(
    text,
    "schedules  DIFFERS  the order of threads reaches the output: end; seed 7 ends in a deadlock\n",
  );
  const frames = text.split("\n").filter((line) => / thread 2: f/.test(line));
  assert.is(frames.length, 40);
  assert.match(text, "… and 10 more");
  assert.match(text, /seed 1 +exit code 0\n +seed 7 +trap: deadlock/);
  for (const file of LOCKED.recordings ?? []) {
    assert.match(text, `  replrt replay ${file}\n`);
  }
});

test("JUnit and annotations have the stacks of a deadlock and the recordings too", () => {
  const result = { ...RESULT, verdicts: [LOCKED] };
  const [junit] = testsOf(parseXml(junitOf(result)))[0]?.children ?? [];
  assert.is(junit?.attributes.type, "schedules");
  for (const text of [junit?.text ?? "", annotationsOf(result)]) {
    assert.match(text, "thread 2: f39 (0x1)");
    assert.match(text, "replrt replay app.seed-7.rlog");
  }
});

test("a seed that does not give the same twice is said to be no fault of the schedule", () => {
  const skipped: Verdict = {
    ...{ name: "schedules", outcome: "skipped", runs: 7, ms: 20 },
    ...{ differences: [], call: undefined, seeds: [1, 7] },
  };
  const text = tableOf({ ...RESULT, verdicts: [skipped] }, false);
  assert.match(
    text,
    "skipped  runs with seed 7 differ already, so that the schedule is not to blame",
  );
});

test("the table is plain where nobody sees colours", () => {
  assert.not.match(tableOf(RESULT, false), "\x1b");
  assert.match(tableOf(RESULT, true), "\x1b[31mDIFFERS");
});

test("the table names the source and both sides of the first byte that differs", async () => {
  const { code, stdout, stderr } = await check(["random"], {
    options: ["--perturb", "random", "--runs", "1"],
    env: { GITHUB_ACTIONS: "" },
  });
  assert.is(code, 1);
  assert.is(stderr, "");
  assert.match(stdout, /^\S+random\.wasm: not deterministic\n/);
  assert.match(stdout, /random +DIFFERS +random bytes reach the output/);
  assert.match(stdout, /fixed +"[0-9a-f]{16}"\.\.\.\n +other bytes +"/);
  assert.match(stdout, "the first call that differs is message 1");
});

test("JSON has the fields that README.md names, JUnit and annotations go beside it", async () => {
  const junit = join(tempDir(), "report.xml");
  const options = ["--perturb", "clock", "--junit", junit];
  const env = { GITHUB_ACTIONS: "true" };
  const found = await report(["clock"], { options, env });
  assert.is(found.code, 1);
  const readme = Deno.readTextFileSync(join(ROOT, "README.md"));
  const { code: _, ...top } = found;
  const { call } = checkOf(found, "clock");
  const [difference] = checkOf(found, "clock").differences;
  const [locked] = LOCKED.differences;
  for (const object of [top, found.checks[0], call, difference, locked]) {
    for (const field of Object.keys(object ?? {})) {
      assert.match(readme, `\`${field}\``);
    }
  }
  for (const item of found.checks) {
    assert.equal(Object.keys(item), [
      ...["name", "outcome", "runs", "ms", "differences", "call"],
      ...["seeds", "recordings"],
    ]);
  }
  assert.equal(Object.keys(call ?? {}), ["seq", "one", "other", "learnt"]);
  const root = parseXml(Deno.readTextFileSync(junit));
  const names = testsOf(root).map(({ attributes }) => attributes.name);
  assert.equal(names, found.checks.map(({ name }) => name));
  assert.is(root.attributes.failures, "2");
});

test("differences are annotated in a GitHub workflow", async () => {
  const { stderr } = await check(["clock"], {
    env: { GITHUB_ACTIONS: "true" },
  });
  const lines = stderr.split("\n");
  assert.is(lines.length, 1, stderr);
  assert.match(
    lines[0] ?? "",
    /^::error title=.*%3A runs::runs differ: stdout/,
  );
});

const HELLO = ["hello"];
const REFUSED: readonly (readonly [string, RegExp, () => Promise<Checked>])[] =
  [
    [
      "a missing module",
      /cannot read \S*nowhere\.wasm: it does not exist/,
      () => check(["/nowhere.wasm"]),
    ],
    [
      "a word that is no source",
      /cannot use --perturb clocks: no such choice/,
      () => check(HELLO, { options: ["--perturb", "clock,clocks"] }),
    ],
    [
      "no source at all",
      /cannot use --perturb/,
      () => check(HELLO, { options: ["--perturb", ""] }),
    ],
    [
      "no runs",
      /cannot use --runs 0/,
      () => check(HELLO, { options: ["--runs", "0"] }),
    ],
    [
      "one schedule",
      /cannot use --schedules 1/,
      () => check(HELLO, { options: ["--schedules", "1"] }),
    ],
    [
      "a directory that is not there",
      /cannot open directory \/nowhere: no such/,
      () => check(HELLO, { options: ["--dir", "/nowhere::/data"] }),
    ],
    [
      "a report that can't be written",
      /cannot write \/nowhere\/x: it does not exist/,
      () => check(HELLO, { options: ["--junit", "/nowhere/x"] }),
    ],
    [
      "a program that does not end",
      /a run of it has not ended after 1500 ms/,
      () => check(["tick"], { options: ["--run-timeout", "1500"] }),
    ],
    [
      "input that does not end",
      /cannot take stdin: it has not ended after 500 ms/,
      () =>
        check(["cat"], {
          options: ["--run-timeout", "500"],
          stdin: new ReadableStream(),
        }),
    ],
    [
      "an option of nodes",
      /unknown option '--role'/,
      () => check(HELLO, { options: ["--role", "primary"] }),
    ],
  ];

for (const [what, error, run] of REFUSED) {
  test(`${what} ends a check with 125 and the reason`, async () => {
    const { code, stdout, stderr } = await run();
    assert.is(code, 125);
    assert.is(stdout, "");
    assert.match(stderr, error);
    assert.not.match(stderr, "bug in replrt");
  });
}

test("with --json an error is an object too", async () => {
  const { code, stderr } = await check(["/nowhere.wasm"], {
    options: ["--json"],
  });
  assert.is(code, 125);
  assert.is((JSON.parse(stderr) as { event: string }).event, "error");
});

test.run();
