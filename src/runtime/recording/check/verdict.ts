import type { Source } from "../../host/fixed_world.ts";

/** What two runs can differ in. Memory alone is nothing that anybody sees. */
export type Differing = "stdout" | "stderr" | "end" | "files" | "memory";

/** One thing in which two runs differ. */
export interface Difference {
  readonly what: Differing;
  /** Of outputs: where the first byte is that differs. */
  readonly offset?: number;
  /** What the one run has and what the other: bytes around the offset, an end, a path. */
  readonly one: string;
  readonly other: string;
  /** Of ends: the functions that each trapped in, innermost first, those of a deadlock with their thread; none of an exit. */
  readonly stacks?: readonly [readonly string[], readonly string[]];
}

/** The first call whose outcome, or which itself, is not the same in two recordings. */
export interface DifferentCall {
  /** Its number in the log. */
  readonly seq: number;
  readonly one: string;
  readonly other: string;
  /** Whether its outcome is what differs; else the program called something else, for what it learnt by no call. */
  readonly learnt: boolean;
}

/**
 * What is held against what: `replay` a run and its replay, `runs` several runs in the world as it is, `fixed` two runs with all
 * sources fixed, a source two runs that differ in it alone, and `schedules` runs that differ in the schedule of their threads alone.
 */
export type CheckName = "replay" | "runs" | "fixed" | Source | "schedules";

/** What came of one check. */
export interface Verdict {
  readonly name: CheckName;
  /** Skipped: two runs differ with all sources fixed, and the schedule, so that nothing can be said of one. */
  readonly outcome: "equal" | "differs" | "skipped";
  /** In the order of {@linkcode Differing}; memory too where that makes no difference to the outcome. */
  readonly differences: readonly Difference[];
  readonly call: DifferentCall | undefined;
  /** How many runs and replays were compared. */
  readonly runs: number;
  readonly ms: number;
  /** Of schedules: the two seeds whose runs were found to differ. */
  readonly seeds?: readonly [number, number];
  /** Of schedules: the recordings of both that are kept, by their names in the working directory; none when skipped. */
  readonly recordings?: readonly [string, string];
}

/** Whether anybody sees a difference. */
export function isSeen({ what }: Difference): boolean {
  return what !== "memory";
}

/** What came of all. */
export interface CheckResult {
  readonly module: string;
  readonly deterministic: boolean;
  readonly verdicts: readonly Verdict[];
}
