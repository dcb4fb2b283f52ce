import { basename } from "node:path/posix";
import { keepRecording } from "../../host/recording_place.ts";
import { removeTree } from "../../host/tree.ts";
import type { Run } from "./run.ts";
import type { Difference, Verdict } from "./verdict.ts";

/** The seed that all others are held against. */
const FIRST_SEED = 1;

/** What schedules are tried out with. */
export interface ScheduleParts {
  readonly module: string;
  /** How many seeds, from 1 on. */
  readonly count: number;
  /** Records a run with all sources fixed, its threads in the order of a seed. */
  readonly run: (seed: number) => Promise<Run>;
  /** What anybody sees two runs differ in. */
  readonly compare: (one: Run, other: Run) => readonly Difference[];
}

/**
 * Runs a program with threads under one schedule after the other, until a run differs from the first. That schedule is tried once
 * more: what it does not give twice is not its doing. The recordings of both go to the working directory; the first call that
 * differs is not looked for, since threads in another order make their calls in another order from early on.
 *
 * @throws {ReplrtError} when it could not be run, or its recordings not be kept.
 */
export async function trySchedules(parts: ScheduleParts): Promise<Verdict> {
  const { count, run, compare } = parts;
  const none = { differences: [], call: undefined };
  const first = await run(FIRST_SEED);
  let ms = first.ms;
  for (let seed = FIRST_SEED + 1; seed <= count; seed++) {
    const other = await run(seed);
    ms += other.ms;
    const differences = compare(first, other);
    if (differences.length === 0) {
      removeTree(other.place);
      continue;
    }
    const again = await run(seed);
    ms += again.ms;
    const seeds = [FIRST_SEED, seed] as const;
    const found = { name: "schedules", seeds, runs: seed, ms } as const;
    return compare(other, again).length > 0
      ? { ...found, outcome: "skipped", ...none }
      : {
        ...{ ...found, outcome: "differs", differences },
        call: undefined,
        recordings: [keep(parts, seeds[0], first), keep(parts, seed, other)],
      };
  }
  return { name: "schedules", outcome: "equal", ...none, runs: count, ms };
}

function keep(
  { module }: ScheduleParts,
  seed: number,
  { recording }: Run,
): string {
  const name = `${basename(module).replace(/\.wasm$/, "")}.seed-${seed}.rlog`;
  keepRecording(recording, name);
  return name;
}
