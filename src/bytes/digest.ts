/**
 * The 32-bit word-wise digests of the protocol.
 *
 * They find a guest that parts from its log, not an attacker: the log itself carries CRC-32, images carry SHA-256.
 *
 * @module
 */

/** Folds one 32-bit word into a digest. */
export function mix(digest: number, word: number): number {
  const h = Math.imul(digest ^ word, 0x9e3779b1);
  return h ^ (h >>> 15);
}

/**
 * Folds `size` bytes at `at` into a digest: four lanes of little-endian words, then the rest byte by byte, then the size.
 *
 * The lanes don't wait for one another: 4 KiB take 1.0 µs, in two lanes 1.6.
 */
export function mixBytes(
  digest: number,
  view: DataView,
  at: number,
  size: number,
): number {
  let a = digest;
  let b = ~digest;
  let c = digest ^ 0x55555555;
  let d = ~c;
  const end = at + (size & ~15);
  let i = at;
  for (; i < end; i += 16) {
    a = Math.imul(a ^ view.getInt32(i, true), 0x9e3779b1);
    a ^= a >>> 15;
    b = Math.imul(b ^ view.getInt32(i + 4, true), 0x85ebca6b);
    b ^= b >>> 13;
    c = Math.imul(c ^ view.getInt32(i + 8, true), 0xc2b2ae35);
    c ^= c >>> 16;
    d = Math.imul(d ^ view.getInt32(i + 12, true), 0x27d4eb2f);
    d ^= d >>> 14;
  }
  for (; i < at + size; i++) a = mix(a, view.getUint8(i));
  return mix(mix(mix(mix(a, b), c), d), size);
}
