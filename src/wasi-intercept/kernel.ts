import type { Data } from "./data.ts";
import type { Descriptors, Stream } from "./descriptors.ts";
import type { Handle, Host } from "./host.ts";
import type { GuestMemory } from "./memory.ts";
import type { Inodes } from "./inodes.ts";
import { Uncatchable } from "./uncatchable.ts";
import type { Waiting } from "./waiting.ts";

/** Where a guest's output goes. On a node that replicates it queues until its release; a solo node writes at once. */
export interface Outputs {
  /** Most bytes of one write to a stream, where fewer than a message holds. */
  limit(stream: Stream): number;
  /**
   * How much of `size` gathered bytes the stream takes; part of `execute`. Gives a negative errno: `again` when it is full, or the
   * failure that its peer caused earlier.
   */
  accept(stream: Stream, size: number): number;
  /** Queues `size` bytes of the guest's iovecs, as accepted; part of `commit`. */
  push(stream: Stream, memory: GuestMemory, iovs: number, size: number): void;
  /** A queue for a new stream over `handle` (undefined where the node has none). */
  open(handle: number | undefined): number;
  /** Ends the stream behind its bytes. */
  close(stream: Stream): void;
  /** Ends the sending side behind its bytes. */
  shutdownWrite(stream: Stream): void;
  /** Whether a write would come back now, with bytes taken or a failure; a handle where the host has to be asked for that (POLLOUT). */
  writable(stream: Stream): boolean | Handle;
  /** Says whether `Host.poll` is to be woken when a stream becomes writable. */
  polling(on: boolean): void;
  /** Whether no stream can be opened any more. */
  readonly full: boolean;
  /** Waits until every backup in sync holds all that is logged, and this node may still act as primary. */
  permit(): void;
}

/** A local fault while following: this node's own copy did not do what the log says was done. */
export class StorageFault extends Uncatchable {}

/** The state of one guest process that its syscalls read and change. */
export interface Kernel {
  readonly memory: GuestMemory;
  readonly fds: Descriptors;
  /** Each argument and `KEY=value`, UTF-8, with its final NUL. */
  readonly args: readonly Uint8Array[];
  readonly environ: readonly Uint8Array[];
  readonly host: Host;
  readonly data: Data;
  readonly outputs: Outputs;
  readonly waiting: Waiting;
  readonly inodes: Inodes;
  /** What `execute` or `mirror` opened for its `commit` to enter into the table; `NO_HANDLE` where a backup opens nothing. */
  opened: number;
  /** Handles of the given directories; those of shared ones stay open for {@linkcode reopenShared}. */
  readonly roots: readonly Handle[];
  /** Whether changes of shared directories are logged as intents first; not in a recording, which nobody takes over from. */
  readonly intents: boolean;
  /** What `look` wrote for the intent at hand. */
  readonly intent: Data;
  /** Whether the intent at hand may have been carried out already, by a primary that died. */
  again: boolean;
}

/** Thrown by `proc_exit` through the guest's frames, to end its process with `code`. */
export class GuestExit extends Uncatchable {
  constructor(readonly code: number) {
    super(`guest exits with ${code}`);
  }
}
