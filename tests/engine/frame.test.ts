/** The bytes of frames: vectors written by hand from the tables, and streams cut, torn and damaged anywhere. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { decodeFrame, FrameReader } from "../../src/engine/decode.ts";
import {
  type Body,
  encodeFrame,
  type Envelope,
  FRAME_KINDS,
  MAX_BODY,
} from "../../src/engine/frame.ts";

function bytesOf(hex: string): Uint8Array {
  const digits = hex.replace(/\s/g, "");
  return Uint8Array.from(
    { length: digits.length / 2 },
    (_, i) => parseInt(digits.slice(2 * i, 2 * i + 2), 16),
  );
}

const ENVELOPE: Envelope = {
  run: { low: 0x04030201, high: 0x08070605 },
  epoch: { number: 7, node: 42 },
  clocks: bytesOf("0011223344556677 8899aabbccddeeff 0123456789abcdef"),
};
const REST = "03 0000  0102030405060708  07000000 2a000000";
const MESSAGE =
  "28000000 0001 0000 01000000 01000000 0500000000000000 efbeadde 03000000 6162630000000000";
const CLOCKS = "0011223344556677 8899aabbccddeeff 0123456789abcdef";

/** magic, size, checksum, kind, (version, zero, run, epoch, node), body */
const VECTORS: [body: Body, hex: string][] = [
  [
    {
      kind: "data",
      released: 4,
      batch: { first: 5, count: 1, bytes: bytesOf(MESSAGE) },
    },
    `52504c31 78000000 e7d49ad8 08 ${REST}
     0500000000000000 01000000 00000000 0400000000000000 ${CLOCKS} ${MESSAGE}`,
  ],
  [
    { kind: "ack", next: 6, heard: 1000 },
    `52504c31 30000000 664c21fa 09 ${REST} 0600000000000000 e803000000000000`,
  ],
  [
    { kind: "nak", next: 6 },
    `52504c31 28000000 500bea02 0a ${REST} 0600000000000000`,
  ],
  [
    { kind: "heartbeat", next: 6, end: 9, released: 4, sent: 1000 },
    `52504c31 60000000 105f5f6b 0b ${REST} 0600000000000000 0900000000000000
     0400000000000000 ${CLOCKS} e803000000000000 0000000000000000`,
  ],
  [
    { kind: "ping", nonce: 7 },
    `52504c31 28000000 8005fccb 0c ${REST} 07000000 00000000`,
  ],
  [
    { kind: "pong", nonce: 7 },
    `52504c31 28000000 9df849ca 0d ${REST} 07000000 00000000`,
  ],
  [
    { kind: "bye", next: 9 },
    `52504c31 28000000 9510a8dc 0f ${REST} 0900000000000000`,
  ],
];
const LEAVE =
  `52504c31 2d000000 dd5e9835 0e ${REST} a1 66 726561736f6e 64 676f6e65`;

test("each kind with a fixed layout has the bytes of the tables", () => {
  for (const [body, hex] of VECTORS) {
    const bytes = bytesOf(hex);
    assert.equal(encodeFrame(ENVELOPE, body), bytes, body.kind);
    const frame = decodeFrame(bytes);
    if (typeof frame === "string") throw new Error(`${body.kind}: ${frame}`);
    assert.equal(frame.body, body);
    assert.equal(frame.run, ENVELOPE.run);
    assert.equal(frame.epoch, ENVELOPE.epoch);
  }
});

test("data and heartbeats carry the guest clocks, the others none", () => {
  for (const [body, hex] of VECTORS) {
    const frame = decodeFrame(bytesOf(hex));
    const carries = body.kind === "data" || body.kind === "heartbeat";
    const clocks = typeof frame === "string" ? undefined : frame.clocks;
    assert.equal(clocks, carries ? ENVELOPE.clocks : undefined, body.kind);
  }
});

test("a leave frame is CBOR with a reason", () => {
  const frame = decodeFrame(bytesOf(LEAVE));
  assert.equal(typeof frame === "string" ? frame : frame.body, {
    kind: "leave",
    reason: "gone",
  });
});

test("values of the handshake come back as they were", () => {
  const value = { role: "backup", next: 2 ** 40, run: new Uint8Array(16) };
  for (const kind of ["hello", "welcome", "status", "chunk"] as const) {
    const frame = decodeFrame(encodeFrame(ENVELOPE, { kind, value }));
    if (typeof frame === "string") throw new Error(frame);
    assert.is(frame.body.kind, kind);
    const back = (frame.body as { value: typeof value }).value;
    assert.is(back.next, value.next);
    assert.equal(new Uint8Array(back.run), value.run);
  }
});

test("numbers of kinds are given once", () => {
  const numbers = Object.values(FRAME_KINDS).map(([number]) => number);
  assert.is(new Set(numbers).size, numbers.length);
});

function stream(): { bytes: Uint8Array; count: number } {
  const frames = [...VECTORS.map(([, hex]) => hex), LEAVE].map(bytesOf);
  const bytes = new Uint8Array(
    frames.reduce((sum, frame) => sum + frame.byteLength, 0),
  );
  let at = 0;
  for (const frame of frames) {
    bytes.set(frame, at);
    at += frame.byteLength;
  }
  return { bytes, count: frames.length };
}

test("a stream cut in two at every byte gives the same frames", () => {
  const { bytes, count } = stream();
  for (let at = 0; at <= bytes.byteLength; at++) {
    const reader = new FrameReader();
    const frames = [
      ...reader.push(bytes.subarray(0, at)),
      ...reader.push(bytes.subarray(at)),
    ];
    assert.is(reader.problem, undefined);
    assert.is(frames.length, count, `cut at ${at}`);
    frames.slice(0, VECTORS.length).forEach((frame, i) =>
      assert.equal(frame.body, VECTORS[i]?.[0])
    );
  }
});

test("a stream that comes byte by byte gives the same frames", () => {
  const { bytes, count } = stream();
  const reader = new FrameReader();
  let frames = 0;
  for (let at = 0; at < bytes.byteLength; at++) {
    frames += reader.push(bytes.subarray(at, at + 1)).length;
  }
  assert.is(reader.problem, undefined);
  assert.is(frames, count);
});

test("a frame torn at any byte gives nothing", () => {
  for (const [body, hex] of VECTORS) {
    const bytes = bytesOf(hex);
    for (let size = 0; size < bytes.byteLength; size++) {
      const reader = new FrameReader();
      assert.is(reader.push(bytes.subarray(0, size)).length, 0, body.kind);
      assert.type(decodeFrame(bytes.subarray(0, size)), "string");
    }
  }
});

test("a flipped bit gives no frame", () => {
  for (const [body, hex] of VECTORS) {
    const bytes = bytesOf(hex);
    for (let bit = 0; bit < 8 * bytes.byteLength; bit++) {
      const damaged = bytes.slice();
      damaged[bit >> 3] = (damaged[bit >> 3] as number) ^ (1 << (bit & 7));
      const name = `${body.kind}, bit ${bit}`;
      assert.type(decodeFrame(damaged), "string", name);
      const reader = new FrameReader();
      assert.is(reader.push(damaged).length, 0, name);
    }
  }
});

function sealed(change: (view: DataView) => void, hex: string): Uint8Array {
  const bytes = bytesOf(hex);
  const view = new DataView(bytes.buffer);
  change(view);
  view.setUint32(8, crc(bytes.subarray(12)), true);
  return bytes;
}

function crc(bytes: Uint8Array): number {
  let sum = 0xffffffff;
  for (const byte of bytes) {
    sum ^= byte;
    for (let i = 0; i < 8; i++) {
      sum = (sum >>> 1) ^ (sum & 1 ? 0xedb88320 : 0);
    }
  }
  return ~sum >>> 0;
}

test("what a checksum can't tell is refused with its reason", () => {
  const data = VECTORS[0]?.[1] as string;
  const ack = VECTORS[1]?.[1] as string;
  const cases: [RegExp, (view: DataView) => void, string][] = [
    [/kind 99 is unknown/, (view) => view.setUint8(12, 99), ack],
    [/version is 1, not 3/, (view) => view.setUint8(13, 1), ack],
    [/above 2\^53/, (view) => view.setUint32(36, 0xffffffff, true), ack],
    [/magic/, (view) => view.setUint32(0, 0, true), ack],
    [/size is wrong/, (view) => view.setUint8(12, 10), ack],
    [/1 messages stand where 2/, (view) => view.setUint32(40, 2, true), data],
    [/message 5 stands where 6/, (view) => view.setUint8(32, 6), data],
    [/message 5 is bad/, (view) => view.setUint32(80, 32, true), data],
    [/too long/, (view) => view.setUint32(108, 1 << 30, true), data],
    [/above 2\^53/, (view) => view.setUint32(52, 0xffffffff, true), data],
    [/no CBOR/, (view) => view.setUint8(12, 1), data],
    [/reason is missing/, (view) => view.setUint8(12, 14), ack],
  ];
  for (const [reason, change, hex] of cases) {
    const given = decodeFrame(sealed(change, hex));
    assert.match(typeof given === "string" ? given : "no problem", reason);
  }
});

test("a frame without messages is refused", () => {
  const batch = { first: 5, count: 0, bytes: new Uint8Array(0) };
  const bytes = encodeFrame(ENVELOPE, { kind: "data", released: 0, batch });
  assert.match(decodeFrame(bytes) as string, /0 messages/);
});

test("an impossible size is garbage at once, and nothing is read any more", () => {
  const bytes = bytesOf(VECTORS[1]?.[1] as string);
  new DataView(bytes.buffer).setUint32(4, MAX_BODY + 33, true);
  const reader = new FrameReader();
  assert.is(reader.push(bytes).length, 0);
  assert.match(reader.problem ?? "", /impossible/);
  assert.is(reader.push(bytesOf(VECTORS[1]?.[1] as string)).length, 0);
});

test("frames before garbage are given", () => {
  const good = bytesOf(VECTORS[1]?.[1] as string);
  const bytes = new Uint8Array(good.byteLength + 64);
  bytes.set(good);
  const reader = new FrameReader();
  assert.is(reader.push(bytes).length, 1);
  assert.match(reader.problem ?? "", /magic/);
});

test("a large frame in small pieces is put together", () => {
  const value = new Uint8Array(300_000).fill(7);
  const bytes = encodeFrame(ENVELOPE, { kind: "chunk", value });
  const reader = new FrameReader();
  let frames = 0;
  for (let at = 0; at < bytes.byteLength; at += 1000) {
    frames += reader.push(bytes.subarray(at, at + 1000)).length;
  }
  assert.is(frames, 1);
  assert.is(reader.problem, undefined);
});

test.run();
