/**
 * Frames: what nodes send each other, and what the log on disk is made of. The tables here print docs/PROTOCOL.md.
 *
 * A frame is a {@linkcode FrameHeader} and a body by its kind. It is valid when magic, size, checksum, version and kind
 * are, its body has the form of its kind, and the messages of a data frame are whole and numbered one by one.
 *
 * @module
 */
import { decode, encode } from "cbor-x";
import { crc32 } from "node:zlib";
import { layout, setU64 } from "../bytes/layout.ts";
import type { Batch } from "./batch.ts";
import type { Epoch, RunTag } from "./epoch.ts";

/** Raised with any change of a layout, a kind or a meaning here or in message.ts; other versions are refused. */
export const PROTOCOL_VERSION = 3;

/** "RPL1" as a little-endian u32. */
export const FRAME_MAGIC = 0x314c5052;

/** Largest body of a frame. */
export const MAX_BODY = 4 << 20;

/** The head of every frame. */
export const FrameHeader = layout("FrameHeader", 32, [
  [0, "u32", "magic", '"RPL1"'],
  [4, "u32", "size", "bytes of the whole frame, this head included"],
  [8, "u32", "checksum", "CRC-32 of everything after this field"],
  [12, "u8", "kind", "see the kinds"],
  [13, "u8", "version", "protocol version"],
  [14, "u16", "zero", "0"],
  [16, "u32", "runLow", "bytes 0–3 of the run id"],
  [20, "u32", "runHigh", "bytes 4–7 of the run id"],
  [24, "u32", "epoch", "number of the sender's epoch; 0 before it has one"],
  [28, "u32", "epochNode", "node id of the epoch's primary"],
]);

const CLOCKS = [
  [24, "u32", "realtimeLow", "guest's realtime clock in ns, low half"],
  [28, "u32", "realtimeHigh", "its high half"],
  [32, "u32", "monotonicLow", "guest's monotonic clock in ns, low half"],
  [36, "u32", "monotonicHigh", "its high half"],
  [40, "u32", "cputimeLow", "guest's CPU time in ns, low half"],
  [44, "u32", "cputimeHigh", "its high half"],
] as const;

/** Body of a data frame; `count` messages follow it back to back. */
export const DataBody = layout("DataBody", 48, [
  [0, "u64", "first", "number of the first message"],
  [8, "u32", "count", "messages that follow, at least 1"],
  [12, "u32", "zero", "0"],
  [16, "u64", "released", "outputs of messages below this have left"],
  ...CLOCKS,
]);

/** Largest batch that a frame can carry; the driver appends and feeds no larger ones. */
export const MAX_BATCH = MAX_BODY - DataBody.size;

/** Body of a heartbeat. */
export const HeartbeatBody = layout("HeartbeatBody", 64, [
  [0, "u64", "next", "the first number not sent to this peer yet"],
  [8, "u64", "end", "the first number not in the log yet"],
  [16, "u64", "released", "outputs of messages below this have left"],
  ...CLOCKS,
  [48, "u64", "sent", "the primary's clock in ms; acks give it back"],
  [56, "u64", "zero", "0"],
]);

/** Body of an ack. */
export const AckBody = layout("AckBody", 16, [
  [0, "u64", "next", "the first number it lacks: all below is stored"],
  [8, "u64", "heard", "`sent` of the newest heartbeat it has, or 0"],
]);

/** Body of a nak and of a bye. */
export const NextBody = layout("NextBody", 8, [
  [0, "u64", "next", "nak: send again from here; bye: the log ends here"],
]);

/** Body of a ping and of a pong. */
export const NonceBody = layout("NonceBody", 8, [
  [0, "u32", "nonce", "given back by the pong"],
  [4, "u32", "zero", "0"],
]);

/** Every kind of frame: its number (never used again), the form of its body, and what it is for. */
export const FRAME_KINDS = {
  hello: [1, "CBOR", "a backup asks to follow: its identity and configuration"],
  welcome: [2, "CBOR", "the primary accepts: its run, epoch, configuration"],
  refuse: [3, "CBOR", "the other side can't be followed, with the reason"],
  probe: [4, "CBOR", "a node asks what another is"],
  status: [5, "CBOR", "the answer to a probe: role, epoch, members, next"],
  fetch: [6, "CBOR", "a joiner asks for a piece of a directory image"],
  chunk: [7, "CBOR", "a piece of a directory image"],
  data: [8, "DataBody", "messages of the log"],
  ack: [9, "AckBody", "a backup holds the log; its own heartbeat, too"],
  nak: [10, "NextBody", "a backup lacks messages: send again from a number"],
  heartbeat: [11, "HeartbeatBody", "the primary lives; tells what it has sent"],
  ping: [12, "NonceBody", "a backup asks whether it is still a member"],
  pong: [13, "NonceBody", "it is (never sent to others than members)"],
  leave: [
    14,
    "CBOR",
    "a backup will never take over, or it is removed: the reason",
  ],
  bye: [15, "NextBody", "the log has ended and all outputs have left"],
} as const satisfies Record<string, readonly [number, string, string]>;

/** Name of a kind of frame. */
export type FrameKind = keyof typeof FRAME_KINDS;

/** Kinds whose body is a CBOR value that the engine does not look into. */
export type ValueKind =
  | "hello"
  | "welcome"
  | "refuse"
  | "probe"
  | "status"
  | "fetch"
  | "chunk";

/** What a frame says. `released` of one batch may differ from frame to frame: the highest one counts. */
export type Body =
  | { readonly kind: ValueKind; readonly value: unknown }
  | { readonly kind: "data"; readonly batch: Batch; readonly released: number }
  | { readonly kind: "ack"; readonly next: number; readonly heard: number }
  | { readonly kind: "nak" | "bye"; readonly next: number }
  | {
    readonly kind: "heartbeat";
    readonly next: number;
    readonly end: number;
    readonly released: number;
    readonly sent: number;
  }
  | { readonly kind: "ping" | "pong"; readonly nonce: number }
  | { readonly kind: "leave"; readonly reason: string };

/** The guest clocks (realtime, monotonic, CPU time) as 3 × 8 little-endian bytes of ns; the engine never looks inside. */
export type Clocks = Uint8Array;

/** What the sender adds to a body. */
export interface Envelope {
  readonly run: RunTag;
  readonly epoch: Epoch;
  /** 24 bytes; used by data and heartbeat frames. */
  readonly clocks: Clocks;
}

/** A frame that came in. `clocks` is there for data and heartbeat frames. */
export interface Frame {
  readonly run: RunTag;
  readonly epoch: Epoch;
  readonly clocks: Clocks | undefined;
  readonly body: Body;
}

/** Clocks of a node that has no guest. */
export const NO_CLOCKS: Clocks = new Uint8Array(24);

/** The bytes of a frame. A batch's messages are copied once. */
export function encodeFrame(envelope: Envelope, body: Body): Uint8Array {
  const value = valueOf(body);
  const bodySize = value?.byteLength ?? fixedSize(body);
  const bytes = new Uint8Array(FrameHeader.size + bodySize);
  const view = new DataView(bytes.buffer);
  if (value === undefined) writeFixed(view, bytes, envelope.clocks, body);
  else bytes.set(value, FrameHeader.size);
  FrameHeader.write(view, 0, {
    magic: FRAME_MAGIC,
    size: bytes.byteLength,
    checksum: 0,
    kind: FRAME_KINDS[body.kind][0],
    version: PROTOCOL_VERSION,
    zero: 0,
    runLow: envelope.run.low,
    runHigh: envelope.run.high,
    epoch: envelope.epoch.number,
    epochNode: envelope.epoch.node,
  });
  view.setUint32(FrameHeader.at.checksum, checksumOf(bytes), true);
  return bytes;
}

/** CRC-32 of a whole frame's bytes after the checksum field. */
export function checksumOf(bytes: Uint8Array): number {
  return crc32(bytes.subarray(FrameHeader.at.kind));
}

function valueOf(body: Body): Uint8Array | undefined {
  if (body.kind === "leave") return encode({ reason: body.reason });
  return "value" in body ? encode(body.value) : undefined;
}

/** Decodes the CBOR value of a body; `undefined` when it is none. */
export function decodeValue(bytes: Uint8Array): { value: unknown } | undefined {
  try {
    return { value: decode(bytes) };
  } catch {
    return undefined;
  }
}

function fixedSize(body: Body): number {
  switch (body.kind) {
    case "data":
      return DataBody.size + body.batch.bytes.byteLength;
    case "heartbeat":
      return HeartbeatBody.size;
    case "ack":
      return AckBody.size;
    default:
      return NextBody.size;
  }
}

function writeFixed(
  view: DataView,
  bytes: Uint8Array,
  clocks: Clocks,
  body: Body,
): void {
  const at = FrameHeader.size;
  switch (body.kind) {
    case "data":
      setU64(view, at + DataBody.at.first, body.batch.first);
      view.setUint32(at + DataBody.at.count, body.batch.count, true);
      setU64(view, at + DataBody.at.released, body.released);
      bytes.set(clocks, at + DataBody.at.realtimeLow);
      bytes.set(body.batch.bytes, at + DataBody.size);
      return;
    case "heartbeat":
      setU64(view, at + HeartbeatBody.at.next, body.next);
      setU64(view, at + HeartbeatBody.at.end, body.end);
      setU64(view, at + HeartbeatBody.at.released, body.released);
      bytes.set(clocks, at + HeartbeatBody.at.realtimeLow);
      setU64(view, at + HeartbeatBody.at.sent, body.sent);
      return;
    case "ack":
      AckBody.write(view, at, { next: body.next, heard: body.heard });
      return;
    case "nak":
    case "bye":
      NextBody.write(view, at, { next: body.next });
      return;
    case "ping":
    case "pong":
      NonceBody.write(view, at, { nonce: body.nonce, zero: 0 });
      return;
  }
}
