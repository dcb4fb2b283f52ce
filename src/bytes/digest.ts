/**
 * The 32-bit digests of the protocol.
 *
 * They find a guest that parts from its log, not an attacker: the log itself carries CRC-32, images carry SHA-256.
 *
 * @module
 */

const A = 0x9e3779b1, B = 0x85ebca6b, C = 0xc2b2ae35, D = 0x27d4eb2f;

/** What lane `n` multiplies by, by `n % 4`. */
export const FACTORS = Int32Array.of(A, B, C, D);

/** What the digest so far is mixed with for the start of lane `n`, by `n % 4`. */
export const STARTS = Int32Array.of(0, -1, 0x55555555, ~0x55555555);

/** By how many bits a product is shifted, to be mixed with itself, where there are no lanes. */
export const SHIFT = 15;

/** By how many bits the lanes of stripes are shifted: another number for each four, else the same change in two would cancel out. */
export const SHIFTS = Int32Array.of(19, 18, 17, 16, 15, 14, 13, 12);

/** The same for the four lanes of what is left behind the stripes. */
export const REST_SHIFTS = [15, 13, 16, 14] as const;
const [SHIFT_A, SHIFT_B, SHIFT_C, SHIFT_D] = REST_SHIFTS;

const LANES = 32;

/** Bytes of a stripe: a word for each of 32 lanes. */
export const STRIPE = 4 * LANES;

/** So many bytes and more are read in stripes; for fewer, as many lanes cost more than they save. */
export const STRIPED = 2 * STRIPE;

/** Folds one 32-bit word into a digest. */
export function mix(digest: number, word: number): number {
  const h = Math.imul(digest ^ word, A);
  return h ^ (h >>> SHIFT);
}

/**
 * Folds `size` bytes at `at`, less than 2^31, into a digest: the {@linkcode stripedOf} of them as {@linkcode mixStripes}
 * does, then the rest as {@linkcode mixRest}.
 */
export function mixBytes(
  digest: number,
  view: DataView,
  at: number,
  size: number,
): number {
  const striped = stripedOf(size);
  const start = striped === 0 ? digest : mixStripes(digest, view, at, striped);
  return mixRest(start, view, at + striped, size - striped);
}

/** How many of `size` bytes are read in stripes: all whole ones, from {@linkcode STRIPED} on. */
export function stripedOf(size: number): number {
  return size < STRIPED ? 0 : size & -STRIPE;
}

/**
 * Folds whole stripes, one at least, into a digest. Lane `n` takes the little-endian word `n` of each; it starts as the
 * digest, its start and the first factor times `n >> 2`, mixed. Then the upper half of the lanes is folded into the lower, until
 * four are left; these and the size are folded into one.
 *
 * `stripesOf` makes the same, six times as fast, for the memory of a guest.
 */
export function mixStripes(
  digest: number,
  view: DataView,
  at: number,
  size: number,
): number {
  const lanes = Int32Array.from({ length: LANES }, (_, n) => {
    return digest ^ STARTS[n & 3]! ^ Math.imul(n >> 2, A);
  });
  for (let i = at; i < at + size; i += STRIPE) {
    for (let n = 0; n < LANES; n++) {
      mixLane(lanes, n, view.getInt32(i + 4 * n, true));
    }
  }
  for (let half = LANES / 2; half >= 4; half /= 2) {
    for (let n = 0; n < half; n++) mixLane(lanes, n, lanes[n + half]!);
  }
  const [a, b, c, d] = lanes as unknown as [number, number, number, number];
  return mix(mix(mix(mix(a, b), c), d), size);
}

function mixLane(lanes: Int32Array, n: number, word: number): void {
  const h = Math.imul(lanes[n]! ^ word, FACTORS[n & 3]!);
  lanes[n] = h ^ (h >>> SHIFTS[n >> 2]!);
}

/** Folds what is less than {@linkcode STRIPED} into a digest: four lanes of words, then words, then bytes, then the size. */
export function mixRest(
  digest: number,
  view: DataView,
  at: number,
  size: number,
): number {
  let a = digest;
  let b = ~digest;
  let c = digest ^ 0x55555555;
  let d = ~c;
  const fours = at + (size & -16), words = at + (size & -4), end = at + size;
  let i = at;
  for (; i < fours; i += 16) {
    a = Math.imul(a ^ view.getInt32(i, true), A);
    a ^= a >>> SHIFT_A;
    b = Math.imul(b ^ view.getInt32(i + 4, true), B);
    b ^= b >>> SHIFT_B;
    c = Math.imul(c ^ view.getInt32(i + 8, true), C);
    c ^= c >>> SHIFT_C;
    d = Math.imul(d ^ view.getInt32(i + 12, true), D);
    d ^= d >>> SHIFT_D;
  }
  for (; i < words; i += 4) a = mix(a, view.getInt32(i, true));
  for (; i < end; i++) a = mix(a, view.getUint8(i));
  return mix(mix(mix(mix(a, b), c), d), size);
}
