import type { Schedule } from "../../wasi-intercept/threads/schedule.ts";

/** What a guest sees of itself, equal on all nodes: DATA of PROCESS_INIT carries it. */
export interface GuestConfig {
  readonly args: readonly string[];
  /** As `NAME=value`. */
  readonly env: readonly string[];
  /** The guest's names of its directories, in descriptor order from 3, and which of them all nodes mount. */
  readonly dirs: readonly { readonly name: string; readonly shared: boolean }[];
  /** Whether changes of the directories that all nodes mount are logged as intents first. */
  readonly intents: boolean;
  /** How many listening sockets follow the directories. */
  readonly listeners: number;
  /** Preview1 file types of descriptors 0 to 2 (rule 10). */
  readonly stdio: readonly number[];
  /** What the order of its threads follows from, if it has several. */
  readonly schedule: Schedule;
}

/** What stands behind the configuration on this node, in the same order. */
export interface GuestHandles {
  readonly dirs: readonly number[];
  readonly listeners: readonly number[];
}

/** The variable that names the first listening descriptor. */
export const LISTEN_VARIABLE = "REPLRT_LISTEN_FD";

/** The guest's whole environment. */
export function environOf({ env, dirs, listeners }: GuestConfig): string[] {
  return listeners === 0
    ? [...env]
    : [...env, `${LISTEN_VARIABLE}=${3 + dirs.length}`];
}
