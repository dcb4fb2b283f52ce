import { assert } from "../bytes/assert.ts";

/** Words of the control block, each on a cache line of its own. */
const HEAD = 0, TAIL = 16, READER_SLEEPS = 32, WRITER_SLEEPS = 48, WAKES = 64;
const CONTROL_BYTES = 320;

/** Least bytes that stay free, so that a full ring is not taken for an empty one. */
const GAP = 8;

/** Method id of a record that fills the ring up to its end; it has only the fields `size` and `method` of a message. */
export const PAD = 0xffff;

/**
 * A ring of records between two threads, one writes and one reads: a record is a multiple of 8 bytes and starts with its
 * size (u32) and method (u16), as a message does. Records are contiguous; nothing is allocated.
 *
 * Positions are byte offsets. The writer fills reserved places and publishes them together; the reader peeks at a span of whole records and
 * consumes it. A thread may wait (`Atomics.wait`, in Workers) or be told (`Atomics.waitAsync`, in the main isolate).
 */
export class Ring {
  readonly shared: SharedArrayBuffer;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly view: DataView<ArrayBuffer>;
  readonly capacity: number;
  readonly #control: Int32Array;
  /** The writer's own end: what lies between HEAD and here is written, but not published. */
  #written = 0;
  /** TAIL as the last {@linkcode reserve} saw it: a wait for room waits for another. */
  #seen = 0;

  constructor(shared: SharedArrayBuffer) {
    this.shared = shared;
    this.capacity = shared.byteLength - CONTROL_BYTES;
    this.#control = new Int32Array(shared, 0, CONTROL_BYTES / 4);
    // The type of a view over shared memory is of no use here: every API in use takes both.
    const buffer = shared as unknown as ArrayBuffer;
    this.bytes = new Uint8Array(buffer, CONTROL_BYTES, this.capacity);
    this.view = new DataView(buffer, CONTROL_BYTES, this.capacity);
  }

  /** Makes a ring of `capacity` bytes, a multiple of 8. */
  static of(capacity: number): Ring {
    return new Ring(new SharedArrayBuffer(CONTROL_BYTES + capacity));
  }

  /** A place for a record of up to `size` bytes, or -1 while there is none. */
  reserve(size: number): number {
    if (size > this.capacity / 2) {
      assert(false, `a record of ${size} bytes is too long for the ring`);
    }
    const head = this.#written;
    const tail = Atomics.load(this.#control, TAIL);
    this.#seen = tail;
    if (head < tail) return tail - head - GAP >= size ? head : -1;
    if (this.capacity - head - (tail === 0 ? GAP : 0) >= size) return head;
    if (tail - GAP < size) return -1;
    this.view.setUint32(head, this.capacity - head, true);
    this.view.setUint16(head + 4, PAD, true);
    this.#written = 0;
    return 0;
  }

  /** As {@linkcode reserve}, but waits for room. Not for the main isolate. */
  reserveWaiting(size: number): number {
    for (;;) {
      const at = this.reserve(size);
      if (at >= 0) return at;
      Atomics.store(this.#control, WRITER_SLEEPS, 1);
      this.wakeReader();
      Atomics.wait(this.#control, TAIL, this.#seen);
      Atomics.store(this.#control, WRITER_SLEEPS, 0);
    }
  }

  /** Ends a record of `size` bytes in the reserved place. */
  advance(size: number): void {
    const head = this.#written + size;
    this.#written = head === this.capacity ? 0 : head;
  }

  /** Makes all ended records visible to the reader. */
  publish(): void {
    Atomics.store(this.#control, HEAD, this.#written);
  }

  /** Wakes a reader that sleeps, or is about to: the wakes are counted, since one without a record behind it leaves HEAD as it was. */
  wakeReader(): void {
    if (Atomics.exchange(this.#control, READER_SLEEPS, 0) === 1) {
      Atomics.add(this.#control, WAKES, 1);
      Atomics.notify(this.#control, WAKES);
    }
  }

  /** Start of what can be read. */
  get tail(): number {
    return this.#control[TAIL]!;
  }

  /** End of the contiguous span of records that starts at {@linkcode tail}; equal to it when there is none. */
  spanEnd(): number {
    const head = Atomics.load(this.#control, HEAD);
    return head >= this.tail ? head : this.capacity;
  }

  /** Gives the writer the place up to `end` back. */
  consume(end: number): void {
    Atomics.store(this.#control, TAIL, end === this.capacity ? 0 : end);
    if (Atomics.load(this.#control, WRITER_SLEEPS) === 1) {
      Atomics.notify(this.#control, TAIL);
    }
  }

  /** Waits until there is something to read. Not for the main isolate. */
  waitReadable(): void {
    for (;;) {
      const wakes = this.#beforeSleep();
      if (wakes === undefined) return;
      Atomics.wait(this.#control, WAKES, wakes);
    }
  }

  /** Resolves when there is, or is about to be, something to read. */
  async readable(): Promise<void> {
    const wakes = this.#beforeSleep();
    if (wakes === undefined) return;
    await Atomics.waitAsync(this.#control, WAKES, wakes).value;
  }

  /** Says that the reader sleeps; gives the count of wakes before that, undefined when there is something to read. */
  #beforeSleep(): number | undefined {
    const wakes = Atomics.load(this.#control, WAKES);
    if (this.#hasRecords()) return undefined;
    Atomics.store(this.#control, READER_SLEEPS, 1);
    return this.#hasRecords() ? undefined : wakes;
  }

  /** Whether the reader has consumed all that is published. */
  get empty(): boolean {
    return !this.#hasRecords();
  }

  #hasRecords(): boolean {
    return Atomics.load(this.#control, HEAD) !== this.tail;
  }

  /** Resolves when the reader has consumed something since the last {@linkcode reserve}. One call at a time. */
  async consumed(): Promise<void> {
    Atomics.store(this.#control, WRITER_SLEEPS, 1);
    await Atomics.waitAsync(this.#control, TAIL, this.#seen).value;
    Atomics.store(this.#control, WRITER_SLEEPS, 0);
  }
}
