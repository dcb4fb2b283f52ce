/** A seeded generator (a 32-bit counter through a mixing function); the same seed gives the same numbers everywhere. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = mix(seed >>> 0, 0x9e3779b9);
  }

  /** A u32. */
  u32(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    return mix(this.#state, 0x85ebca6b);
  }

  /** An integer of `low`…`high`, both included. */
  int(low: number, high: number): number {
    return low + this.u32() % (high - low + 1);
  }

  /** A number of `low`…`high`. */
  real(low: number, high: number): number {
    return low + (high - low) * (this.u32() / 0x1_0000_0000);
  }

  /** True in `share` of all cases. */
  chance(share: number): boolean {
    return this.u32() < share * 0x1_0000_0000;
  }

  /** One of `choices`. */
  pick<T>(choices: readonly T[]): T {
    return choices[this.u32() % choices.length] as T;
  }
}

/** A u32 that depends on every bit of both. */
export function mix(a: number, b: number): number {
  let x = (a ^ Math.imul(b, 0x9e3779b1)) >>> 0;
  x = Math.imul(x ^ (x >>> 16), 0x21f0aaad);
  x = Math.imul(x ^ (x >>> 15), 0x735a2d97);
  return (x ^ (x >>> 15)) >>> 0;
}
