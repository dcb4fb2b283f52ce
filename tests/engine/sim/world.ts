/**
 * The virtual world: one clock, one queue of what happens next.
 *
 * @module
 */
import { Random } from "./random.ts";

/** A checker found a breach; the text says which. */
export class Breach extends Error {}

interface Happening {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
}

/** Clock, queue and trace of one simulation. */
export class World {
  readonly random: Random;
  /** Lines of what happened, when tracing. */
  readonly lines: string[] = [];
  readonly tracing: boolean;
  #now = 0;
  #order = 0;
  readonly #heap: Happening[] = [];

  constructor(seed: number, tracing: boolean) {
    this.random = new Random(seed);
    this.tracing = tracing;
  }

  /** Milliseconds since the start. */
  get now(): number {
    return this.#now;
  }

  /** Adds a line to the trace. */
  trace(line: () => string): void {
    if (this.tracing) {
      this.lines.push(`${this.#now.toFixed(3).padStart(9)} ${line()}`);
    }
  }

  /** Lets something happen at a time, never before now; what is for the same time happens in the order it was said. */
  at(time: number, run: () => void): void {
    const heap = this.#heap;
    const happening = {
      at: Math.max(time, this.#now),
      order: this.#order++,
      run,
    };
    let i = heap.push(happening) - 1;
    while (i > 0) {
      const up = (i - 1) >> 1;
      if (!before(happening, heap[up] as Happening)) break;
      heap[i] = heap[up] as Happening;
      i = up;
    }
    heap[i] = happening;
  }

  /** Lets something happen after a delay. */
  after(delay: number, run: () => void): void {
    this.at(this.#now + delay, run);
  }

  /** Runs until `end`. */
  run(end: number): void {
    for (;;) {
      const first = this.#heap[0];
      if (first === undefined || first.at > end) break;
      this.#pop();
      this.#now = first.at;
      first.run();
    }
    this.#now = end;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop() as Happening;
    if (heap.length === 0) return;
    let i = 0;
    for (;;) {
      let down = 2 * i + 1;
      if (down >= heap.length) break;
      const right = heap[down + 1];
      if (right !== undefined && before(right, heap[down] as Happening)) down++;
      if (!before(heap[down] as Happening, last)) break;
      heap[i] = heap[down] as Happening;
      i = down;
    }
    heap[i] = last;
  }
}

function before(a: Happening, b: Happening): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
