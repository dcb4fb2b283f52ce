/** Randomness: `random_get`. @module */
import { Errno } from "./errno.ts";
import { bytes } from "./outcome.ts";
import { syscall } from "./syscall.ts";

/** Above so many bytes the outcome is a seed, from which every node makes the same bytes. */
const LONGEST_LOGGED = 4096;

const SEED_SIZE = 32;

/**
 * Fills `buf` with random bytes. Errors: `fault` if it leaves memory; nothing is drawn then. Logs: the bytes, or for many of
 * them the seed of a cipher.
 */
export const random_get = syscall({
  name: "random_get",
  id: 297,
  effect: "input",
  params: [["buf", "u32"], ["buf_len", "u32"]],
  outcome: ({ args }) => [
    bytes(Number(args.buf_len) > LONGEST_LOGGED ? "seed" : "bytes"),
  ],
  check: (k, buf, buf_len) =>
    k.memory.fits(buf, buf_len) ? Errno.success : Errno.fault,
  execute(k, _buf, buf_len) {
    k.data.size = buf_len > LONGEST_LOGGED ? SEED_SIZE : buf_len;
    return k.host.random(k.data.slice(0, k.data.size));
  },
  commit(k, buf, buf_len) {
    const logged = k.data.slice(0, k.data.size);
    if (buf_len > LONGEST_LOGGED) {
      k.host.expand(logged, k.memory.slice(buf, buf_len));
    } else k.memory.write(buf, logged);
    return Errno.success;
  },
});
