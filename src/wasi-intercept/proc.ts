/** The process and its scheduling: `proc_exit`, `sched_yield`. @module */
import { Errno } from "./errno.ts";
import { GuestExit } from "./kernel.ts";
import { syscall } from "./syscall.ts";

/**
 * Ends the process with `code`; does not return. The end is a message of its own, PROCESS_EXIT, which the runtime makes
 * for every way a guest ends, so that the call itself needs none.
 */
export const proc_exit = syscall({
  name: "proc_exit",
  id: 294,
  effect: "local",
  params: [["code", "u32"]],
  commit(_k, code) {
    throw new GuestExit(code);
  },
});

/** Gives way to other work of the machine; not logged, since nothing of it reaches the guest. */
export const sched_yield = syscall({
  name: "sched_yield",
  id: 296,
  effect: "local",
  params: [],
  commit(k) {
    k.host.yield();
    return Errno.success;
  },
});
