/** The parts of the engine that hold bytes: batches, the window, the gathering of batches, flow to a peer, the log file. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  controlBatch,
  controlsOf,
  cutFrom,
  nextOf,
} from "../../src/engine/batch.ts";
import { encodeFrame, NO_CLOCKS } from "../../src/engine/frame.ts";
import { Flow } from "../../src/engine/flow.ts";
import { Gather } from "../../src/engine/gather.ts";
import {
  decodeLogHeader,
  encodeLogHeader,
  LogIndex,
  scan,
} from "../../src/engine/log.ts";
import { Membership } from "../../src/engine/membership.ts";
import { Control } from "../../src/engine/message.ts";
import { Window } from "../../src/engine/window.ts";
import { batch, EPOCH, joined, removed, RUN } from "./kit.ts";

test("a batch cut at a number starts with that message", () => {
  const whole = batch(10, 5, 3);
  for (let number = 10; number < 15; number++) {
    const cut = cutFrom(whole, number);
    assert.equal(cut, batch(number, 15 - number, 3));
  }
});

test("control messages are found among others, with number and DATA", () => {
  const parts = [
    batch(0, 2),
    controlBatch(Control.processExit, 2, new Uint8Array([9])),
    batch(3, 1),
  ];
  const bytes = new Uint8Array(
    parts.reduce((sum, part) => sum + part.bytes.length, 0),
  );
  let at = 0;
  for (const part of parts) {
    bytes.set(part.bytes, at);
    at += part.bytes.length;
  }
  const found = controlsOf({ first: 0, count: 4, bytes });
  assert.equal(found, [{
    method: Control.processExit,
    seq: 2,
    data: new Uint8Array([9]),
  }]);
});

test("the window finds the rest of the batch that holds a number", () => {
  const window = new Window(0);
  for (const first of [0, 3, 6, 9]) window.push(batch(first, 3));
  for (let number = 0; number < 12; number++) {
    const found = window.from(number);
    assert.is(found?.first, number);
    assert.is(found && nextOf(found), 3 * Math.floor(number / 3) + 3);
  }
  assert.is(window.from(12), undefined);
});

test("the window keeps what is needed even beyond its bounds", () => {
  const window = new Window(0);
  for (let first = 0; first < 100; first++) window.push(batch(first, 1));
  window.trim(1000, 50);
  assert.is(window.first, 50);
  window.trim(1000, Infinity);
  assert.ok(window.size <= 1000);
  assert.is(window.next, 100);
  assert.is(window.from(50), undefined);
  assert.is(window.from(99)?.first, 99);
});

test("batches in any order, doubled and overlapping, come out once and in order", () => {
  const gather = new Gather(0);
  const numbers: number[] = [];
  const pieces: [number, number][] = [
    [4, 2],
    [4, 2],
    [1, 2],
    [0, 2],
    [0, 6],
    [8, 1],
    [5, 3],
    [3, 9],
    [2, 1],
  ];
  for (const [first, count] of pieces) {
    for (const ready of gather.take(batch(first, count))) {
      assert.equal(ready, batch(ready.first, ready.count));
      for (let n = ready.first; n < nextOf(ready); n++) numbers.push(n);
    }
  }
  assert.equal(numbers, Array.from({ length: 12 }, (_, i) => i));
});

test("early batches are kept within bounds", () => {
  const gather = new Gather(0);
  for (let i = 1; i <= 5000; i++) gather.take(batch(i, 1));
  const ready = gather.take(batch(0, 1));
  assert.is(ready.length, 1025);
  assert.is(gather.next, 1025);
});

test("bytes in flight are those sent and not acked", () => {
  const flow = new Flow(0, 1000);
  const size = batch(0, 1000).bytes.byteLength;
  for (let i = 0; i < 10; i++) flow.sent(batch(1000 * i, 1000));
  assert.is(flow.inFlight, 10 * size);
  flow.ack(10_000);
  assert.is(flow.inFlight, 0);
  flow.ack(500);
  assert.is(flow.acked, 10_000);
});

test("a nak sends again from its number, a second one only after a pause", () => {
  const flow = new Flow(0, 1000);
  flow.sent(batch(0, 10));
  flow.nak(3, 100, 25);
  assert.is(flow.cursor, 3);
  assert.is(flow.inFlight, 0);
  flow.sent(batch(3, 7));
  flow.nak(3, 110, 25);
  assert.is(flow.cursor, 10);
  flow.nak(3, 130, 25);
  assert.is(flow.cursor, 3);
});

test("a nak beyond what was sent or below what is held changes nothing", () => {
  const flow = new Flow(5, 1000);
  flow.sent(batch(5, 5));
  flow.nak(11, 0, 0);
  flow.nak(4, 0, 0);
  assert.is(flow.cursor, 10);
  assert.is(flow.acked, 5);
});

test("members are a function of the log, in join order", () => {
  const membership = new Membership();
  const member = (node: number, order: number) => ({
    node,
    address: `host:${node}`,
    order,
  });
  const log = [
    joined(1, member(7, 0)),
    joined(2, member(5, 1)),
    removed(3, 7),
    joined(4, member(7, 2)),
  ];
  for (const part of log) {
    controlsOf(part).forEach((message) => membership.apply(message));
  }
  assert.equal(membership.members.map(({ node }) => node), [5, 7]);
  assert.is(membership.joins, 3);
  assert.is(membership.removedAt, 3);
  assert.is(membership.joinedAt(7), 4);
  const takeover = controlBatch(Control.takeover, 5, new Uint8Array(0));
  controlsOf(takeover).forEach((message) => membership.apply(message));
  assert.equal(membership.members, []);
});

const RUN_ID = Uint8Array.from({ length: 16 }, (_, i) => i);
const LOG_HEADER = "52504c4c 39a85920 03000000 00000000 " +
  "000102030405060708090a0b0c0d0e0f 0000000000000000" + "00".repeat(24);

test("the head of a log file has the bytes of its table", () => {
  const hex = [...encodeLogHeader(RUN_ID, 0)]
    .map((byte) => byte.toString(16).padStart(2, "0")).join("");
  assert.is(hex, LOG_HEADER.replace(/ /g, ""));
  assert.equal(decodeLogHeader(encodeLogHeader(RUN_ID, 3, 9)), {
    run: RUN_ID,
    first: 3,
    module: 9,
  });
});

test("a damaged head of a log file is refused", () => {
  const bytes = encodeLogHeader(RUN_ID, 0);
  for (let bit = 0; bit < 8 * bytes.byteLength; bit++) {
    const damaged = bytes.slice();
    damaged[bit >> 3] = (damaged[bit >> 3] as number) ^ (1 << (bit & 7));
    assert.type(decodeLogHeader(damaged), "string");
  }
  assert.match(decodeLogHeader(bytes.subarray(0, 63)) as string, /not whole/);
});

function logOf(count: number): Uint8Array[] {
  const envelope = { run: RUN, epoch: EPOCH, clocks: NO_CLOCKS };
  return Array.from(
    { length: count },
    (_, i) =>
      encodeFrame(envelope, {
        kind: "data",
        released: 0,
        batch: batch(2 * i, 2),
      }),
  );
}

function joinedBytes(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(
    parts.reduce((sum, part) => sum + part.length, 0),
  );
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

test("a log torn at any byte is valid up to its last whole frame", () => {
  const frames = logOf(3);
  const bytes = joinedBytes(frames);
  const size = frames[0]?.byteLength as number;
  for (let end = 0; end <= bytes.byteLength; end++) {
    const whole = Math.floor(end / size);
    const found = scan(bytes.subarray(0, end), 0);
    assert.is(found.size, whole * size);
    assert.is(found.next, 2 * whole);
    assert.is(found.problem === undefined, end % size === 0);
  }
});

test("a log with a missing frame ends before the gap", () => {
  const [a, , c] = logOf(3) as [Uint8Array, Uint8Array, Uint8Array];
  const found = scan(joinedBytes([a, c]), 0);
  assert.is(found.next, 2);
  assert.match(found.problem ?? "", /message 4 stands where 2/);
});

test("the index names a frame near every number", () => {
  const index = new LogIndex(1000);
  for (let i = 0; i < 100; i++) index.add(10 * i, 300 * i);
  assert.is(index.before(0), 0);
  for (const number of [5, 39, 40, 41, 500, 999, 5000]) {
    const offset = index.before(number) as number;
    const first = offset / 30;
    assert.ok(first <= number);
    assert.ok(Math.min(number, 999) - first <= 50, `${number}: ${first}`);
  }
  assert.is(new LogIndex(1000).before(3), undefined);
});

test.run();
