import { test } from "uvu";
import * as assert from "uvu/assert";
import { Buffer } from "node:buffer";
import { connect, createServer, type Socket } from "node:net";
import { Errno } from "../../src/wasi-intercept/errno.ts";
import { MAX_STREAMS, StreamOp } from "../../src/runtime/guest/local.ts";
import { Slots } from "../../src/runtime/guest/slots.ts";
import { GuestHost } from "../../src/runtime/host/guest_host.ts";
import {
  addressOf,
  bindSocket,
  closeHandle,
  listenOn,
} from "../../src/runtime/host/socket.ts";
import { OutputQueues } from "../../src/runtime/outputs.ts";

const NONE = new Uint8Array(0);

/** A node's queues with one connection to this test. */
class Bench {
  readonly slots = new Slots();
  readonly queues: OutputQueues;
  readonly host = new GuestHost(0, undefined);
  wakes = 0;

  constructor() {
    this.queues = new OutputQueues(this.slots, () => this.wakes++);
    this.queues.mayRelease = () => true;
  }

  /** Opens a stream to a new connection. */
  async open(): Promise<{ slot: number; peer: Socket; got: Buffer[] }> {
    const any = { host: "127.0.0.1", port: 0 };
    const listener = bindSocket(any, "");
    listenOn(listener, any, "");
    const peer = connect({ ...addressOf(listener, any), allowHalfOpen: true });
    await new Promise((resolve) => peer.once("connect", resolve));
    const slot = this.slots.allocate();
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setInt32(0, this.host.accept(listener), true);
    closeHandle(listener);
    this.queues.add(1, slot, StreamOp.open, bytes);
    return { slot, peer, got: [] };
  }

  bytes(seq: number, slot: number, text: string | Uint8Array<ArrayBuffer>) {
    const bytes = typeof text === "string"
      ? new TextEncoder().encode(text)
      : text;
    this.slots.add(slot, bytes.length);
    this.queues.add(seq, slot, StreamOp.bytes, bytes);
  }
}

/** All that a peer gets until its connection ends. */
function all(peer: Socket): Promise<string> {
  const parts: Buffer[] = [];
  return new Promise((resolve, reject) => {
    peer.on("data", (part) => parts.push(part));
    peer.on("error", reject);
    peer.on("end", () => resolve(Buffer.concat(parts).toString()));
  });
}

/** Whatever a peer has got when something that was sent later on another way has arrived. */
async function gotSoFar(peer: Socket): Promise<string> {
  const server = createServer((socket) => socket.end("x")).listen(0);
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as { port: number };
  await all(connect(port));
  server.close();
  return peer.read()?.toString() ?? "";
}

test("nothing leaves before its release, and then in order", async () => {
  const bench = new Bench();
  const { slot, peer } = await bench.open();
  bench.bytes(2, slot, "two ");
  bench.bytes(3, slot, "three ");
  bench.bytes(5, slot, "five");
  assert.is(await gotSoFar(peer), "");
  assert.is(bench.slots.queued(slot), 14);
  bench.queues.release(3);
  assert.is(bench.slots.queued(slot), 10);
  bench.queues.release(2);
  bench.queues.release(6);
  assert.is(bench.slots.queued(slot), 0);
  assert.ok(bench.queues.idle);
  bench.queues.add(6, slot, StreamOp.close, NONE);
  const got = all(peer);
  bench.queues.release(7);
  assert.is(await got, "two three five");
  peer.end();
});

test("an end waits behind its bytes, and frees the slot", async () => {
  const bench = new Bench();
  const { slot, peer } = await bench.open();
  const got = all(peer);
  bench.bytes(2, slot, "last words");
  bench.queues.add(3, slot, StreamOp.shutdown, NONE);
  bench.queues.add(4, slot, StreamOp.close, NONE);
  bench.queues.release(3);
  bench.queues.release(4);
  assert.is(await got, "last words");
  bench.queues.release(5);
  while (bench.slots.allocate() !== slot);
  peer.end();
});

test("a release beyond what is held counts for what comes later", async () => {
  const bench = new Bench();
  const { slot, peer } = await bench.open();
  bench.queues.release(10);
  bench.bytes(9, slot, "late");
  bench.queues.add(9, slot, StreamOp.close, NONE);
  bench.queues.release(10);
  assert.is(await all(peer), "late");
  peer.end();
});

test("a node that may not release lets neither bytes nor an end out", async () => {
  const bench = new Bench();
  const { slot, peer } = await bench.open();
  bench.queues.mayRelease = () => false;
  bench.queues.add(2, slot, StreamOp.shutdown, NONE);
  bench.bytes(3, slot, "bytes");
  bench.queues.add(4, slot, StreamOp.close, NONE);
  bench.queues.release(5);
  let ended = false;
  peer.once("end", () => ended = true);
  assert.is(await gotSoFar(peer), "");
  assert.is(ended, false);
  assert.is(bench.slots.queued(slot), 5);
  bench.queues.close();
  peer.destroy();
});

test("every write asks whether it may, also in the middle of an item", async () => {
  const bench = new Bench();
  const { slot, peer } = await bench.open();
  let asked = 0;
  bench.queues.mayRelease = () => ++asked < 2;
  bench.bytes(2, slot, new Uint8Array(16 << 20));
  bench.queues.release(3);
  assert.is(asked, 2);
  assert.ok(bench.slots.queued(slot) > 0);
  bench.queues.close();
  peer.destroy();
});

test("a peer that reads nothing stops its own stream alone, and gets all in the end", async () => {
  const bench = new Bench();
  const slow = await bench.open();
  const fast = await bench.open();
  const large = new Uint8Array(16 << 20).map((_, i) => 97 + i % 23);
  bench.bytes(2, slow.slot, large);
  bench.bytes(3, fast.slot, "quick");
  bench.queues.add(4, slow.slot, StreamOp.close, NONE);
  bench.queues.add(4, fast.slot, StreamOp.close, NONE);
  bench.slots.setPolling(true);
  bench.queues.release(5);
  assert.is(await all(fast.peer), "quick");
  assert.ok(bench.slots.queued(slow.slot) > 0);
  assert.not(bench.queues.idle);
  const got = await all(slow.peer);
  assert.ok(Buffer.from(got).equals(large), `${got.length} bytes`);
  assert.ok(bench.queues.idle);
  assert.ok(bench.wakes > 1, "the guest's poll is woken as bytes leave");
  slow.peer.end();
  fast.peer.end();
});

test("what is released later leaves behind what waits for a slow peer", async () => {
  const bench = new Bench();
  const { slot, peer } = await bench.open();
  const large = "x".repeat(16 << 20);
  bench.bytes(2, slot, large);
  bench.bytes(3, slot, "second ");
  bench.bytes(4, slot, "third");
  bench.queues.add(5, slot, StreamOp.close, NONE);
  for (let next = 3; next <= 6; next++) bench.queues.release(next);
  assert.not(bench.queues.idle);
  const got = await all(peer);
  assert.is(got.length, large.length + 12);
  assert.ok(got.endsWith("xsecond third"));
  peer.end();
});

test("what waits for a slow peer is a copy that keeps no other output in memory", async () => {
  const bench = new Bench();
  const { slot, peer } = await bench.open();
  const drained = new Uint8Array(17 << 20).fill(97);
  bench.bytes(2, slot, drained.subarray(8, 16 << 20));
  bench.bytes(3, slot, drained.subarray(16 << 20, (16 << 20) + 5));
  bench.queues.add(4, slot, StreamOp.close, NONE);
  bench.queues.release(5);
  assert.not(bench.queues.idle);
  drained.fill(98);
  const got = await all(peer);
  assert.is(got.length, (16 << 20) - 3);
  assert.not(got.includes("b"));
  peer.end();
});

test("a peer that is gone is a failure that the guest sees, and the rest is dropped", async () => {
  const bench = new Bench();
  const { slot, peer } = await bench.open();
  peer.resetAndDestroy();
  await new Promise((resolve) => peer.once("close", resolve));
  for (let seq = 2; bench.slots.failure(slot) === 0; seq++) {
    bench.bytes(seq, slot, "into the void");
    bench.queues.release(seq + 1);
  }
  const failures: number[] = [Errno.connreset, Errno.pipe];
  assert.ok(failures.includes(bench.slots.failure(slot)));
  bench.bytes(1e6, slot, "more");
  bench.queues.add(1e6, slot, StreamOp.close, NONE);
  bench.queues.release(2e6);
  assert.is(bench.slots.failure(slot), 0, "the slot is free");
  assert.ok(bench.queues.idle);
});

test("what left at the primary is forgotten, the rest is released again", async () => {
  const bench = new Bench();
  const { slot, peer } = await bench.open();
  for (let seq = 2; seq < 6; seq++) bench.bytes(seq, slot, `${seq} `);
  bench.queues.forget(4);
  assert.is(bench.slots.queued(slot), 4);
  bench.bytes(3, slot, "late ");
  assert.is(bench.slots.queued(slot), 4, "a late record is forgotten too");
  bench.queues.add(6, slot, StreamOp.close, NONE);
  bench.queues.release(7);
  assert.is(await all(peer), "4 5 ");
  peer.end();
});

test("a stream that this node does not have drops what is released to it", () => {
  const bench = new Bench();
  const slot = bench.slots.allocate();
  bench.queues.add(1, slot, StreamOp.open, new Uint8Array(4).fill(0xff));
  bench.bytes(2, slot, "to nobody");
  bench.queues.add(3, slot, StreamOp.shutdown, NONE);
  bench.queues.add(4, slot, StreamOp.close, NONE);
  bench.queues.release(5);
  assert.is(bench.slots.queued(slot), 0);
  while (bench.slots.allocate() !== slot);
});

test("a slot that is used again belongs to its new stream alone", async () => {
  const bench = new Bench();
  const first = await bench.open();
  bench.bytes(2, first.slot, "first");
  bench.queues.add(3, first.slot, StreamOp.close, NONE);
  bench.queues.release(4);
  assert.is(await all(first.peer), "first");
  while (bench.slots.allocate() !== MAX_STREAMS - 1);
  const second = await bench.open();
  assert.is(second.slot, first.slot);
  bench.bytes(5, second.slot, "second");
  bench.queues.add(6, second.slot, StreamOp.close, NONE);
  bench.queues.release(7);
  assert.is(await all(second.peer), "second");
  first.peer.end();
  second.peer.end();
});

test("what stands in a blocked stdout has not left; it leaves when somebody reads", async () => {
  const fixture = new URL("./outputs_fixture.ts", import.meta.url).pathname;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", fixture],
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const lines: string[] = [];
  const printed: number[] = [];
  for await (
    const text of child.stderr.pipeThrough(new TextDecoderStream())
  ) {
    lines.push(...text.trim().split("\n"));
    if (lines.at(-1) === "blocked") break;
  }
  assert.equal(lines, ["left 5 of 10", "blocked"]);
  for await (const part of child.stdout) printed.push(part.length);
  assert.is(printed.reduce((n, part) => n + part, 0), 300_004);
  assert.is((await child.status).code, 0);
});

test.run();
