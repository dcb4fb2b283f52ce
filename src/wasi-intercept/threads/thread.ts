import type { PollEntry } from "../host.ts";

/** What of the world a parked thread waits for: whichever comes first. */
export interface Asked {
  readonly entries: readonly PollEntry[];
  /** Guest's monotonic clock, in ns. */
  readonly deadline: bigint | undefined;
  /** Whether outputs have left that it waits for. */
  readonly ready: (() => boolean) | undefined;
}

/** A call that is made again when there may be something. */
export interface ParkedCall {
  readonly kind: "call";
  /** Gives the errno for the guest, or `WAITS`. */
  readonly attempt: () => number;
  /** The descriptor whose closing ends the wait; undefined: that of any. */
  readonly fd: number | undefined;
  /** What the last attempt left for the next one. */
  kept: unknown;
  /** Undefined where the log gives the outcome: after a takeover it is attempted at once. */
  asked: Asked | undefined;
}

/** A `memory.atomic.wait`. */
export interface ParkedWord {
  readonly kind: "word";
  readonly address: number;
  /** In ns; negative: for ever. */
  readonly timeoutNs: bigint;
  /** Undefined where the log says when its time is over: a time-out that is running at a takeover starts again. */
  asked: Asked | undefined;
}

/** One thread of a guest: a coroutine of the process. */
export class Thread {
  readonly tid: number;
  parked: ParkedCall | ParkedWord | undefined;
  /** How much it may count at a stretch. */
  quantum: number;
  /** What its import gives when it goes on. */
  result = 0;
  /** Lets it go on, from a job of its own, with what its import gives. */
  resume: (result: number) => void;

  /** @param start what it begins with. */
  constructor(tid: number, quantum: number, start: () => void) {
    this.tid = tid;
    this.quantum = quantum;
    this.resume = () => queueMicrotask(start);
  }
}
