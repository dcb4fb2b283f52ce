import { Errno } from "../wasi-intercept/errno.ts";
import type { StreamSink } from "./drain.ts";
import { STDERR_SLOT, STDOUT_SLOT, StreamOp } from "./guest/local.ts";
import type { Slots } from "./guest/slots.ts";
import { writeNow } from "./host/pipe.ts";
import { closeHandle, sendNow, shutdownWrite } from "./host/socket.ts";

/** One thing a stream does, from message `seq`. */
interface Item {
  readonly seq: number;
  readonly slot: number;
  readonly op: number;
  bytes: Uint8Array<ArrayBuffer>;
}

/** A stream's released items that have not left yet. */
interface Stream {
  readonly slot: number;
  /** -1 where this node has none: what is released to it is dropped. */
  handle: number;
  readonly waiting: Item[];
  failed: boolean;
}

/** How long a peer that takes nothing is left alone, in ms. */
const RETRY_MS = 5;

/**
 * The node's output queues (rule 9: never blocks). Items come from the guest in the order of the log, are held until
 * their release, then leave in order, each stream by itself.
 */
export class OutputQueues {
  readonly #slots: Slots;
  readonly #wakeGuest: () => void;
  readonly #streams = new Map<number, Stream>();
  /** In order of `seq`; what is before `#first` has been released. */
  #held: Item[] = [];
  #first = 0;
  #releasable = 0;
  #forgotten = 0;
  readonly #stalled = new Set<Stream>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Asked right before every write. */
  mayRelease: () => boolean = () => false;

  /** `wakeGuest` ends a guest's poll for room. */
  constructor(slots: Slots, wakeGuest: () => void) {
    this.#slots = slots;
    this.#wakeGuest = wakeGuest;
    for (const slot of [STDOUT_SLOT, STDERR_SLOT]) {
      slots.open(slot);
      this.#streams.set(slot, {
        slot,
        handle: slot,
        waiting: [],
        failed: false,
      });
    }
  }

  /** Takes an item of the guest. Opening a stream is no output and happens at once. */
  readonly add: StreamSink = (seq, slot, op, bytes) => {
    if (op === StreamOp.open) {
      const handle = new DataView(bytes.buffer, bytes.byteOffset).getInt32(
        0,
        true,
      );
      this.#streams.set(slot, { slot, handle, waiting: [], failed: false });
      return;
    }
    const item = { seq, slot, op, bytes };
    const stream = this.#streams.get(slot);
    if (seq >= this.#forgotten) this.#held.push(item);
    else if (stream !== undefined) this.#drop(stream, item);
  };

  /** Lets all items of messages below `next` leave, now and as their peers take them. */
  release(next: number): void {
    this.#releasable = Math.max(this.#releasable, next);
    const behind = new Set<Stream>();
    this.#pass(this.#releasable, (stream, item) => {
      if (stream.waiting.length > 0) behind.add(stream);
      else if (this.#leave(stream, item)) return;
      else this.#stall(stream);
      stream.waiting.push(alone(item));
    });
    for (const stream of behind) this.#send(stream);
  }

  /** Drops the bytes of messages below `next`: they left at the primary. */
  forget(next: number): void {
    this.#forgotten = Math.max(this.#forgotten, next);
    this.#pass(next, (stream, item) => this.#drop(stream, item));
  }

  /** Goes on with streams that wait. */
  retry(): void {
    this.#timer = undefined;
    const stalled = [...this.#stalled];
    this.#stalled.clear();
    for (const stream of stalled) this.#send(stream);
  }

  /**
   * The first number whose output on stdout or stderr has not left, at most `next`. Connections don't count: they die with
   * the node, and nothing of them can be released again.
   */
  left(next: number): number {
    let left = Math.min(next, this.#releasable);
    for (const slot of [STDOUT_SLOT, STDERR_SLOT]) {
      const [item] = this.#streams.get(slot)?.waiting ?? [];
      if (item !== undefined) left = Math.min(left, item.seq);
    }
    return left;
  }

  /** Whether nothing is held and nothing waits. */
  get idle(): boolean {
    return this.#first === this.#held.length && this.#stalled.size === 0;
  }

  /** Stops retrying; what waits is given up. */
  close(): void {
    clearTimeout(this.#timer);
  }

  #pass(next: number, each: (stream: Stream, item: Item) => void): void {
    for (; this.#first < this.#held.length; this.#first++) {
      const item = this.#held[this.#first]!;
      if (item.seq >= next) break;
      const stream = this.#streams.get(item.slot);
      if (stream !== undefined) each(stream, item);
    }
    if (this.#first > 1024 || this.#first === this.#held.length) {
      this.#held = this.#held.slice(this.#first);
      this.#first = 0;
    }
  }

  #send(stream: Stream): void {
    while (stream.waiting.length > 0) {
      if (!this.#leave(stream, stream.waiting[0]!)) return this.#stall(stream);
      stream.waiting.shift();
    }
  }

  /** Lets an item leave; false while it may not, or its peer takes no more. An end is seen by the peer as bytes are. */
  #leave(stream: Stream, item: Item): boolean {
    if (item.op === StreamOp.bytes && !stream.failed && stream.handle >= 0) {
      return this.#write(stream, item);
    }
    if (!this.mayRelease()) return false;
    this.#drop(stream, item);
    return true;
  }

  /** Writes an item's bytes; false while some are left. */
  #write(stream: Stream, item: Item): boolean {
    while (item.bytes.length > 0) {
      if (!this.mayRelease()) return false;
      const stdio = stream.slot <= STDERR_SLOT;
      const n = stdio
        ? writeNow(stream.handle, item.bytes)
        : sendNow(stream.handle, item.bytes);
      if (n === -Errno.again) return false;
      if (n < 0) {
        stream.failed = true;
        this.#slots.fail(stream.slot, -n);
        this.#drop(stream, item);
        return true;
      }
      item.bytes = item.bytes.subarray(n);
      this.#take(stream, n);
    }
    return true;
  }

  #take(stream: Stream, size: number): void {
    if (this.#slots.take(stream.slot, size)) this.#wakeGuest();
  }

  /** Does what an item means beside its bytes. */
  #drop(stream: Stream, item: Item): void {
    if (item.op === StreamOp.bytes) {
      this.#take(stream, item.bytes.length);
      item.bytes = item.bytes.subarray(item.bytes.length);
    } else if (item.op === StreamOp.shutdown) {
      if (stream.handle >= 0) shutdownWrite(stream.handle);
    } else {
      if (stream.handle > STDERR_SLOT) closeHandle(stream.handle);
      this.#streams.delete(stream.slot);
      this.#slots.free(stream.slot);
    }
  }

  #stall(stream: Stream): void {
    this.#stalled.add(stream);
    this.#timer ??= setTimeout(() => this.retry(), RETRY_MS);
  }
}

/** An item that may wait for long: its bytes keep no others in memory. */
function alone(item: Item): Item {
  if (item.bytes.length < item.bytes.buffer.byteLength) {
    item.bytes = item.bytes.slice();
  }
  return item;
}
