/** What `replrt check` found, in words and as a table for people. @module */
import { styleText } from "node:util";
import {
  type CheckName,
  type CheckResult,
  type Difference,
  isSeen,
  type Verdict,
} from "../runtime/recording/check/verdict.ts";

const TITLES: Readonly<Record<CheckName, string>> = {
  replay: "replay",
  runs: "runs",
  fixed: "sources fixed",
  clock: "clock",
  random: "random",
  env: "env",
  readdir: "readdir",
  io: "io",
  schedules: "schedules",
};

/** What a difference means, by check. */
const MEANINGS: Readonly<Record<CheckName, string>> = {
  replay: "a replay is not what was recorded",
  runs: "runs differ",
  fixed: "runs differ though clock, random, env, readdir and io are fixed",
  clock: "the clock reaches the output",
  random: "random bytes reach the output",
  env: "the environment reaches the output",
  readdir: "the order of directories reaches the output",
  io: "the sizes of reads and writes reach the output",
  schedules: "the order of threads reaches the output",
};

/** How the two sides of a check are called. */
const SIDES: Readonly<Record<CheckName, readonly [string, string]>> = {
  replay: ["recorded", "replayed"],
  runs: ["run 1", "another"],
  fixed: ["run 1", "another"],
  clock: ["fixed", "other clock"],
  random: ["fixed", "other bytes"],
  env: ["fixed", "other env"],
  readdir: ["fixed", "other order"],
  io: ["fixed", "other sizes"],
  schedules: ["one seed", "another"],
};

/** Most functions that are shown of a stack, or of those of a deadlock. */
const FRAMES = 40;

const NO_STACKS: NonNullable<Difference["stacks"]> = [[], []];

const WORDS = { equal: "equal", differs: "DIFFERS", skipped: "skipped" };
const COLOURS = { equal: "green", differs: "red", skipped: "yellow" } as const;

/** A check's result in one sentence, without a full stop. */
export function sentenceOf(verdict: Verdict): string {
  const { name, outcome, differences, runs, seeds } = verdict;
  if (outcome === "differs") {
    const what = differences.filter(isSeen).map(placeOf);
    const where = what.length > 0 ? what : differences.map(placeOf);
    const sentence = where.length > 0
      ? `${MEANINGS[name]}: ${where.join(", ")}`
      : MEANINGS[name];
    return sentence + deadlockOf(verdict);
  }
  if (outcome === "skipped") {
    return seeds === undefined
      ? "runs differ already with the sources fixed"
      : `runs with seed ${
        seeds[1]
      } differ already, so that the schedule is not to blame`;
  }
  const same = name === "replay"
    ? "same output, end and memory"
    : `same output, end and files in ${runs} ${
      name === "schedules" ? "schedules" : "runs"
    }`;
  return differences.length > 0 ? `${same}; only memory differs` : same;
}

/** Which of two schedules ends in a deadlock, if one alone does. */
function deadlockOf({ differences, seeds }: Verdict): string {
  const end = differences.find(({ what }) => what === "end");
  const locked = seeds?.filter((_, i) =>
    /^trap: deadlock/.test((i === 0 ? end?.one : end?.other) ?? "")
  );
  return locked?.length === 1 ? `; seed ${locked[0]} ends in a deadlock` : "";
}

/** What stands behind the sentence, one text a line: both sides of each difference, the first call that differs, and how to see both again. */
export function detailsOf(verdict: Verdict): string[] {
  const { name, differences, call, seeds, recordings } = verdict;
  const [first, second] = seeds?.map((seed) => `seed ${seed}`) ?? SIDES[name];
  const width = Math.max(first.length, second.length);
  const pair = (one: string, other: string, stacks = NO_STACKS) => [
    `  ${first.padEnd(width)}  ${one}`,
    ...stackLines(stacks[0], width),
    `  ${second.padEnd(width)}  ${other}`,
    ...stackLines(stacks[1], width),
  ];
  return [
    ...differences.filter(isSeen).flatMap((difference) => [
      `${placeOf(difference)}:`,
      ...pair(difference.one, difference.other, difference.stacks),
    ]),
    ...call === undefined ? [] : [
      `the first call that differs is message ${call.seq}:`,
      ...pair(call.one, call.other),
    ],
    ...recordings === undefined ? [] : [
      "to see both again:",
      ...recordings.map((file) => `  replrt replay ${file}`),
    ],
  ];
}

function stackLines(frames: readonly string[], width: number): string[] {
  const left = frames.length - FRAMES;
  const shown = frames.slice(0, FRAMES);
  return [...shown, ...left > 0 ? [`… and ${left} more`] : []].map((line) =>
    `  ${"".padEnd(width)}    ${line}`
  );
}

/** Where two runs differ, in words. */
function placeOf({ what, offset }: Difference): string {
  return offset === undefined ? what : `${what} at byte ${offset}`;
}

/** The table, with its lines' ends; in colours where `colours` says so. */
export function tableOf(result: CheckResult, colours: boolean): string {
  const { module, deterministic, verdicts } = result;
  const paint = (style: Parameters<typeof styleText>[0], text: string) =>
    colours ? styleText(style, text, { validateStream: false }) : text;
  const width = Math.max(...verdicts.map(({ name }) => TITLES[name].length));
  const lines = verdicts.flatMap((verdict) => {
    const { name, outcome } = verdict;
    const word = paint(COLOURS[outcome], WORDS[outcome].padEnd(7));
    return [
      `  ${TITLES[name].padEnd(width)}  ${word}  ${sentenceOf(verdict)}`,
      ...(outcome === "differs" || name === "runs" ? detailsOf(verdict) : [])
        .map((line) => `  ${"".padEnd(width)}           ${paint("dim", line)}`),
    ];
  });
  const end = deterministic
    ? paint(["bold", "green"], "deterministic")
    : paint(["bold", "red"], "not deterministic");
  return [`${module}: ${end}`, ...lines].map((line) => `${line}\n`).join("");
}
