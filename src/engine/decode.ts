/**
 * Reading frames: from whole bytes, and from a stream that cuts them anywhere. Nothing here throws or trusts its input.
 *
 * @module
 */
import { getU64 } from "../bytes/layout.ts";
import { viewOf } from "./batch.ts";
import {
  AckBody,
  type Body,
  checksumOf,
  DataBody,
  decodeValue,
  type Frame,
  FRAME_KINDS,
  FRAME_MAGIC,
  FrameHeader,
  type FrameKind,
  HeartbeatBody,
  MAX_BODY,
  NextBody,
  NonceBody,
  PROTOCOL_VERSION,
  type ValueKind,
} from "./frame.ts";
import { MessageHeader, messageProblem } from "./message.ts";

const KIND_BY_NUMBER = new Map<number, FrameKind>(
  Object.entries(FRAME_KINDS).map((
    [name, row],
  ) => [row[0], name as FrameKind]),
);

/** Bytes of the frame whose first bytes stand at `at` (a whole head), or why there is none. */
export function frameSize(view: DataView, at: number): number | string {
  const magic = view.getUint32(at, true);
  if (magic !== FRAME_MAGIC) {
    return `the magic is ${magic.toString(16)}, not ${
      FRAME_MAGIC.toString(16)
    }`;
  }
  const version = view.getUint8(at + FrameHeader.at.version);
  if (version !== PROTOCOL_VERSION) {
    return `the protocol version is ${version}, not ${PROTOCOL_VERSION}`;
  }
  const size = view.getUint32(at + FrameHeader.at.size, true);
  return size >= FrameHeader.size && size <= FrameHeader.size + MAX_BODY
    ? size
    : `a frame of ${size} bytes is impossible`;
}

/** Decodes the bytes of one frame, whole and exact, or says why they are none. Batches share the bytes. */
export function decodeFrame(bytes: Uint8Array): Frame | string {
  const view = viewOf(bytes);
  if (bytes.byteLength < FrameHeader.size) return "the head is not whole";
  const size = frameSize(view, 0);
  if (typeof size === "string") return size;
  if (size !== bytes.byteLength) return "the frame is not whole";
  if (view.getUint32(FrameHeader.at.checksum, true) !== checksumOf(bytes)) {
    return "the checksum does not fit";
  }
  const number = view.getUint8(FrameHeader.at.kind);
  const kind = KIND_BY_NUMBER.get(number);
  if (kind === undefined) return `kind ${number} is unknown`;
  const body = decodeBody(kind, bytes.subarray(FrameHeader.size));
  if (typeof body === "string") return `in a ${kind} frame, ${body}`;
  return {
    run: {
      low: view.getUint32(FrameHeader.at.runLow, true),
      high: view.getUint32(FrameHeader.at.runHigh, true),
    },
    epoch: {
      number: view.getUint32(FrameHeader.at.epoch, true),
      node: view.getUint32(FrameHeader.at.epochNode, true),
    },
    clocks: clocksOf(kind, bytes),
    body,
  };
}

function clocksOf(kind: FrameKind, bytes: Uint8Array): Uint8Array | undefined {
  if (kind !== "data" && kind !== "heartbeat") return undefined;
  const at = FrameHeader.size + DataBody.at.realtimeLow;
  return bytes.subarray(at, at + 24);
}

function decodeBody(kind: FrameKind, bytes: Uint8Array): Body | string {
  const view = viewOf(bytes);
  switch (kind) {
    case "data":
      return decodeData(view, bytes);
    case "heartbeat": {
      if (bytes.byteLength !== HeartbeatBody.size) return "the size is wrong";
      const { next, end, released, sent } = HeartbeatBody.read(view, 0);
      return bounded({ kind, next, end, released, sent });
    }
    case "ack": {
      if (bytes.byteLength !== AckBody.size) return "the size is wrong";
      return bounded({ kind, ...AckBody.read(view, 0) });
    }
    case "nak":
    case "bye":
      if (bytes.byteLength !== NextBody.size) return "the size is wrong";
      return bounded({ kind, next: getU64(view, 0) });
    case "ping":
    case "pong":
      if (bytes.byteLength !== NonceBody.size) return "the size is wrong";
      return { kind, nonce: view.getUint32(0, true) };
    case "leave":
      return decodeLeave(bytes);
    default:
      return decodeAny(kind, bytes);
  }
}

function decodeAny(kind: ValueKind, bytes: Uint8Array): Body | string {
  const decoded = decodeValue(bytes);
  return decoded === undefined
    ? "the body is no CBOR"
    : { kind, value: decoded.value };
}

function decodeLeave(bytes: Uint8Array): Body | string {
  const value = decodeValue(bytes)?.value;
  const reason = typeof value === "object" && value !== null
    ? (value as { reason?: unknown }).reason
    : undefined;
  return typeof reason === "string"
    ? { kind: "leave", reason: reason.slice(0, 1000) }
    : "the reason is missing";
}

function bounded<T extends Body>(body: T): T | string {
  for (const value of Object.values(body)) {
    if (value === Infinity) return "a number is above 2^53";
  }
  return body;
}

function decodeData(view: DataView, bytes: Uint8Array): Body | string {
  if (bytes.byteLength < DataBody.size) return "the size is wrong";
  const first = getU64(view, DataBody.at.first);
  const count = view.getUint32(DataBody.at.count, true);
  const released = getU64(view, DataBody.at.released);
  if (first === Infinity || released === Infinity) {
    return "a number is above 2^53";
  }
  const end = bytes.byteLength;
  let at: number = DataBody.size;
  let seq = first;
  for (; at < end; seq++) {
    const problem = messageProblem(view, at, end);
    if (problem !== undefined) return `message ${seq} is bad: ${problem}`;
    const given = getU64(view, at + MessageHeader.at.seq);
    if (given !== seq) return `message ${given} stands where ${seq} should`;
    at += view.getUint32(at + MessageHeader.at.size, true);
  }
  if (count === 0 || seq - first !== count) {
    return `${seq - first} messages stand where ${count} should`;
  }
  const messages = bytes.subarray(DataBody.size);
  return { kind: "data", released, batch: { first, count, bytes: messages } };
}

/**
 * Gets whole frames out of a stream. Once `problem` is set the stream is garbage and gives nothing more.
 *
 * A frame that lies whole in a pushed chunk shares its bytes (so a chunk must not be changed later); others are
 * gathered in a buffer of at most one frame.
 */
export class FrameReader {
  #problem: string | undefined;
  #held = new Uint8Array(0);
  #length = 0;

  /** Why the stream is garbage. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** Takes the next bytes of the stream; gives the frames that became whole. */
  push(chunk: Uint8Array): Frame[] {
    const frames: Frame[] = [];
    let at = 0;
    while (this.#problem === undefined && at < chunk.byteLength) {
      if (this.#length === 0) {
        const whole = this.#whole(chunk, at);
        if (whole > 0) this.#decode(chunk.subarray(at, at + whole), frames);
        else this.#keep(chunk.subarray(at), FrameHeader.size);
        at = whole > 0 ? at + whole : chunk.byteLength;
      } else at += this.#complete(chunk.subarray(at), frames);
    }
    return frames;
  }

  /** Bytes of the frame at `at` if the chunk holds all of it, else 0. */
  #whole(chunk: Uint8Array, at: number): number {
    const left = chunk.byteLength - at;
    if (left < FrameHeader.size) return 0;
    const size = frameSize(viewOf(chunk), at);
    if (typeof size === "string") {
      this.#problem = size;
      return 0;
    }
    return size <= left ? size : 0;
  }

  /** Adds to the frame that is being gathered; gives how many bytes it took. */
  #complete(chunk: Uint8Array, frames: Frame[]): number {
    const size = this.#length < FrameHeader.size
      ? FrameHeader.size
      : frameSize(viewOf(this.#held), 0);
    if (typeof size === "string") {
      this.#problem = size;
      return 0;
    }
    const taken = Math.min(size - this.#length, chunk.byteLength);
    this.#keep(chunk.subarray(0, taken), size);
    if (this.#length < size) return taken;
    const whole = frameSize(viewOf(this.#held), 0);
    if (typeof whole === "string") this.#problem = whole;
    else if (whole === this.#length) {
      this.#decode(this.#held.subarray(0, whole), frames);
      this.#held = new Uint8Array(0);
      this.#length = 0;
    }
    return taken;
  }

  #keep(bytes: Uint8Array, need: number): void {
    const length = this.#length + bytes.byteLength;
    if (length > this.#held.byteLength) {
      const size = Math.max(length, Math.min(need, 2 * length));
      const grown = new Uint8Array(size);
      grown.set(this.#held.subarray(0, this.#length));
      this.#held = grown;
    }
    this.#held.set(bytes, this.#length);
    this.#length = length;
  }

  #decode(bytes: Uint8Array, frames: Frame[]): void {
    const frame = decodeFrame(bytes);
    if (typeof frame === "string") this.#problem = frame;
    else frames.push(frame);
  }
}
