/** What is measured, and the language in which the bench and its children speak. @module */

/** One call of a guest, made again and again by an export of `calls.wasm`. */
export interface Case {
  readonly name: string;
  readonly call: string;
  /** The export; those on a file take its descriptor first. */
  readonly export: string;
  readonly file?: "read" | "write";
  /** Calls of one measurement. */
  readonly calls: number;
}

/** The calls that are measured. */
export const CASES: readonly Case[] = [
  {
    name: "clock",
    call: "clock_time_get",
    export: "clocks",
    calls: 20_000,
  },
  {
    name: "write",
    call: "fd_write, 64 B to a file",
    export: "writes",
    file: "write",
    calls: 4_000,
  },
  {
    name: "read",
    call: "fd_read, 4 KiB of a file",
    export: "reads",
    file: "read",
    calls: 4_000,
  },
  {
    name: "poll",
    call: "poll_oneoff, a time-out that is over",
    export: "polls",
    calls: 4_000,
  },
  {
    name: "random",
    call: "random_get, 32 B",
    export: "randoms",
    calls: 8_000,
  },
];

/** Where the children find the guest and its two files. */
export interface Setting {
  readonly module: string;
  /** A directory with the file `read`, of 1 MiB; `write` is made in it. */
  readonly dir: string;
}
