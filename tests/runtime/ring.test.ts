import { test } from "uvu";
import * as assert from "uvu/assert";
import { PAD, Ring } from "../../src/runtime/ring.ts";
import {
  digestOf,
  fillRecord,
  LAST,
  type Order,
  RecordReader,
  sizesOf,
} from "./ring_kit.ts";

/** Writes a record and gives its place, or -1. */
function put(ring: Ring, size: number, number = 0): number {
  const at = ring.reserve(size);
  if (at < 0) return at;
  fillRecord(ring, at, size, number);
  ring.advance(size);
  ring.publish();
  return at;
}

test("a record is seen when it is published, not before", () => {
  const ring = Ring.of(256);
  const at = ring.reserve(32);
  assert.is(at, 0);
  ring.advance(32);
  assert.is(ring.spanEnd(), ring.tail);
  ring.publish();
  assert.is(ring.spanEnd(), 32);
});

test("a reserved place may be used in part, or not at all", () => {
  const ring = Ring.of(256);
  assert.is(ring.reserve(128), 0);
  assert.is(ring.reserve(64), 0);
  ring.advance(8);
  assert.is(ring.reserve(64), 8);
});

test("a full ring has no place until the reader gives some back", () => {
  const ring = Ring.of(256);
  for (const at of [0, 64, 128]) assert.is(put(ring, 64), at);
  assert.is(put(ring, 64), -1);
  assert.is(put(ring, 56), 192);
  assert.is(put(ring, 8), -1);
  ring.consume(64);
  assert.is(put(ring, 64), -1, "a full ring would look empty");
  assert.is(put(ring, 56), 0);
  assert.is(put(ring, 8), -1);
});

test("what does not fit before the end goes to the start, behind a pad", () => {
  const ring = Ring.of(256);
  for (let i = 0; i < 5; i++) put(ring, 40);
  ring.consume(200);
  assert.is(put(ring, 64), 0);
  assert.is(ring.spanEnd(), 256);
  assert.is(ring.view.getUint32(200, true), 56);
  assert.is(ring.view.getUint16(204, true), PAD);
  ring.consume(256);
  assert.is(ring.tail, 0);
  assert.is(ring.spanEnd(), 64);
});

test("a record that ends at the end leaves no pad", () => {
  const ring = Ring.of(256);
  put(ring, 128);
  ring.consume(128);
  assert.is(put(ring, 128), 128);
  assert.is(ring.spanEnd(), 256);
  ring.consume(256);
  assert.is(ring.tail, ring.spanEnd());
  assert.is(put(ring, 16), 0);
});

test("a record longer than half the ring is a bug", () => {
  assert.throws(() => Ring.of(256).reserve(136), /136 bytes is too long/);
});

test("every mix of sizes comes out as it went in, on one thread", () => {
  for (let seed = 1; seed <= 30; seed++) {
    const order = { seed, count: 500, most: 8 + 8 * seed };
    const ring = Ring.of(2 * order.most + 8 * (seed % 5));
    const reader = new RecordReader(ring, order);
    let number = 0;
    for (const size of sizesOf(order)) {
      while (put(ring, size, number) < 0) reader.read();
      number++;
    }
    while (reader.count < order.count) reader.read();
  }
});

/** Starts the other thread on an order. */
function other(ring: Ring, order: Order, does: "write" | "read" | "nag") {
  const worker = new Worker(new URL("./ring_worker.ts", import.meta.url), {
    type: "module",
  });
  const digest = new Promise<number>((resolve) =>
    worker.onmessage = ({ data }) => resolve(data)
  );
  worker.postMessage({ shared: ring.shared, order, does });
  return { digest, end: () => worker.terminate() };
}

const ORDERS: readonly (readonly [string, number, Order])[] = [
  ["a roomy ring", 1 << 20, { seed: 1, count: 200_000, most: 100_000 }],
  ["a tight ring", 4096, { seed: 2, count: 200_000, most: 2000 }],
];

for (const [name, capacity, order] of ORDERS) {
  test(`a Worker writes 200,000 records, the main isolate reads: ${name}`, async () => {
    const ring = Ring.of(capacity);
    const writer = other(ring, order, "write");
    const reader = new RecordReader(ring, order);
    while (!reader.done) {
      await ring.readable();
      reader.read();
    }
    assert.is(reader.count, order.count);
    assert.is(reader.digest, digestOf(order, Ring.of(2 * order.most)));
    writer.end();
  });

  test(`the main isolate writes 200,000 records, a Worker reads: ${name}`, async () => {
    const ring = Ring.of(capacity);
    const reader = other(ring, order, "read");
    let number = 0;
    for (const size of sizesOf(order)) {
      let at = ring.reserve(size);
      for (; at < 0; at = ring.reserve(size)) {
        ring.publish();
        ring.wakeReader();
        await ring.consumed();
      }
      const last = number === order.count - 1;
      fillRecord(ring, at, size, number++, last ? LAST : undefined);
      ring.advance(size);
      if (number % 5 === 0 || last) ring.publish();
      if (number % 50 === 0 || last) ring.wakeReader();
    }
    const wanted = digestOf(order, Ring.of(2 * order.most));
    assert.is(await reader.digest, wanted);
    reader.end();
  });
}

test("a wake without a record behind it is not the last that a reader hears", async () => {
  const ring = Ring.of(4096);
  const order: Order = { seed: 3, count: 30_000, most: 16 };
  const writer = other(ring, order, "nag");
  for (let count = 0; count < order.count;) {
    await ring.readable();
    const end = ring.spanEnd();
    for (let at = ring.tail; at < end; count++) {
      const pad = ring.view.getUint16(at + 4, true) === PAD;
      if (pad) count--;
      at += ring.view.getUint32(at, true);
    }
    if (end !== ring.tail) ring.consume(end);
  }
  await writer.digest;
  writer.end();
});

test.run();
