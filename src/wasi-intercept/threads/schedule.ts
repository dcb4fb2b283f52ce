import { mix } from "../../bytes/digest.ts";
import { Seeded } from "../../bytes/seeded.ts";

/**
 * What chooses the order in which the threads of a guest run, beside the program and its log: part of the configuration, equal on
 * all nodes. Counts are those of the code that was put into the module: one for each round of a loop, each call of a function that
 * may call itself, each indirect call; with a seed each access of memory too.
 */
export interface Schedule {
  /** How much a thread counts before another one runs; with a seed the most that it counts. */
  readonly quantum: number;
  /** Seed of the quanta and of who runs next; null: all quanta are alike, and the threads take turns. */
  readonly seed: number | null;
  /** The world is asked each time so much was counted while some threads run and others wait for it. */
  readonly pollEvery: number;
}

/** Tenths of a millisecond of computing, at some 1 ns a count. */
const QUANTUM = 131_072;

/** Short enough to part what belongs together. */
const SEEDED_QUANTUM = 4096;

/** A few milliseconds of computing. */
const POLL_EVERY = 2_097_152;

/** What a change of threads counts when the world is to be asked. */
export const SWITCH_COUNT = 256;

/** The largest number of a schedule: an i32 of the guest. */
const MAX_COUNT = 0x7fff_ffff;

/** Whether a value has the form of a schedule. */
export function isSchedule(value: unknown): value is Schedule {
  if (typeof value !== "object" || value === null) return false;
  const { quantum, seed, pollEvery } = value as Schedule;
  return isCount(quantum, 1) && isCount(pollEvery, 1) &&
    (seed === null || isCount(seed, 0));
}

function isCount(value: unknown, least: number): boolean {
  return Number.isInteger(value) && value as number >= least &&
    value as number <= MAX_COUNT;
}

/** The schedule for what an operator chose. */
export function scheduleOf(
  quantum: number | undefined,
  seed: number | undefined,
): Schedule {
  return {
    quantum: quantum ?? (seed === undefined ? QUANTUM : SEEDED_QUANTUM),
    seed: seed ?? null,
    pollEvery: POLL_EVERY,
  };
}

/** Draws from a schedule. */
export class Turns {
  readonly #quantum: number;
  readonly #seeded: Seeded | undefined;
  /** Bits of the largest quantum that a seed draws: each seed has a scale of its own. */
  readonly #bits: number;

  constructor({ quantum, seed }: Schedule) {
    this.#quantum = quantum;
    this.#seeded = seed === null ? undefined : seededBy(seed);
    const bits = 32 - Math.clz32(quantum);
    this.#bits = 1 + (this.#seeded?.next() ?? 0) % bits;
  }

  /** The next quantum: one of each number of bits is as likely, so that short ones are frequent and long ones occur. */
  quantum(): number {
    if (this.#seeded === undefined) return this.#quantum;
    const most = 2 ** (1 + this.#seeded.next() % this.#bits) - 1;
    return Math.min(this.#quantum, 1 + this.#seeded.next() % most);
  }

  /** Which of `count` threads runs next, by its place in the queue. */
  pick(count: number): number {
    return this.#seeded === undefined ? 0 : this.#seeded.next() % count;
  }
}

/** Numbers that have nothing in common with those of the next seed. */
function seededBy(seed: number): Seeded {
  return new Seeded(mix(mix(1, seed), seed) >>> 0 || 1);
}
