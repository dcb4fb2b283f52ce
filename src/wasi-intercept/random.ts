/** Randomness: `random_get`. @module */
import { MAX_DATA } from "../engine/message.ts";
import { Errno } from "./errno.ts";
import { syscall } from "./syscall.ts";

/** Most bytes of one `random_get`: what is left of a message beside its arguments. */
const MAX_RANDOM = MAX_DATA - 64;

/**
 * Fills `buf` with random bytes. Errors: `fault` if it leaves memory (nothing is drawn then), `inval` for more than a
 * message holds. Logs: the bytes.
 */
export const random_get = syscall({
  name: "random_get",
  id: 297,
  effect: "input",
  params: [["buf", "u32"], ["buf_len", "u32"]],
  execute(k, buf, buf_len) {
    if (!k.memory.fits(buf, buf_len)) return Errno.fault;
    if (buf_len > MAX_RANDOM) return Errno.inval;
    k.data.size = buf_len;
    return k.host.random(k.data.slice(0, buf_len));
  },
  commit(k, buf, buf_len) {
    k.memory.write(buf, k.data.slice(0, buf_len));
    return Errno.success;
  },
});
