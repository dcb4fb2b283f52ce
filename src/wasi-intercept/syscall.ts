import type { Kernel } from "./kernel.ts";

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

/** One row of the syscall table. `A` are the arguments in the order of the wasm import. */
export interface Syscall<A extends readonly unknown[] = readonly never[]> {
  /** The spec's name. */
  readonly name: string;
  /** The method id: stable on the wire, never used again for something else. */
  readonly id: number;
  readonly effect: Effect;
  readonly params: readonly Param[];
  /** False for a row that answers `nosys` until it is built. */
  readonly supported: boolean;
  /** Refuses arguments by replicated state alone, on every node and before anything else; gives an errno, nothing is logged. */
  check?(k: Kernel, ...args: A): number;
  /** Folds what the arguments point to into the argument digest. */
  digest?(k: Kernel, digest: number, ...args: A): number;
  /** Touches the world, never the guest: writes the outcome to `k.data` and gives its errno. Primary only. */
  execute?(k: Kernel, ...args: A): number;
  /** Completes an outcome that is logged with the digest of what `execute` put into the guest's buffers. Primary only, not on a node that does not log. */
  seal?(k: Kernel, ...args: A): void;
  /** Does on this node's own copy what the logged outcome says was done. Backup only; throws `StorageFault`. */
  mirror?(k: Kernel, ...args: A): void;
  /** Applies a successful outcome to the guest, never touches the world; gives the errno for the guest. Every node. */
  commit(k: Kernel, ...args: A): number;
}

/** Declares a row; the types of its functions' arguments follow from `params`. */
export function syscall<const P extends readonly Param[]>(
  row: Omit<Syscall<ArgsOf<P>>, "params" | "supported"> & {
    readonly params: P;
  },
): Syscall {
  return { ...row, supported: true } as unknown as Syscall;
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
