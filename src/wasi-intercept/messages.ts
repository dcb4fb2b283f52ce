import type { Data } from "./data.ts";
import type { Syscall } from "./syscall.ts";

/** What {@linkcode Messages.take} gives when the log has ended and the node is live: the call is executed instead. */
export const LIVE = -1;

/** What {@linkcode Messages.take} gives when the message is of another method or digest. */
export const DIVERGED = -2;

/** The guest's side of the messaging: where its outcomes go to, or come from. */
export interface Messages {
  /** Whether outcomes come from the log. Turns false for good at a takeover. */
  readonly following: boolean;
  /** The arguments at the start of the current message's DATA. */
  readonly args: Data;
  /** Opens a message with `argumentBytes` of arguments; the outcome's window follows them. Waits while the outbox is full. */
  begin(argumentBytes: number): void;
  /** Closes the message with the outcome in its window; without one when `errno` is not 0. */
  end(method: number, errno: number, digest: number): void;
  /** Makes the message, and what its commit queued, visible to the node. */
  publish(): void;
  /** The next message's errno, its windows placed, or {@linkcode LIVE} or {@linkcode DIVERGED}; waits for the log. */
  take(method: number, digest: number, argumentBytes: number): number;
  /** Throws always: the arguments of the message at hand are not the guest's. */
  diverge(row: Syscall, args: readonly (number | bigint)[]): never;
}
