import type { GuestEnd } from "../../guest/end.ts";
import type { FixedWorld } from "../../host/fixed_world.ts";
import type { RunOptions } from "../../options.ts";

/** What one process of a check does; JSON in a file that it is given. */
export interface RunSpec {
  /** Process id of the check: its processes die with it. */
  readonly parent: number;
  /** The recording that is made or replayed. */
  readonly recording: string;
  /** What is recorded. */
  readonly run: RunOptions;
  /** Undefined: the world as it is. */
  readonly world?: FixedWorld;
  /** Whether the recording is replayed instead. */
  readonly replay: boolean;
  /** Where its {@linkcode RunResult} goes. */
  readonly result: string;
}

/** What came of it; JSON too. */
export type RunResult =
  | {
    readonly kind: "ended";
    readonly end: GuestEnd;
    /** SHA-256 of the memory that the guest ended with, in hex. */
    readonly memory: string;
  }
  /** A replay that is no replay; what differs stands in the status lines. */
  | { readonly kind: "diverged" }
  | {
    readonly kind: "failed";
    readonly message: string;
    readonly next: string | null;
  };
