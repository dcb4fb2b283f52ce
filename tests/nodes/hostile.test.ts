import { test } from "uvu";
import * as assert from "uvu/assert";
import { Buffer } from "node:buffer";
import { encode } from "cbor-x";
import {
  checksumOf,
  FRAME_KINDS,
  FrameHeader,
  PROTOCOL_VERSION,
} from "../../src/engine/frame.ts";
import { connectKv, dropClients } from "../kit/kv.ts";
import { killNodes } from "../kit/node.ts";
import { removeDirs } from "../kit/place.ts";
import { Random } from "../kit/random.ts";
import {
  memoryOf,
  type Primary,
  startInSync,
  startPrimary,
  within,
} from "./kit/nodes.ts";
import { closeWires, goodHello, Wire } from "./kit/wire.ts";

test.after.each(async () => {
  closeWires();
  dropClients();
  await killNodes();
  removeDirs();
});

const LISTEN = ["--tcplisten", "127.0.0.1:0"];

/** A frame of any bytes as its body, right in all else. */
function frameOf(kind: keyof typeof FRAME_KINDS, body: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(FrameHeader.size + body.length);
  const view = new DataView(bytes.buffer);
  FrameHeader.write(view, 0, {
    ...{ magic: 0x314c5052, size: bytes.length, checksum: 0, zero: 0 },
    ...{ kind: FRAME_KINDS[kind][0], version: PROTOCOL_VERSION },
    ...{ runLow: 0, runHigh: 0, epoch: 0, epochNode: 0 },
  });
  bytes.set(body, FrameHeader.size);
  view.setUint32(FrameHeader.at.checksum, checksumOf(bytes), true);
  return bytes;
}

function helloOf(value: unknown): Uint8Array {
  return frameOf("hello", new Uint8Array(encode(value)));
}

/** Sends `bytes`; resolves when the node has closed the connection. */
async function visit(primary: Primary, bytes: Uint8Array): Promise<void> {
  const wire = await Wire.to(primary.bind);
  await wire.bytes(bytes);
  await within(wire.closed, "the end of a bad visit");
}

/** The node still serves its clients and its backup, and takes new ones. */
async function stillWell(primary: Primary): Promise<void> {
  const client = await connectKv(primary.listen[0] as string);
  await client.set("a", "1");
  assert.is(await client.get("a"), "1");
  assert.not.match(primary.node.stderr.join(), /"removed"|"error"|"linkLost"/);
}

async function changed(
  change: (bytes: Uint8Array, view: DataView) => void,
): Promise<Uint8Array> {
  const hello = { ...await goodHello("kv"), listeners: 1 };
  const bytes = helloOf(hello);
  change(bytes, new DataView(bytes.buffer));
  return bytes;
}

test("what is no frame is refused with the reason, and the node goes on", async () => {
  const primary = await startPrimary("kv", { flags: LISTEN });
  await startInSync("kv", primary, { flags: LISTEN });
  const bad: [bytes: Uint8Array, says: RegExp][] = [
    [
      new TextEncoder().encode("GET / HTTP/1.1\r\nHost: x\r\n\r\n".repeat(4)),
      /the magic is/,
    ],
    [new Random(1).bytes(10_000), /the magic is/],
    [new Uint8Array(1 << 20), /the magic is 0/],
    [
      await changed((_, v) => v.setUint32(4, 0xffff_ffff, true)),
      /a frame of 4294967295 bytes/,
    ],
    [await changed((_, v) => v.setUint32(4, 8, true)), /a frame of 8 bytes/],
    [
      await changed((b) => b[40] = (b[40] as number) ^ 1),
      /the checksum does not fit/,
    ],
    [
      await changed((b) => b[13] = 99),
      new RegExp(`the protocol version is 99, not ${PROTOCOL_VERSION}`),
    ],
    [frameOf("hello", new Uint8Array([0x5f, 1, 2])), /the body is no CBOR/],
    [frameOf("data", new Uint8Array(10)), /in a data frame, the size is wrong/],
    [frameOf("heartbeat", new Uint8Array(64).fill(255)), /a number is above/],
    [frameOf("ping", new Uint8Array(8)), /sent ping where hello was expected/],
    [helloOf("hello"), /sent hello where hello was expected/],
  ];
  for (const [bytes, says] of bad) {
    await visit(primary, bytes);
    const { reason } = await primary.node.waitForEvent("refused");
    assert.match(reason, says);
  }
  await stillWell(primary);
});

test("a hello with hostile fields is refused", async () => {
  const primary = await startPrimary("kv", { flags: LISTEN });
  const good = { ...await goodHello("kv"), listeners: 1 };
  const fields: Record<string, unknown>[] = [
    ...[null, {}, -1, 1.5, 2 ** 60, "1", []].map((node) => ({ node })),
    ...[null, {}, 7, "x".repeat(1000)].map((address) => ({ address })),
    ...[-1, NaN, "0", null, 2 ** 53].map((next) => ({ next })),
    ...[null, {}, [], "V8", { engine: 1, arch: "x", features: [] }, {
      ...good.machine,
      features: { length: 1e9 },
    }].map((machine) => ({ machine })),
    ...[null, [1], { length: 1e9 }, [[[]]]].map((args) => ({ args })),
    ...[null, [null], [undefined], "A=1"].map((env) => ({ env })),
    ...[null, [null], [[]], [{}], [{ guest: "/", identity: 1 }], [{
      ...{ guest: "/", identity: "1", shared: 1 },
    }]].map((dirs) => ({ dirs })),
    ...[null, "1", 1e300, -1].map((listeners) => ({ listeners })),
    ...[null, "x", new Uint8Array(15)].map((run) => ({ run })),
    ...[null, {}, { number: -1, node: 0 }].map((epoch) => ({ epoch })),
    ...["", "JOIN", null, 1].map((phase) => ({ phase })),
    { epoch: { number: 1e9, node: 1 } },
    { module: 7 },
  ];
  for (const wrong of fields) {
    await visit(primary, helloOf({ ...good, ...wrong }));
    const { reason } = await primary.node.waitForEvent("refused");
    assert.is(
      reason,
      "sent hello where hello was expected",
      Object.keys(wrong)[0],
    );
  }
  await stillWell(primary);
});

test("values that claim to be huge or are nested without end cost no memory", async () => {
  const primary = await startPrimary("kv", { flags: LISTEN });
  const before = memoryOf(primary.node.pid, "VmRSS");
  const nested = new Uint8Array(4 << 20).fill(0x81);
  const claims = new Uint8Array(500);
  for (let at = 0; at < 500; at += 5) {
    claims.set([0x9a, 1, 0xff, 0xff, 0xff], at);
  }
  const strings = encode({ args: Array(1_000_000).fill("") });
  for (let i = 0; i < 5; i++) {
    for (const body of [nested, claims, new Uint8Array(strings)]) {
      await visit(primary, frameOf("hello", body));
    }
  }
  const most = memoryOf(primary.node.pid, "VmHWM");
  assert.ok(most < before + 300, `${before} MB, then ${most} MB`);
  await stillWell(primary);
});

test("a visitor that sends its frame byte by byte or nothing at all is sent away after the time-out", async () => {
  const primary = await startPrimary("kv", {
    flags: [...LISTEN, "--timeout", "500"],
  });
  const idle = await Wire.to(primary.bind);
  const slow = await Wire.to(primary.bind);
  const bytes = await changed(() => {});
  let over = false;
  void slow.closed.then(() => over = true);
  for (let at = 0; at < 200 && !over; at++) {
    await slow.bytes(bytes.subarray(at, at + 1));
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assert.ok(over, "200 bytes went in");
  await within(idle.closed, "the end of an idle visit");
  for (let i = 0; i < 2; i++) {
    const { reason } = await primary.node.waitForEvent("refused");
    assert.match(reason, /sent no whole frame within 500 ms/);
  }
  await stillWell(primary);
});

test("200 visitors at once and a scan of connections do not disturb the run", async () => {
  const primary = await startPrimary("kv", { flags: LISTEN });
  const backup = await startInSync("kv", primary, { flags: LISTEN });
  const before = memoryOf(primary.node.pid, "VmRSS");
  const half = (await changed(() => {})).subarray(0, 100);
  const huge = await changed((_, v) => v.setUint32(4, 4 << 20, true));
  const wires = await Promise.all(
    Array.from({ length: 200 }, () => Wire.to(primary.bind)),
  );
  await Promise.all(wires.map((wire, i) => wire.bytes(i % 2 ? half : huge)));
  await stillWell(primary);
  await Promise.all(wires.map(({ closed }) => within(closed, "an end")));
  for (let i = 0; i < 200; i++) (await Wire.to(primary.bind)).close();
  await stillWell(primary);
  assert.not.match(backup.stderr.join(), /"linkLost"/);
  const most = memoryOf(primary.node.pid, "VmHWM");
  assert.ok(most < before + 300, `${before} MB, then ${most} MB`);
});

test("a visitor that was welcomed and then sends what it may not is dropped", async () => {
  const primary = await startPrimary("kv", { flags: LISTEN });
  const hello = { ...await goodHello("kv"), listeners: 1 };
  const bodies = [
    { kind: "fetch", value: null },
    { kind: "fetch", value: { dir: 0, path: "../../etc/passwd", offset: 0 } },
    { kind: "fetch", value: { dir: "x", path: {}, offset: -1 } },
    { kind: "welcome", value: {} },
    { kind: "ack", next: 2 ** 52, heard: 0 },
  ] as const;
  for (const body of bodies) {
    const wire = await Wire.to(primary.bind);
    await wire.send({ kind: "hello", value: hello });
    assert.is((await wire.next()).body.kind, "welcome");
    await wire.send(body);
    await within(wire.closed, `an end after ${JSON.stringify(body)}`);
  }
  await stillWell(primary);
});

test("a follower that acks or asks for what was never sent, or speaks of another run, is dropped", async () => {
  const primary = await startPrimary("kv", { flags: LISTEN });
  const hello = { ...await goodHello("kv"), listeners: 1, phase: "follow" };
  const bodies = [
    { kind: "ack", next: 2 ** 52, heard: 0 },
    { kind: "ack", next: 1, heard: 2 ** 52 },
    { kind: "nak", next: 2 ** 52 },
    { kind: "heartbeat", next: 0, end: 0, released: 2 ** 50, sent: 0 },
    { kind: "pong", nonce: 0 },
    { kind: "bye", next: 0 },
  ] as const;
  for (const [i, body] of [...bodies, "foreign"].entries()) {
    const wire = await Wire.to(primary.bind);
    await wire.send({ kind: "hello", value: { ...hello, node: 100 + i } });
    const { run, epoch } = await wire.next();
    wire.origin = { run, epoch };
    if (body === "foreign") {
      wire.origin = { run: { low: run.low ^ 1, high: run.high }, epoch };
      await wire.send({ kind: "ack", next: 0, heard: 0 });
    } else await wire.send(body as typeof bodies[number]);
    await within(wire.closed, `an end after ${JSON.stringify(body)}`);
  }
  const client = await connectKv(primary.listen[0] as string);
  assert.is(await client.ping(), "PONG");
});

test("random changes of a good hello never end the node", async () => {
  const primary = await startPrimary("kv", { flags: LISTEN });
  const random = new Random(2024);
  const good = new Uint8Array(
    encode({ ...await goodHello("kv"), listeners: 1, run: undefined }),
  );
  for (let i = 0; i < 300; i++) {
    const body = good.slice(
      0,
      random.chance(30) ? random.below(good.length) : undefined,
    );
    for (let n = random.below(4); n >= 0; n--) {
      body[random.below(body.length)] = random.below(256);
    }
    const wire = await Wire.to(primary.bind);
    await wire.bytes(frameOf("hello", body));
    await wire.next().catch(() => {});
    wire.close();
  }
  await stillWell(primary);
  assert.ok(Buffer.byteLength(primary.node.stderr.join()) < 1 << 20);
});

test.run();
