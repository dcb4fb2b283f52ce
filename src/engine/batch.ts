/**
 * Batches: the unit of work of the engine, thousands of messages at a time.
 *
 * @module
 */
import { assert } from "../bytes/assert.ts";
import { setU64 } from "../bytes/layout.ts";
import { FIRST_SYSCALL, MessageHeader, messageSize } from "./message.ts";

/** Messages back to back, numbered `first`, `first + 1`, … Its bytes are never changed once it is made. */
export interface Batch {
  readonly first: number;
  readonly count: number;
  readonly bytes: Uint8Array;
}

/** A view of the bytes of a batch. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The first number after the batch. */
export function nextOf(batch: Batch): number {
  return batch.first + batch.count;
}

/** Offset of message `number`; walks the messages before it. */
export function offsetOf(batch: Batch, number: number): number {
  const view = viewOf(batch.bytes);
  let at = 0;
  for (let n = batch.first; n < number; n++) {
    at += view.getUint32(at + MessageHeader.at.size, true);
  }
  return at;
}

/** The messages from number `from` on, which the batch must hold; shares the bytes. */
export function cutFrom(batch: Batch, from: number): Batch {
  if (from === batch.first) return batch;
  assert(from > batch.first && from < nextOf(batch), "cut outside a batch");
  return {
    first: from,
    count: nextOf(batch) - from,
    bytes: batch.bytes.subarray(offsetOf(batch, from)),
  };
}

/** A control message in a batch: which method, which number, and its DATA. */
export interface ControlMessage {
  readonly method: number;
  readonly seq: number;
  readonly data: Uint8Array;
}

/** The control messages of a batch; one pass over the heads. */
export function controlsOf(batch: Batch): ControlMessage[] {
  const found: ControlMessage[] = [];
  const view = viewOf(batch.bytes);
  const end = batch.bytes.byteLength;
  let seq = batch.first;
  for (let at = 0; at < end; seq++) {
    const method = view.getUint16(at + MessageHeader.at.method, true);
    if (method < FIRST_SYSCALL) {
      const data = at + MessageHeader.size;
      const size = view.getUint32(at + MessageHeader.at.dataSize, true);
      found.push({
        method,
        seq,
        data: batch.bytes.subarray(data, data + size),
      });
    }
    at += view.getUint32(at + MessageHeader.at.size, true);
  }
  assert(seq === nextOf(batch), "a batch has another count than it says");
  return found;
}

/** A batch of one control message (pid 0, tid 0) with number `seq`. */
export function controlBatch(
  method: number,
  seq: number,
  data: Uint8Array,
): Batch {
  const bytes = new Uint8Array(messageSize(data.byteLength));
  const view = viewOf(bytes);
  view.setUint32(MessageHeader.at.size, bytes.byteLength, true);
  view.setUint16(MessageHeader.at.method, method, true);
  setU64(view, MessageHeader.at.seq, seq);
  view.setUint32(MessageHeader.at.dataSize, data.byteLength, true);
  bytes.set(data, MessageHeader.size);
  return { first: seq, count: 1, bytes };
}
