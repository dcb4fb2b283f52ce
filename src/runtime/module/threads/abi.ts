/** What a rewritten module and the runtime that drives its threads agree on. @module */

/** The import that starts a thread (wasi-threads). */
export const SPAWN = { module: "wasi", name: "thread-spawn" } as const;

/** The exported function that a thread starts in (wasi-threads). */
export const THREAD_START = "wasi_thread_start";

/** Names of what a rewritten module exports besides its own. */
export const Exported = {
  /** A table of functions, one for each {@linkcode Hook}; the runtime fills it after instantiation. */
  hooks: "replrt:hooks",
  /** A mutable i32 global: what is left of the thread's quantum. The runtime sets it after instantiation. */
  quantum: "replrt:quantum",
  /** The module's start function, if it has one: `() -> ()`. It no longer runs by itself. */
  start: "replrt:start",
} as const;

/** Places in the table of hooks. */
export const Hook = {
  /** `() -> i32`: the quantum is used up; gives the next one, 1 or more. */
  yield: 0,
  /**
   * `(address i32, timeout i64) -> i32`: parks the thread, for so many ns, or for ever if negative. Gives 0 when it was
   * woken, 2 when the time was over, and {@linkcode TRAP} to have it trap.
   */
  wait: 1,
  /** `(address i32, count i32) -> i32`: wakes so many, an unsigned number, and gives how many it woke. */
  notify: 2,
  /** `() -> ()`: memory 0 has grown. */
  grown: 3,
} as const;

/** How many hooks there are. */
export const HOOKS = 4;

/** What {@linkcode Hook.wait} gives so that the thread executes `unreachable`. */
export const TRAP = -1;
