/** Numbers that look random and are the same for the same seed: xorshift with 32 bits (Marsaglia 2003). Never for secrets. */
export class Seeded {
  #state: number;

  /** `seed` is not 0. */
  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** The next number, 32 bits. */
  next(): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x >>> 0;
    return this.#state;
  }

  /** Fills `target`. */
  fill(target: Uint8Array): void {
    for (let i = 0; i < target.length; i++) target[i] = this.next() >>> 24;
  }
}
