/** The calls that are measured. @module */

/** One call, made again and again. */
export interface Case {
  readonly call: string;
  /** What the guest is told, without the count. */
  readonly order: string;
  readonly path?: string;
  /** Calls of one measurement. */
  readonly calls: number;
  /** The most that it may cost with a backup, over node:wasi. */
  readonly replicated?: number;
  /** Why it costs more than that, solo or with a backup. */
  readonly why?: { readonly solo?: string; readonly replicated?: string };
}

/** Every family once, and what the aims name. */
export const CASES: readonly Case[] = [
  {
    call: "clock_time_get",
    order: "clocks",
    calls: 20_000,
    replicated: 2.5,
  },
  { call: "random_get, 32 B", order: "randoms", calls: 8_000 },
  {
    call: "fd_write, 64 B to a file",
    order: "writes",
    path: "/write",
    calls: 8_000,
    replicated: 1.3,
  },
  {
    call: "fd_read, 4 KiB of a file",
    order: "reads",
    path: "/read",
    calls: 8_000,
    replicated: 3,
  },
  {
    call: "poll_oneoff, a time-out that is over",
    order: "polls",
    calls: 4_000,
  },
  { call: "poll_oneoff, stdout is ready", order: "readies", calls: 4_000 },
  {
    call: "path_filestat_get",
    order: "stats",
    path: "/read",
    calls: 4_000,
  },
];

/** What the guest is told to make so many calls. */
export function orderOf({ order, path }: Case, calls: number): string {
  return `${order} ${calls}${path === undefined ? "" : ` ${path}`}`;
}
