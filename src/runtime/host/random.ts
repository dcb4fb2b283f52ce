import { createCipheriv } from "node:crypto";
import { Errno } from "../../wasi-intercept/errno.ts";
import { result } from "./errno.ts";
import { libc } from "./libc.ts";

/** Bytes drawn at once; what is larger than a quarter of them is drawn by itself. */
const POOL_SIZE = 4096;

/** The kernel's random bytes, drawn in advance since a call of getrandom(2) costs more than small requests do; each is given once and wiped. */
export class RandomPool {
  readonly #bytes = new Uint8Array(POOL_SIZE);
  #at = POOL_SIZE;

  /** Fills `target`; gives 0, or the errno where the kernel has none. */
  fill(target: Uint8Array<ArrayBuffer>): number {
    if (target.length > POOL_SIZE / 4) return draw(target);
    if (this.#at + target.length > POOL_SIZE) {
      const errno = draw(this.#bytes);
      if (errno !== Errno.success) return errno;
      this.#at = 0;
    }
    const end = this.#at + target.length;
    target.set(this.#bytes.subarray(this.#at, end));
    this.#bytes.fill(0, this.#at, end);
    this.#at = end;
    return Errno.success;
  }
}

function draw(target: Uint8Array<ArrayBuffer>): number {
  for (let rest = target; rest.length > 0;) {
    const n = result(libc.getrandom(rest, BigInt(rest.length), 0));
    if (n < 0 && n !== -Errno.intr) return -n;
    rest = rest.subarray(Math.max(n, 0));
  }
  return Errno.success;
}

const CIPHER = "aes-256-ctr";
const ZEROES = new Uint8Array(1 << 16);

/** Fills `target` with the key stream of AES-256 in counter mode (NIST SP 800-38A) for the key `seed`, 32 bytes, from counter 0. */
export function expandSeed(seed: Uint8Array, target: Uint8Array): void {
  const cipher = createCipheriv(CIPHER, seed, new Uint8Array(16));
  for (let at = 0; at < target.length; at += ZEROES.length) {
    const size = Math.min(ZEROES.length, target.length - at);
    target.set(cipher.update(ZEROES.subarray(0, size)), at);
  }
}
