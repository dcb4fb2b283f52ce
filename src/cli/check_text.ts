/** What `replrt check` found, in words and as a table for people. @module */
import { styleText } from "node:util";
import type {
  CheckName,
  CheckResult,
  Difference,
  Verdict,
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
};

const WORDS = { equal: "equal", differs: "DIFFERS", skipped: "skipped" };
const COLOURS = { equal: "green", differs: "red", skipped: "yellow" } as const;

/** A check's result in one sentence, without a full stop. */
export function sentenceOf(verdict: Verdict): string {
  const { name, outcome, differences, runs } = verdict;
  if (outcome === "differs") {
    const what = differences.filter(isSeen).map(placeOf);
    const where = what.length > 0 ? what : differences.map(placeOf);
    return where.length > 0
      ? `${MEANINGS[name]}: ${where.join(", ")}`
      : MEANINGS[name];
  }
  if (outcome === "skipped") {
    return "runs differ already with the sources fixed";
  }
  const same = name === "replay"
    ? "same output, end and memory"
    : `same output, end and files in ${runs} runs`;
  return differences.length > 0 ? `${same}; only memory differs` : same;
}

/** What stands behind the sentence, one text a line: both sides of each difference, and the first call that differs. */
export function detailsOf({ name, differences, call }: Verdict): string[] {
  const [first, second] = SIDES[name];
  const width = Math.max(first.length, second.length);
  const pair = (one: string, other: string) => [
    `  ${first.padEnd(width)}  ${one}`,
    `  ${second.padEnd(width)}  ${other}`,
  ];
  return [
    ...differences.filter(({ what }) => what !== "memory").flatMap((
      difference,
    ) => [
      `${placeOf(difference)}:`,
      ...pair(difference.one, difference.other),
    ]),
    ...call === undefined ? [] : [
      `the first call that differs is message ${call.seq}:`,
      ...pair(call.one, call.other),
    ],
  ];
}

function isSeen({ what }: Difference): boolean {
  return what !== "memory";
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
