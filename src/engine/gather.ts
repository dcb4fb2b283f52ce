/**
 * Putting batches in order: duplicates are cut away, early ones are kept for a while.
 *
 * @module
 */
import { type Batch, cutFrom, nextOf } from "./batch.ts";

/** Early batches kept at most: bytes, and how many. */
const EARLY_BYTES = 8 << 20;
const EARLY_COUNT = 1024;

/** Gives every message exactly once and in order, whatever comes in. */
export class Gather {
  #next: number;
  #early: Batch[] = [];
  #bytes = 0;

  constructor(next: number) {
    this.#next = next;
  }

  /** The first number it lacks. */
  get next(): number {
    return this.#next;
  }

  /** Batches after a gap are waiting. */
  get gap(): boolean {
    return this.#early.length > 0;
  }

  /** Takes a batch; gives what is next in order, without a message that was given before. */
  take(batch: Batch): Batch[] {
    if (batch.first > this.#next) {
      this.#keep(batch);
      return [];
    }
    const ready: Batch[] = [];
    this.#give(batch, ready);
    while (ready.length > 0) {
      const at = this.#early.findIndex((early) => early.first <= this.#next);
      if (at < 0) break;
      const [early] = this.#early.splice(at, 1);
      if (early === undefined) break;
      this.#bytes -= early.bytes.byteLength;
      this.#give(early, ready);
    }
    return ready;
  }

  #give(batch: Batch, ready: Batch[]): void {
    if (nextOf(batch) <= this.#next) return;
    ready.push(cutFrom(batch, this.#next));
    this.#next = nextOf(batch);
  }

  #keep(batch: Batch): void {
    const known = this.#early.some((early) =>
      early.first === batch.first && early.count >= batch.count
    );
    const bytes = this.#bytes + batch.bytes.byteLength;
    const full = bytes > EARLY_BYTES || this.#early.length >= EARLY_COUNT;
    if (known || full) return;
    this.#early.push(batch);
    this.#bytes = bytes;
  }
}
