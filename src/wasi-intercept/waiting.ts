import type { PollEntry } from "./host.ts";

/** What `execute` gives when the calling thread has to wait while others run; it is called again when there is something. No errno. */
export const WAITS = -4;

/** How a call waits for the world. */
export interface Waiting {
  /** Whether there is one thread, so that a message of another one is no reason to wait. */
  readonly alone: boolean;
  /** What `execute` leaves behind when it gives {@linkcode WAITS}, for its next attempt at the same call; undefined at the first. */
  kept: unknown;
  /**
   * Waits until the host reports one of `entries`, until `ready` holds, which is asked when outputs have left, or for `timeoutNs`
   * (negative: for ever). May come back early, so what is waited for is looked at again.
   *
   * False: other threads run meanwhile, and `execute` has to give {@linkcode WAITS}.
   */
  until(
    entries: readonly PollEntry[],
    timeoutNs: bigint,
    ready?: () => boolean,
  ): boolean;
  /** Gives way to other work of the machine, where no other thread can run. */
  giveWay(): void;
}
