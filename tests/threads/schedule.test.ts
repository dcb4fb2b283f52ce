// timeout 600 s
/** Where a schedule comes from, and that it is one. @module */
import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  beforeItsEnd,
  codeOf,
  destroy,
  said,
} from "../failover/kit/cluster.ts";
import { until } from "../failover/kit/lines.ts";
import { guest, killNodes, startNode } from "../kit/node.ts";
import { removeDirs, tempDir } from "../kit/place.ts";
import { endOf } from "../recording/kit/kept.ts";
import { log } from "../recording/kit/lines.ts";
import { record, replay } from "../recording/kit/runs.ts";
import { startPair, told } from "./kit/pair.ts";
import { pairwise } from "./kit/trials.ts";

test.after(async () => {
  await killNodes();
  removeDirs();
});

const RUNS = 5;
const PROGRAMS = [
  "turns 3000",
  "stack 3000",
  "races 3000",
  "crowd 5",
  "plainlock 3000",
  "schedules lost 300",
];
const SCHEDULES = [[], ["--quantum", "91"], ["--schedule-seed", "5"]];

/** What a program prints alone. */
async function printed(
  program: string,
  options: readonly string[],
): Promise<string> {
  const [name = "", ...args] = program.split(" ");
  const node = startNode([
    ...["run", ...options, guest(name), "--", ...args],
  ]);
  assert.is(await codeOf(node), 0, told(node));
  return node.stdout;
}

for (const program of PROGRAMS) {
  test(`one command gives ${program} one schedule in every run, another quantum or seed another`, async () => {
    const outputs = new Set<string>();
    for (const options of SCHEDULES) {
      const runs = await pairwise(RUNS, () => printed(program, options));
      assert.is(new Set(runs).size, 1, `${options}: ${runs}`);
      outputs.add(runs[0] as string);
    }
    assert.ok(outputs.size > 1, `${[...outputs]}`);
  });
}

test("each seed gives a schedule of its own, the same each time", async () => {
  const seeds = Array.from(
    { length: 10 },
    (_, i) => ["--schedule-seed", `${i}`],
  );
  const once = await pairwise(10, (i) => printed("turns 500", seeds[i]!));
  const again = await pairwise(10, (i) => printed("turns 500", seeds[i]!));
  assert.equal(again, once);
  assert.ok(new Set(once).size > 5, "seeds that give the same");
});

test("a replay has the schedule of the recording", async () => {
  for (const options of SCHEDULES) {
    const run = await record("turns", { args: ["3000"], options });
    const again = await replay(run.file);
    assert.equal([again.code, again.stdout], [0, run.stdout]);
  }
});

/** Schedules, and for each a program with so much to do that a kill comes before its end. */
const LONG = [
  ["races 40000000", []],
  ["races 40000000", ["--quantum", "300"]],
  ["races 100000", ["--schedule-seed", "5", "--quantum", "1"]],
] as const;

test("a backup has its primary's schedule and keeps it when it takes over", async () => {
  for (const [program, options] of LONG) {
    const [name, ...args] = program.split(" ") as [string, string];
    const shown = await beforeItsEnd(async () => {
      const { primary, backup } = await startPair(name, { args, options });
      await primary.waitForEvent("serving");
      await destroy(primary);
      assert.is(await codeOf(backup), 0, told(backup));
      return said(backup, "taken") ? primary.stdout + backup.stdout : undefined;
    });
    assert.is(shown, await printed(program, options));
  }
});

test("a backup or a replay that is told a schedule is refused", async () => {
  const join = ["--role", "backup", "--join", "127.0.0.1:1"];
  for (const option of [["--quantum", "7"], ["--schedule-seed", "7"]]) {
    const node = startNode(["run", ...join, ...option, guest("races")]);
    assert.is(await codeOf(node), 125);
    await node.waitFor(
      new RegExp(`cannot use ${option[0]} .*a backup has its primary's`),
    );
    const file = startNode(["replay", ...option, "a.rlog"]);
    assert.is(await codeOf(file), 125);
    await file.waitFor(new RegExp(`unknown option.* '?${option[0]}`));
  }
});

test("a run that is resumed has the schedule that it began with", async () => {
  for (const [program, options] of LONG) {
    const [name, ...args] = program.split(" ") as [string, string];
    const alone = await printed(program, options);
    const shown = await beforeItsEnd(async () => {
      const state = `${tempDir()}/state`;
      const node = startNode([
        ...["run", "--json", "--state-dir", state, ...options],
        ...[guest(name), "--", ...args],
      ]);
      await until("its threads", () => begun(`${state}/log`));
      await destroy(node);
      const next = startNode(["resume", "--json", state]);
      assert.is(await codeOf(next), 0, told(next));
      return said(next, "resumed") ? next.stdout : undefined;
    });
    assert.is(shown, alone);
  }
});

/** Whether a log has more than its first message. */
function begun(path: string): boolean {
  try {
    return endOf(path).next > 1;
  } catch {
    return false;
  }
}

test("the log says which schedule it is", async () => {
  const run = await record("turns", {
    options: ["--quantum", "77", "--schedule-seed", "0"],
  });
  const { stdout } = await log(run.file, "--to", "0");
  assert.match(stdout, /; quantum 77; schedule seed 0; /);
});

test.run();
