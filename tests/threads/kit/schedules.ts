/** Schedules that a test draws from its seed. @module */
import type { Random } from "../../kit/random.ts";

/** What an operator chooses of a schedule; undefined: the default. */
export interface Chosen {
  readonly quantum: number | undefined;
  readonly seed: number | undefined;
}

/** Bits of the default quantum. */
const QUANTUM_BITS = 17;
const SEEDS = 2 ** 31;

/** The schedule that nobody chose. */
export const DEFAULT: Chosen = { quantum: undefined, seed: undefined };

/** The `i`th of a test's schedules: first the default; then by turns a quantum, a seed, and both; short and long quanta are as likely. */
export function chosen(random: Random, i: number): Chosen {
  const most = 2 ** (1 + random.below(QUANTUM_BITS));
  const quantum = 1 + random.below(most), seed = random.below(SEEDS);
  if (i === 0) return DEFAULT;
  return {
    quantum: i % 3 === 2 ? undefined : quantum,
    seed: i % 3 === 1 ? undefined : seed,
  };
}

/** The options of `replrt run` and `replrt record` for a schedule. */
export function optionsOf({ quantum, seed }: Chosen): string[] {
  return [
    ...quantum === undefined ? [] : ["--quantum", `${quantum}`],
    ...seed === undefined ? [] : ["--schedule-seed", `${seed}`],
  ];
}
