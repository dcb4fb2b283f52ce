import { test } from "uvu";
import * as assert from "uvu/assert";
import { type Batch, controlBatch } from "../../src/engine/batch.ts";
import { getU64 } from "../../src/bytes/layout.ts";
import { Control, MessageHeader } from "../../src/engine/message.ts";
import { InboxFeeder } from "../../src/runtime/node/inbox.ts";
import { PAD, Ring } from "../../src/runtime/ring.ts";

function message(seq: number, size = 8): Batch {
  return controlBatch(Control.memberRemoved, seq, new Uint8Array(size));
}

/** Takes what is in the ring; gives the numbers of its messages. */
function take(ring: Ring): number[] {
  const numbers: number[] = [];
  while (ring.spanEnd() !== ring.tail) {
    const at = ring.tail;
    const method = ring.view.getUint16(at + MessageHeader.at.method, true);
    if (method !== PAD) {
      numbers.push(getU64(ring.view, at + MessageHeader.at.seq));
    }
    ring.consume(at + ring.view.getUint32(at, true));
  }
  return numbers;
}

function turns(count: number): Promise<void> {
  let chain = Promise.resolve();
  for (let i = 0; i < count; i++) chain = chain.then(() => {});
  return chain;
}

/** Lets the feeder's own waits for room have their turn. */
function settle(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

test("a push and the end are seen however few turns after the feeder ran dry they come", async () => {
  for (let pause = 0; pause < 20; pause++) {
    const ring = Ring.of(4096);
    const feeder = new InboxFeeder(ring, () => undefined, () => {});
    feeder.push(message(1), false);
    await turns(pause);
    feeder.push(message(2), false);
    await settle();
    assert.equal(take(ring), [1, 2], `${pause} turns before a push`);
    feeder.push(message(3), false);
    await turns(pause);
    feeder.close(message(4).bytes);
    await settle();
    assert.equal(take(ring), [3, 4], `${pause} turns before the end`);
  }
});

test("messages arrive in order through a ring that is full again and again", async () => {
  const ring = Ring.of(1024);
  const feeder = new InboxFeeder(ring, () => undefined, () => {});
  for (let seq = 1; seq <= 100; seq++) {
    feeder.push(message(seq, seq % 40), false);
  }
  const numbers: number[] = [];
  for (let i = 0; i < 1000 && numbers.length < 100; i++) {
    numbers.push(...take(ring));
    await settle();
  }
  assert.equal(numbers, Array.from({ length: 100 }, (_, i) => i + 1));
});

/** Bytes of messages of which 64 exceed what the feeder keeps in memory. */
const LARGE = 700 << 10;

test("what is too much for memory is read from the log, in order, and memory is used again afterwards", async () => {
  const ring = Ring.of(8 << 20);
  const log = Array.from({ length: 80 }, (_, i) => message(i + 1, LARGE));
  const read: number[] = [];
  const feeder = new InboxFeeder(ring, (from) => {
    read.push(from);
    return log[from - 1];
  }, () => assert.unreachable());
  for (const batch of log) feeder.push(batch, true);
  const numbers: number[] = [];
  for (let i = 0; i < 1000 && numbers.length < 80; i++) {
    numbers.push(...take(ring));
    await settle();
  }
  assert.equal(numbers, log.map(({ first }) => first));
  assert.ok(read.length > 10 && read.length < 80);
  feeder.push(message(81), true);
  await settle();
  assert.equal(take(ring), [81]);
  assert.not(read.includes(81));
});

test("a log that does not give back what was left to it is told, and nothing is skipped", async () => {
  const ring = Ring.of(8 << 20);
  let lost = 0;
  const feeder = new InboxFeeder(ring, () => undefined, () => lost++);
  for (let seq = 1; seq <= 80; seq++) feeder.push(message(seq, LARGE), true);
  const numbers: number[] = [];
  for (let i = 0; i < 200 && lost === 0; i++) {
    numbers.push(...take(ring));
    await settle();
  }
  assert.ok(lost > 0);
  numbers.push(...take(ring));
  assert.equal(numbers, numbers.map((_, i) => i + 1));
});

test.run();
