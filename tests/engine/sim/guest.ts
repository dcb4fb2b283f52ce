/**
 * The model guest: its outputs are a function of all messages before them, so a lost, doubled or misplaced message shows.
 *
 * @module
 */
import { setU64 } from "../../../src/bytes/layout.ts";
import { type Batch, viewOf } from "../../../src/engine/batch.ts";
import {
  Control,
  MessageHeader,
  messageSize,
} from "../../../src/engine/message.ts";
import { mix } from "./random.ts";
import { Breach } from "./world.ts";

/** Method of a message whose value the world gave. */
export const INPUT = 256;
/** Method of a message whose value leaves the node. */
export const OUTPUT = 257;

const SIZE = messageSize(8);

/** What a message is to the checkers. */
export interface Content {
  readonly method: number;
  readonly value: number;
}

/** Makes messages and checks those it is given. */
export class Guest {
  #state = 1;
  ended = false;

  /** Makes `inputs.length` messages from number `first` on: each an input with that value, or (undefined) an output. */
  make(
    first: number,
    inputs: readonly (number | undefined)[],
    last?: number,
  ): Batch {
    const count = inputs.length + (last === undefined ? 0 : 1);
    const bytes = new Uint8Array(count * SIZE);
    const view = viewOf(bytes);
    inputs.forEach((input, i) => {
      const value = input ?? mix(this.#state, first + i);
      this.#state = mix(this.#state, value);
      const method = input === undefined ? OUTPUT : INPUT;
      put(view, i * SIZE, first + i, method, value);
    });
    if (last !== undefined) {
      put(view, inputs.length * SIZE, first + count - 1, last, 0);
      this.ended = last === Control.processExit;
    }
    return { first, count, bytes };
  }

  /** Follows one message of the log. */
  follow(seq: number, { method, value }: Content): void {
    if (this.ended && method >= INPUT) {
      throw new Breach(`message ${seq} follows the end`);
    }
    if (method === OUTPUT && value !== mix(this.#state, seq)) {
      throw new Breach(`output ${seq} differs from what the guest makes there`);
    }
    if (method >= INPUT) this.#state = mix(this.#state, value);
    if (method === Control.processExit) this.ended = true;
  }
}

function put(
  view: DataView,
  at: number,
  seq: number,
  method: number,
  value: number,
): void {
  view.setUint32(at + MessageHeader.at.size, SIZE, true);
  view.setUint16(at + MessageHeader.at.method, method, true);
  view.setUint32(at + MessageHeader.at.pid, 1, true);
  view.setUint32(at + MessageHeader.at.tid, 1, true);
  setU64(view, at + MessageHeader.at.seq, seq);
  view.setUint32(at + MessageHeader.at.dataSize, 8, true);
  view.setUint32(at + MessageHeader.size, value, true);
}

/** The messages of a batch as the checkers see them. */
export function contentsOf(batch: Batch): Content[] {
  const contents: Content[] = [];
  const view = viewOf(batch.bytes);
  for (let at = 0; at < batch.bytes.byteLength;) {
    const size = view.getUint32(at + MessageHeader.at.size, true);
    const method = view.getUint16(at + MessageHeader.at.method, true);
    let value = view.getUint32(at + MessageHeader.size, true);
    for (let i = at + 36; method < INPUT && i + 4 <= at + size; i += 4) {
      value = mix(value, view.getUint32(i, true));
    }
    contents.push({ method, value });
    at += size;
  }
  return contents;
}
