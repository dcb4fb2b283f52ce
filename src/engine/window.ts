/**
 * The recent log in memory.
 *
 * @module
 */
import { type Batch, cutFrom, nextOf } from "./batch.ts";

/** What a batch costs besides its bytes. */
const BATCH_COST = 256;

/** Consecutive batches, the newest kept; what is dropped from its start is on disk. */
export class Window {
  #batches: (Batch | undefined)[] = [];
  #start = 0;
  #size = 0;
  #next: number;

  /** An empty window at the end of a log whose next number is `next`. */
  constructor(next: number) {
    this.#next = next;
  }

  /** The first number after the window. */
  get next(): number {
    return this.#next;
  }

  /** The first number it holds; `next` when it is empty. */
  get first(): number {
    return this.#batches[this.#start]?.first ?? this.#next;
  }

  /** Bytes in memory, with what the batches cost themselves. */
  get size(): number {
    return this.#size;
  }

  /** Adds a batch that starts at `next`. */
  push(batch: Batch): void {
    this.#batches.push(batch);
    this.#size += batch.bytes.byteLength + BATCH_COST;
    this.#next = nextOf(batch);
  }

  /** Drops the oldest batches until `bytes` are kept, but none with a number at or above `needed`. */
  trim(bytes: number, needed: number): void {
    while (this.#size > bytes) {
      const batch = this.#batches[this.#start];
      if (batch === undefined || nextOf(batch) > needed) break;
      this.#size -= batch.bytes.byteLength + BATCH_COST;
      this.#batches[this.#start++] = undefined;
    }
    if (this.#start > 64 && this.#start * 2 > this.#batches.length) {
      this.#batches = this.#batches.slice(this.#start);
      this.#start = 0;
    }
  }

  /** The messages from `number` to the end of the batch that holds it; `undefined` when memory does not. */
  from(number: number): Batch | undefined {
    if (number < this.first || number >= this.#next) return undefined;
    let low = this.#start;
    let high = this.#batches.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#batches[middle] as Batch).first <= number) low = middle;
      else high = middle - 1;
    }
    return cutFrom(this.#batches[low] as Batch, number);
  }
}
