import { MAX_STREAMS } from "./local.ts";

const QUEUED = 0, STATE = 1, WORDS = 2;
const FREE = 0, OPEN = 1, FAILED = 2;

/** Behind the slots: whether the guest's poll wants to be woken, a count of open slots, a count of permits. */
const POLLING = WORDS * MAX_STREAMS, COUNT = POLLING + 1, PERMITS = POLLING + 2;

/**
 * The streams' state that guest and main isolate share: how much waits in each queue, and which have failed.
 *
 * The guest opens slots and adds what it queues; main takes away what has left, and frees the slot behind the close.
 */
export class Slots {
  readonly shared: SharedArrayBuffer;
  readonly #words: Int32Array;
  #next = 3;

  constructor(shared = new SharedArrayBuffer(4 * (PERMITS + 1))) {
    this.shared = shared;
    this.#words = new Int32Array(shared);
  }

  /** Opens slot `slot`. */
  open(slot: number): void {
    Atomics.store(this.#words, WORDS * slot + QUEUED, 0);
    Atomics.store(this.#words, WORDS * slot + STATE, OPEN);
    Atomics.add(this.#words, COUNT, 1);
  }

  /** Whether all are in use; slots 0 to 2 are never given. */
  get full(): boolean {
    return Atomics.load(this.#words, COUNT) >= MAX_STREAMS - 3;
  }

  /** Opens a free slot; there is one unless {@linkcode full}. */
  allocate(): number {
    for (;;) {
      const slot = this.#next;
      this.#next = slot + 1 < MAX_STREAMS ? slot + 1 : 3;
      if (Atomics.load(this.#words, WORDS * slot + STATE) === FREE) {
        this.open(slot);
        return slot;
      }
    }
  }

  free(slot: number): void {
    Atomics.store(this.#words, WORDS * slot + STATE, FREE);
    Atomics.sub(this.#words, COUNT, 1);
  }

  /** Marks the stream as failed: what the guest writes from now on gives `errno`. */
  fail(slot: number, errno: number): void {
    Atomics.store(this.#words, WORDS * slot + STATE, FAILED + errno);
  }

  /** The errno of a failed stream, or 0. */
  failure(slot: number): number {
    return Math.max(
      0,
      Atomics.load(this.#words, WORDS * slot + STATE) - FAILED,
    );
  }

  queued(slot: number): number {
    return Atomics.load(this.#words, WORDS * slot + QUEUED);
  }

  add(slot: number, size: number): void {
    Atomics.add(this.#words, WORDS * slot + QUEUED, size);
  }

  /** Takes `size` bytes away; gives whether the guest's poll has to be woken. */
  take(slot: number, size: number): boolean {
    Atomics.sub(this.#words, WORDS * slot + QUEUED, size);
    return Atomics.load(this.#words, POLLING) === 1;
  }

  /** How many permits the guest has been given, modulo 2^32. */
  get permits(): number {
    return Atomics.load(this.#words, PERMITS);
  }

  /** Lets the guest do what it waits for. */
  givePermit(): void {
    Atomics.add(this.#words, PERMITS, 1);
    Atomics.notify(this.#words, PERMITS);
  }

  /** Waits for the permit after the `before` that were given. Not for the main isolate. */
  waitForPermit(before: number): void {
    Atomics.wait(this.#words, PERMITS, before);
  }

  /** Says whether a poll of the guest waits for a stream to become writable. */
  setPolling(polling: boolean): void {
    Atomics.store(this.#words, POLLING, polling ? 1 : 0);
  }
}
