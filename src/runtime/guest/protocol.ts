import type { GuestConfig, GuestHandles } from "./config.ts";
import type { FixedWorld } from "../host/fixed_world.ts";
import type { PreparedModule } from "../module/load.ts";
import type { GuestEnd } from "./end.ts";
import type { TraceStyle } from "./trace_style.ts";

/** What main gives a guest's Worker at its start. */
export interface GuestStart {
  readonly prepared: PreparedModule;
  readonly config: GuestConfig;
  readonly handles: GuestHandles;
  /** Whether outcomes come from the log. */
  readonly following: boolean;
  readonly outbox: SharedArrayBuffer;
  readonly inbox: SharedArrayBuffer;
  readonly slots: SharedArrayBuffer;
  /** An eventfd that ends the guest's poll early. */
  readonly waker: number;
  readonly inspected: Inspected | undefined;
  /** How its calls are shown; undefined where they are not. */
  readonly trace: TraceStyle | undefined;
}

/** A guest of `replrt check`: the memory that it ends with is hashed. */
export interface Inspected {
  /** Undefined: the world as it is. */
  readonly world: FixedWorld | undefined;
}

/** What a guest's Worker tells main. */
export type GuestReport =
  /** It waits for `go`; `tid` is its thread of the operating system. */
  | { readonly kind: "ready"; readonly tid: number }
  /** It has followed the log to its end, and all that it made on the way is in the outbox. */
  | { readonly kind: "live" }
  | {
    readonly kind: "ended";
    readonly end: GuestEnd;
    /** SHA-256 of its memory, in hex, if it is {@linkcode Inspected}. */
    readonly memory?: string;
  }
  | {
    readonly kind: "diverged";
    readonly seq: number;
    readonly recorded: string;
    readonly replayed: string;
  }
  /** This node's copy of a directory did not do what the log says. */
  | { readonly kind: "storage"; readonly reason: string }
  /** The guest trapped where the log goes on: this node has less of something than the primary (rule 6). */
  | {
    readonly kind: "resource";
    readonly end: GuestEnd & { readonly kind: "trap" };
  }
  /** The module can't be linked. */
  | {
    readonly kind: "refused";
    readonly message: string;
    readonly next: string | undefined;
  }
  | { readonly kind: "bug"; readonly text: string };

/** DATA of TAKEOVER beside what the engine reads: the clock offsets that the new primary fixed (rule 5), as in a frame. */
export interface TakeoverExtra {
  readonly offsets: Uint8Array;
}
