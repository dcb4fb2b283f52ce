/**
 * The log file: a {@linkcode LogHeader}, perhaps the guest's module, then data frames exactly as on the wire, from message 0
 * on. Of a run without backups there are heartbeats between them, which say that more outputs have left.
 *
 * A file whose last frame was not written whole (a crash, a full disk) is valid up to the frame before it.
 *
 * @module
 */
import { crc32 } from "node:zlib";
import { layout } from "../bytes/layout.ts";
import { type Batch, nextOf, viewOf } from "./batch.ts";
import { decodeFrame, frameSize } from "./decode.ts";
import { FrameHeader, PROTOCOL_VERSION } from "./frame.ts";

/** "RPLL" as a little-endian u32. */
export const LOG_MAGIC = 0x4c4c5052;

/** The start of a log file. */
export const LogHeader = layout("LogHeader", 64, [
  [0, "u32", "magic", '"RPLL"'],
  [4, "u32", "checksum", "CRC-32 of everything after this field"],
  [8, "u32", "version", "protocol version of the frames"],
  [12, "u32", "zero", "0"],
  [16, "u32", "run0", "bytes 0–3 of the run id"],
  [20, "u32", "run1", "bytes 4–7"],
  [24, "u32", "run2", "bytes 8–11"],
  [28, "u32", "run3", "bytes 12–15"],
  [32, "u64", "first", "number of the first message in the file"],
  [40, "u64", "module", "bytes of the guest's module behind the head, or 0"],
]);

/** The 64 bytes at the start of the log file of a run (its 16-byte id); `module` is how many bytes of the guest's follow. */
export function encodeLogHeader(
  run: Uint8Array,
  first: number,
  module = 0,
): Uint8Array {
  const bytes = new Uint8Array(LogHeader.size);
  const view = viewOf(bytes);
  const id = viewOf(run);
  LogHeader.write(view, 0, {
    magic: LOG_MAGIC,
    checksum: 0,
    version: PROTOCOL_VERSION,
    zero: 0,
    run0: id.getUint32(0, true),
    run1: id.getUint32(4, true),
    run2: id.getUint32(8, true),
    run3: id.getUint32(12, true),
    first,
    module,
  });
  const checksum = crc32(bytes.subarray(LogHeader.at.version));
  view.setUint32(LogHeader.at.checksum, checksum, true);
  return bytes;
}

/** What the head of a log file says. */
export interface LogHead {
  readonly run: Uint8Array;
  readonly first: number;
  /** Bytes of the guest's module behind the head. */
  readonly module: number;
}

/** The head of a log file, or why it is none. */
export function decodeLogHeader(bytes: Uint8Array): LogHead | string {
  if (bytes.byteLength < LogHeader.size) return "the head is not whole";
  const { magic, checksum, version, first, module } = LogHeader.read(
    viewOf(bytes),
    0,
  );
  if (magic !== LOG_MAGIC) return "it is no log of replrt";
  if (version !== PROTOCOL_VERSION) {
    return `the protocol version is ${version}, not ${PROTOCOL_VERSION}`;
  }
  const rest = bytes.subarray(LogHeader.at.version, LogHeader.size);
  if (crc32(rest) !== checksum) return "the checksum of the head does not fit";
  if (first === Infinity || module === Infinity) {
    return "a number of the head is above 2^53";
  }
  const { run0 } = LogHeader.at;
  return { run: bytes.slice(run0, run0 + 16), first, module };
}

/** What {@linkcode scan} found. */
export interface Scanned {
  readonly batches: readonly Batch[];
  /** Bytes that hold whole frames in order; what follows is torn or garbage. */
  readonly size: number;
  /** First number after them. */
  readonly next: number;
  /** Why the scan ended before the end of the bytes. */
  readonly problem: string | undefined;
}

/** Reads the frames of a log from the start of `bytes` (after the head, or at an indexed offset), as far as they go. */
export function scan(bytes: Uint8Array, first: number): Scanned {
  const view = viewOf(bytes);
  const batches: Batch[] = [];
  let at = 0;
  let next = first;
  let problem: string | undefined;
  while (at < bytes.byteLength && problem === undefined) {
    const frame = frameAt(view, bytes, at);
    if (typeof frame === "string") problem = frame;
    else if (frame.batch === undefined) at += frame.size;
    else if (frame.batch.first !== next) {
      problem = `message ${frame.batch.first} stands where ${next} should`;
    } else {
      batches.push(frame.batch);
      next = nextOf(frame.batch);
      at += frame.size;
    }
  }
  return { batches, size: at, next, problem };
}

function frameAt(
  view: DataView,
  bytes: Uint8Array,
  at: number,
): { batch: Batch | undefined; size: number } | string {
  if (bytes.byteLength - at < FrameHeader.size) return "the frame is torn";
  const size = frameSize(view, at);
  if (typeof size === "string") return size;
  if (at + size > bytes.byteLength) return "the frame is torn";
  const frame = decodeFrame(bytes.subarray(at, at + size));
  if (typeof frame === "string") return frame;
  const { body } = frame;
  if (body.kind === "heartbeat") return { batch: undefined, size };
  return body.kind === "data"
    ? { batch: body.batch, size }
    : `a ${body.kind} frame is in the log`;
}

/** Where in a log file the frames are: one mark for some bytes, so that its memory is small. */
export class LogIndex {
  readonly #stride: number;
  readonly #marks: { readonly first: number; readonly offset: number }[] = [];

  /** @param stride bytes between two marks */
  constructor(stride: number) {
    this.#stride = stride;
  }

  /** A frame whose first message is `first` stands at `offset`; called for each frame in order. */
  add(first: number, offset: number): void {
    const last = this.#marks.at(-1);
    if (last === undefined || offset - last.offset >= this.#stride) {
      this.#marks.push({ first, offset });
    }
  }

  /** Offset of a frame at or before the one that holds `number`; `undefined` when the log starts after it. */
  before(number: number): number | undefined {
    let low = 0;
    let high = this.#marks.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const { first } = this.#marks[middle] as { first: number };
      if (first <= number) low = middle + 1;
      else high = middle;
    }
    return this.#marks[low - 1]?.offset;
  }
}
