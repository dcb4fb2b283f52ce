/** Clocks: `clock_res_get`, `clock_time_get`. @module */
import { Errno } from "./errno.ts";
import { u64 } from "./outcome.ts";
import { syscall } from "./syscall.ts";
import { CLOCKID } from "./words.ts";

const CLOCKS = 4;

/** Writes the resolution of clock `id` in ns. Errors: `inval` for an unknown clock. Logs: the resolution. */
export const clock_res_get = syscall({
  name: "clock_res_get",
  id: 260,
  effect: "input",
  params: [["id", "u32"], ["resolution", "out", 8]],
  words: { id: CLOCKID },
  outcome: [u64("resolution", "seconds")],
  execute(k, id) {
    if (id >= CLOCKS) return Errno.inval;
    k.data.setU64(0, k.host.clockResolution(id));
    k.data.size = 8;
    return Errno.success;
  },
  commit(k, _id, resolution) {
    k.memory.setU64(resolution, k.data.u64(0));
    return Errno.success;
  },
});

/**
 * Writes the guest's clock `id` in ns: the node's clock plus the offset that a takeover fixed (rule 5).
 * Errors: `inval` for an unknown clock. Logs: the time.
 */
export const clock_time_get = syscall({
  name: "clock_time_get",
  id: 261,
  effect: "input",
  params: [["id", "u32"], ["precision", "u64"], ["time", "out", 8]],
  words: { id: CLOCKID },
  outcome: ({ args }) => [u64("time", args.id === 0 ? "date" : "seconds")],
  execute(k, id) {
    if (id >= CLOCKS) return Errno.inval;
    k.host.clock(id, k.data, 0);
    k.data.size = 8;
    return Errno.success;
  },
  commit(k, _id, _precision, time) {
    k.memory.setU32(time, k.data.u32(0));
    k.memory.setU32(time + 4, k.data.u32(4));
    return Errno.success;
  },
});
