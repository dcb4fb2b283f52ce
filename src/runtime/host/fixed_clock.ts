import { Seeded } from "../../bytes/seeded.ts";

/** Where a clock starts, in ns, by preview1's `clockid`: realtime, monotonic, CPU time of the process and of the thread. */
type Starts = readonly [bigint, bigint, bigint, bigint];

/** 2024-01-01 00:00:00 UTC, and 1000 s after a boot. */
const STARTS: Starts = [1_704_067_200_000_000_000n, 1_000_000_000_000n, 0n, 0n];
/** 2031-07-15 13:47:11.123456789 UTC, and a week after a boot. */
const OTHER_STARTS: Starts = [
  1_941_889_631_123_456_789n,
  604_801_234_567_891n,
  987_654_321n,
  123_456_789n,
];

/** What a read adds to the time, in ns. */
const STEP_NS = 1_000_000;

/** How much coarser the stamps of files may be than the clock (a tick of the slowest kernel), in ns. */
const COARSE_NS = 10_000_000n;

/** Clocks that nothing moves but reading them and waiting. */
export class FixedClock {
  readonly #starts: Starts;
  readonly #jitter: Seeded | undefined;
  readonly #began: bigint;
  #elapsed = 0n;

  /**
   * @param other whether they start elsewhere and go in uneven steps.
   * @param began the node's own time now, in ns since 1970: no file that the guest changes has an older stamp.
   */
  constructor(other: boolean, began: bigint) {
    this.#starts = other ? OTHER_STARTS : STARTS;
    this.#jitter = other ? new Seeded(0x7f4a_7c15) : undefined;
    this.#began = began - COARSE_NS;
  }

  /** Clock `id` in ns; each read takes a millisecond, with jitter up to two. */
  read(id: number): bigint {
    this.#elapsed += BigInt(
      STEP_NS + (this.#jitter ? this.#jitter.next() % STEP_NS : 0),
    );
    return this.#starts[id as 0 | 1 | 2 | 3] + this.#elapsed;
  }

  /** Lets `ns` pass. */
  pass(ns: bigint): void {
    this.#elapsed += ns;
  }

  /** The stamp of a file, in ns since 1970: what the guest changed was changed at the start. */
  stamp(ns: bigint): bigint {
    return ns < this.#began ? ns : this.#starts[0];
  }
}
