/** The process and its scheduling: `proc_exit`, `proc_raise`, `sched_yield`. @module */
import { Errno } from "./errno.ts";
import { GuestExit } from "./kernel.ts";
import { syscall } from "./syscall.ts";
import { SIGNAL } from "./words.ts";

/**
 * Ends the process with `code`; does not return. The end is a message of its own, PROCESS_EXIT, which the runtime makes
 * for every way a guest ends, so that the call itself needs none.
 */
export const proc_exit = syscall({
  name: "proc_exit",
  id: 294,
  effect: "local",
  parks: "ends",
  params: [["code", "u32"]],
  commit(_k, code) {
    throw new GuestExit(code);
  },
});

/** Preview1 `signal`s that a process ignores by default: none, chld, cont, urg, winch. */
const IGNORED: ReadonlySet<number> = new Set([0, 16, 17, 22, 27]);
/** Those that would stop it: stop, tstp, ttin, ttou. */
const STOPS: ReadonlySet<number> = new Set([18, 19, 20, 21]);
const LAST_SIGNAL = 30;
/** From chld on, preview1 numbers signals one lower than Linux, which has STKFLT there. */
const CHLD = 16;

/**
 * Sends the process a signal. A guest has no handlers, so that the default happens: nothing, or its end with code 128 + the
 * signal's number on Linux, as a shell has it. Errors: `inval` for an unknown one; `notsup` for one that would stop it.
 */
export const proc_raise = syscall({
  name: "proc_raise",
  id: 295,
  effect: "local",
  parks: "ends",
  params: [["sig", "u32"]],
  words: { sig: SIGNAL },
  commit(_k, sig) {
    if (sig > LAST_SIGNAL) return Errno.inval;
    if (STOPS.has(sig)) return Errno.notsup;
    if (IGNORED.has(sig)) return Errno.success;
    throw new GuestExit(128 + sig + (sig < CHLD ? 0 : 1));
  },
});

/** Gives way to other threads, and to other work of the machine; not logged, since nothing of it reaches the guest. */
export const sched_yield = syscall({
  name: "sched_yield",
  id: 296,
  effect: "local",
  parks: "yields",
  params: [],
  commit(k) {
    k.waiting.giveWay();
    return Errno.success;
  },
});
