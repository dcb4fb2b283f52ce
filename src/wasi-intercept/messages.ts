import type { Data } from "./data.ts";
import type { Syscall } from "./syscall.ts";

/** What {@linkcode Messages.take} gives when the log has ended and the node is live: the call is executed instead. */
export const LIVE = -1;

/** What {@linkcode Messages.take} gives when the message is of another method or digest. */
export const DIVERGED = -2;

/** What {@linkcode Messages.take} gives when the message is not of the calling thread; it stays the next one. */
export const OTHERS = -3;

/** Number of a process's first thread, and of the process. */
export const FIRST_TID = 1, PID = 1;

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
  /** The next message's errno, its windows placed, or {@linkcode LIVE}, {@linkcode DIVERGED} or {@linkcode OTHERS}; waits for the log. */
  take(method: number, digest: number, argumentBytes: number): number;
  /** Throws always: the arguments of the message at hand are not the guest's. */
  diverge(row: Syscall, args: readonly (number | bigint)[]): never;
}

/** DATA of THREAD_CREATE. */
export interface ThreadCreated {
  /** The thread that made it. */
  readonly parent: number;
}

/** DATA of THREADS_WOKEN. */
export interface ThreadsWoken {
  /** The threads that can go on, in this order. */
  readonly tids: readonly number[];
}

/** The value of a message of the scheduler's, whatever the log has there. */
export interface Told {
  readonly value: unknown;
}

/** What a scheduler needs of the messaging beside calls. */
export interface ThreadMessages {
  readonly following: boolean;
  /** The running thread, which all calls are of. */
  tid: number;
  /** Logs a message of the scheduler's; `tid` is the thread that it concerns, 0 for none. */
  tell(method: number, tid: number, value: object): void;
  /**
   * The value of the next message, which has to be this one; undefined when the log has ended and the node is live.
   * Waits for the log, and throws as {@linkcode Messages.diverge} does; `what` says what the guest did.
   */
  told(method: number, tid: number, what: string): Told | undefined;
  /** Throws always: the message at hand is not what the guest did. */
  refuse(what: string): never;
  /** Sends all that is logged on its way, before a wait. */
  flush(): void;
}
