/** Records for tests of the ring: the same for the same seed. @module */
import { mixBytes } from "../../src/bytes/digest.ts";
import { PAD, type Ring } from "../../src/runtime/ring.ts";
import { Random } from "../kit/random.ts";

/** Method of the last record. */
export const LAST = 7;
/** Method of all others. */
const MIDDLE = 6;

/** What a thread is told to write. */
export interface Order {
  readonly seed: number;
  readonly count: number;
  /** Largest record in bytes. */
  readonly most: number;
}

/** Sizes of the records of an order: most are small, a few are as large as allowed. */
export function* sizesOf({ seed, count, most }: Order): Generator<number> {
  const random = new Random(seed);
  for (let i = 0; i < count; i++) {
    const end = random.chance(1) ? most : Math.min(most, 200);
    yield 8 + (random.below(end - 8) & ~7);
  }
}

/** Fills a record of `size` bytes at `at`; its contents follow from its number. */
export function fillRecord(
  { view }: Ring,
  at: number,
  size: number,
  number: number,
  method = MIDDLE,
): void {
  view.setUint32(at, size, true);
  view.setUint16(at + 4, method, true);
  view.setUint16(at + 6, number & 0xffff, true);
  for (let i = 8; i < size; i += 4) {
    view.setUint32(at + i, Math.imul(number + i, 0x9e3779b1), true);
  }
}

/** Reads what a ring holds, in order, and holds it against its order. */
export class RecordReader {
  readonly #ring: Ring;
  readonly #sizes: Iterator<number>;
  /** Records read. */
  count = 0;
  pads = 0;
  digest = 0;
  done = false;

  constructor(ring: Ring, order: Order) {
    this.#ring = ring;
    this.#sizes = sizesOf(order);
  }

  /** Reads one span. @throws {Error} at a record that was not written so. */
  read(): void {
    const { view } = this.#ring;
    const end = this.#ring.spanEnd();
    let at = this.#ring.tail;
    while (at < end) {
      const size = view.getUint32(at, true);
      const method = view.getUint16(at + 4, true);
      if (method === PAD) this.pads++;
      else {
        const wanted = this.#sizes.next().value as number;
        const word = view.getUint32(at + size - 4, true);
        const last = size === 8
          ? word
          : Math.imul(this.count + size - 4, 0x9e3779b1) >>> 0;
        if (size !== wanted || word !== last) {
          throw new Error(`record ${this.count} has ${size} B, not ${wanted}`);
        }
        this.digest = mixBytes(this.digest, view, at, size);
        this.count++;
        this.done = method === LAST;
      }
      at += size;
    }
    if (at !== this.#ring.tail) this.#ring.consume(at);
  }
}

/** The digest that a reader of an order ends with. */
export function digestOf(order: Order, scratch: Ring): number {
  let digest = 0, number = 0;
  for (const size of sizesOf(order)) {
    const method = number === order.count - 1 ? LAST : MIDDLE;
    fillRecord(scratch, 0, size, number++, method);
    digest = mixBytes(digest, scratch.view, 0, size);
  }
  return digest;
}
