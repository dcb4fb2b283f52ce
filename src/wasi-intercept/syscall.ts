import type { Kernel } from "./kernel.ts";
import type { Outcome } from "./outcome.ts";
import type { Words } from "./words.ts";

/**
 * What a syscall means for replication.
 *
 * - `local`:   a pure function of replicated state; every node computes it, nothing is logged.
 * - `input`:   observes the world; the outcome is logged with its data, a backup takes it from the log.
 * - `storage`: works on a mirrored directory; metadata is logged in full, contents as a digest, and a backup does on its own copy what the log says was done.
 * - `output`:  leaves the node; the outcome is logged, the bytes leave on release, a backup keeps them until they are known to have left.
 *
 * A row that acts on a descriptor is named after its widest effect; on a mirrored file `fd_read` and `fd_write` are storage.
 */
export type Effect = "local" | "input" | "storage" | "output";

/**
 * A parameter as the wasm import has it.
 *
 * - `u32`, `u64`: a number, unsigned (a row that wants it signed says so with `| 0` or `BigInt.asIntN`).
 * - `path`: two wasm parameters, pointer and length; its bytes go into the message.
 * - `out`: a pointer to so many bytes that `commit` writes; checked before anything happens.
 */
export type Param =
  | readonly [name: string, type: "u32" | "u64" | "path"]
  | readonly [name: string, type: "out", size: number];

type ArgsOf<P> = P extends readonly [infer F, ...infer R] ? [
    ...(F extends readonly [string, "u64"] ? [bigint]
      : F extends readonly [string, "path"] ? [number, number]
      : [number]),
    ...ArgsOf<R>,
  ]
  : [];

/**
 * A change of storage that all nodes mount is logged twice: as an intent, which the backups hold before anything is touched,
 * and as the outcome. A new primary that finds an intent without one does it again: `execute` with `k.again` set and what
 * `look` wrote in `k.intent`; that the change is there already counts as success then.
 */
export interface Intent<A extends readonly unknown[] = readonly never[]> {
  /** Whether these arguments change anything; absent: they always do. */
  applies?(k: Kernel, ...args: A): boolean;
  /** Looks at what is there, touching nothing: writes to `k.data` what doing it again needs to know; gives the errno of a call that can't succeed. */
  look?(k: Kernel, ...args: A): number;
  /** What `look` writes, for those who read logs. */
  readonly outcome?: Outcome;
}

/** What is added to a method id for the message of an intent. */
export const INTENT = 0x1000;

/** One row of the syscall table. `A` are the arguments in the order of the wasm import. */
export interface Syscall<A extends readonly unknown[] = readonly never[]> {
  /** The spec's name. */
  readonly name: string;
  /** The method id: stable on the wire, never used again for something else. */
  readonly id: number;
  readonly effect: Effect;
  readonly params: readonly Param[];
  /**
   * The rights that descriptors need, by parameter: each entry of a list is needed, and one of its bits is enough.
   * A descriptor that lacks one is refused after `check`, on every node, with nothing logged.
   */
  readonly needs?: Readonly<Record<string, readonly number[]>>;
  /** What arguments stand for that are more than plain numbers, by parameter, for those who read logs; `fd` and `…_fd` are descriptors. */
  readonly words?: Readonly<Record<string, Words>>;
  /**
   * What a success leaves in DATA, for those who read logs; absent: nothing. A local row, which logs nothing, says what it
   * writes to its `out` parameters, one behind the other.
   */
  readonly outcome?: Outcome;
  /**
   * How a call may hold up its thread, where a process has several: it waits for the world, gives way to others, or never returns.
   * A row that waits has an `execute` that may give `WAITS`. Absent: none of these.
   */
  readonly parks?: "waits" | "yields" | "ends";
  /** What a success does to the table of descriptors, for those who read logs: it adds one, removes `fd`, moves `fd` to `to`. */
  readonly fds?: "adds" | "removes" | "moves";
  /** Refuses arguments by replicated state alone, on every node and before anything else; gives an errno, nothing is logged. */
  check?(k: Kernel, ...args: A): number;
  /** Folds what the arguments point to into the argument digest. */
  digest?(k: Kernel, digest: number, ...args: A): number;
  /** Touches the world, never the guest: writes the outcome to `k.data` and gives its errno. Primary only. */
  execute?(k: Kernel, ...args: A): number;
  /** Completes an outcome that is logged with the digest of what `execute` put into the guest's buffers. Primary only, not on a node that does not log. */
  seal?(k: Kernel, ...args: A): void;
  /** Does on this node's own copy what the logged outcome says was done. Backup only, not for a shared directory; throws `StorageFault`. */
  mirror?(k: Kernel, ...args: A): void;
  /** How the call changes a shared directory; what it acts on is the parameter `fd`, or the first. */
  readonly intent?: Intent<A>;
  /** Applies a successful outcome to the guest, never touches the world; gives the errno for the guest. Every node. */
  commit(k: Kernel, ...args: A): number;
}

/** Declares a row; the types of its functions' arguments follow from `params`. */
export function syscall<const P extends readonly Param[]>(
  row: Omit<Syscall<ArgsOf<P>>, "params"> & { readonly params: P },
): Syscall {
  return row as unknown as Syscall;
}

/** How many wasm parameters a row has. */
export function arity(row: Syscall): number {
  return row.params.reduce((n, [, type]) => n + (type === "path" ? 2 : 1), 0);
}

/** Bytes that the plain arguments take at the start of DATA, a multiple of 8; paths follow them, each padded to 8. */
export function argumentBytes(row: Syscall): number {
  const bytes = row.params.reduce(
    (n, [, type]) => n + (type === "u64" || type === "path" ? 8 : 4),
    0,
  );
  return (bytes + 7) & ~7;
}
