import { setU64 } from "../../bytes/layout.ts";
import { MessageHeader, messageSize } from "../../engine/message.ts";
import type { Stream } from "../../wasi-intercept/descriptors.ts";
import { Errno } from "../../wasi-intercept/errno.ts";
import { collect } from "../../wasi-intercept/iovec.ts";
import type { Outputs } from "../../wasi-intercept/kernel.ts";
import type { GuestMemory } from "../../wasi-intercept/memory.ts";
import type { Ring } from "../ring.ts";
import { Local, PERMIT_SLOT, QUEUE_LIMIT, StreamOp } from "./local.ts";
import type { Slots } from "./slots.ts";

/** The outputs of a node that replicates: they queue in the outbox until main is told to release them. */
export class QueuedOutputs implements Outputs {
  readonly #outbox: Ring;
  readonly #slots: Slots;
  /** Number of the message at hand; 0 on a primary, whose main isolate numbers the records. */
  readonly #seq: () => number;
  readonly #flush: () => void;
  readonly #urge: () => void;

  constructor(
    outbox: Ring,
    slots: Slots,
    seq: () => number,
    flush: () => void,
    urge: () => void,
  ) {
    this.#outbox = outbox;
    this.#slots = slots;
    this.#seq = seq;
    this.#flush = flush;
    this.#urge = urge;
  }

  limit(): number {
    return Infinity;
  }

  accept(stream: Stream, size: number): number {
    const failure = this.#slots.failure(stream.output);
    if (failure !== 0) return -failure;
    if (stream.handle === undefined) return -Errno.connreset;
    return this.#hasRoom(stream.output, size) ? size : -Errno.again;
  }

  #hasRoom(slot: number, size: number): boolean {
    const queued = this.#slots.queued(slot);
    return queued <= QUEUE_LIMIT / 2 || queued + size <= QUEUE_LIMIT;
  }

  push(stream: Stream, memory: GuestMemory, iovs: number, size: number): void {
    if (size === 0) return;
    this.#slots.add(stream.output, size);
    const at = this.#record(stream.output, StreamOp.bytes, size);
    collect(memory, iovs, size, this.#outbox.bytes.subarray(at, at + size));
    this.#end(size);
  }

  open(handle: number | undefined): number {
    const slot = this.#slots.allocate();
    const at = this.#record(slot, StreamOp.open, 4);
    this.#outbox.view.setInt32(at, handle ?? -1, true);
    this.#end(4);
    return slot;
  }

  close(stream: Stream): void {
    if (stream.output < 0) return;
    this.#record(stream.output, StreamOp.close, 0);
    this.#end(0);
  }

  shutdownWrite(stream: Stream): void {
    this.#record(stream.output, StreamOp.shutdown, 0);
    this.#end(0);
  }

  writable(stream: Stream): boolean {
    return stream.ended || this.#slots.failure(stream.output) !== 0 ||
      stream.handle === undefined ||
      this.#slots.queued(stream.output) <= QUEUE_LIMIT / 2;
  }

  polling(on: boolean): void {
    this.#slots.setPolling(on);
  }

  permit(): void {
    const before = this.#slots.permits;
    this.#record(PERMIT_SLOT, StreamOp.permit, 0);
    this.#end(0);
    this.#outbox.publish();
    this.#flush();
    this.#slots.waitForPermit(before);
  }

  get full(): boolean {
    return this.#slots.full;
  }

  /** Writes a record's head and gives the offset of its DATA. */
  #record(slot: number, op: number, size: number): number {
    const at = this.#outbox.reserveWaiting(messageSize(size));
    const { view } = this.#outbox;
    view.setUint32(at + MessageHeader.at.size, messageSize(size), true);
    view.setUint32(at + MessageHeader.at.method, Local.stream, true);
    view.setUint32(at + MessageHeader.at.pid, slot, true);
    view.setUint32(at + MessageHeader.at.tid, op, true);
    setU64(view, at + MessageHeader.at.seq, this.#seq());
    view.setUint32(at + MessageHeader.at.dataSize, size, true);
    return at + MessageHeader.size;
  }

  #end(size: number): void {
    this.#outbox.advance(messageSize(size));
    this.#urge();
  }
}
