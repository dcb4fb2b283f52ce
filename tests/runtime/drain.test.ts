import { test } from "uvu";
import * as assert from "uvu/assert";
import { getU64 } from "../../src/bytes/layout.ts";
import { MessageHeader, messageProblem } from "../../src/engine/message.ts";
import { drain } from "../../src/runtime/drain.ts";
import { StreamOp } from "../../src/runtime/guest/local.ts";
import { connectedRig } from "../wasi-intercept/peer.ts";
import { Rig, split } from "../wasi-intercept/rig.ts";

const IOVS = 64, BUFFER = 4096, COUNT = 32;

interface Record {
  readonly seq: number;
  readonly slot: number;
  readonly op: number;
  readonly text: string;
}

/** Drains a rig's outbox from `next` on; numbers of the messages, and the stream records. */
function take(rig: Rig, next: number) {
  const seqs: number[] = [], records: Record[] = [], counts: number[] = [];
  for (let more = true; more;) {
    const taken = drain(
      rig.outbox,
      next,
      (seq, slot, op, bytes) =>
        records.push({ seq, slot, op, text: new TextDecoder().decode(bytes) }),
    );
    more = taken.more;
    if (taken.batch === undefined) continue;
    const { first, count, bytes } = taken.batch;
    assert.is(first, next);
    counts.push(count);
    for (const message of split(bytes)) {
      const view = new DataView(
        message.buffer,
        message.byteOffset,
        message.length,
      );
      assert.is(messageProblem(view, 0, message.length), undefined);
      seqs.push(getU64(view, MessageHeader.at.seq));
    }
    next += count;
  }
  return { seqs, records, counts, next };
}

function write(rig: Rig, fd: number, text: string): void {
  rig.iovecs(IOVS, [BUFFER, rig.poke(BUFFER, text)]);
  assert.is(rig.call.fd_write!(fd, IOVS, 1, COUNT), 0);
}

test("messages are numbered one by one, from where the log stands", () => {
  const rig = new Rig();
  for (let i = 0; i < 5; i++) rig.call.clock_time_get!(0, 1n, COUNT);
  const first = take(rig, 100);
  assert.equal(first.seqs, [100, 101, 102, 103, 104]);
  assert.is(first.next, 105);
  rig.call.clock_time_get!(0, 1n, COUNT);
  assert.equal(take(rig, 105).seqs, [105]);
});

test("an empty outbox gives no batch", () => {
  const rig = new Rig();
  const { batch, more } = drain(rig.outbox, 7, () => assert.unreachable());
  assert.is(batch, undefined);
  assert.is(more, false);
});

test("a stream's record belongs to the message of its call", async () => {
  const { rig, peer, fd } = await connectedRig();
  const { output: slot } = rig.kernel.fds.get(fd) as { output: number };
  write(rig, fd, "one");
  rig.call.clock_time_get!(0, 1n, COUNT);
  write(rig, 1, "out");
  write(rig, fd, "");
  rig.call.sock_shutdown!(fd, 2);
  rig.call.fd_close!(fd);
  const { seqs, records } = take(rig, 10);
  assert.equal(seqs, [10, 11, 12, 13, 14, 15, 16]);
  const { open, bytes, shutdown, close } = StreamOp;
  assert.equal(
    records.map(({ seq, slot, op }) => [seq, slot, op]),
    [
      [10, slot, open],
      [11, slot, bytes],
      [13, 1, bytes],
      [15, slot, shutdown],
      [16, slot, close],
    ],
  );
  assert.equal([records[1]!.text, records[2]!.text], ["one", "out"]);
  peer.close();
});

test("records and messages keep their numbers where a drain is cut and the ring wraps", () => {
  const rig = new Rig();
  let next = 1;
  const wanted: [number, string][] = [], got: [number, string][] = [];
  for (let round = 0; round < 60; round++) {
    for (let i = 0; i < 20; i++) {
      const text = String.fromCharCode(97 + i).repeat(1 + (i * 977) % 20_000);
      write(rig, 1, text);
      wanted.push([next + i, text]);
    }
    const taken = take(rig, next);
    assert.is(taken.next, next + 20);
    next = taken.next;
    for (const { seq, slot, text } of taken.records) {
      got.push([seq, text]);
      rig.slots.take(slot, text.length);
    }
  }
  assert.ok(JSON.stringify(got) === JSON.stringify(wanted));
});

test("what a drain gave stays as it is while the guest writes on over it", () => {
  const rig = new Rig();
  const given: { bytes: Uint8Array; was: Uint8Array }[] = [];
  const keep = (bytes: Uint8Array) => given.push({ bytes, was: bytes.slice() });
  for (let round = 0; round < 300; round++) {
    const text = String.fromCharCode(97 + round % 23).repeat(20_000);
    write(rig, 1, text);
    rig.call.random_get!(0, 4096);
    const { batch } = drain(
      rig.outbox,
      1,
      (_seq, slot, _op, bytes) => {
        keep(bytes);
        rig.slots.take(slot, bytes.length);
      },
    );
    if (batch !== undefined) keep(batch.bytes);
  }
  assert.ok(given.length > 500);
  for (const { bytes, was } of given) {
    assert.ok(bytes.every((byte, i) => byte === was[i]));
  }
});

test("more than a frame holds comes in several batches", () => {
  const rig = new Rig();
  for (let i = 0; i < 600; i++) rig.call.random_get!(0, 4096);
  const { seqs, counts } = take(rig, 1);
  assert.equal(seqs, Array.from({ length: 600 }, (_, i) => i + 1));
  assert.ok(counts.length > 1);
});

test("a record that was made while following keeps the number that it has", () => {
  const live = new Rig();
  live.call.clock_time_get!(0, 1n, COUNT);
  write(live, 1, "text");
  const messages = live.drain();
  const backup = new Rig({ following: true });
  backup.feed(messages);
  backup.call.clock_time_get!(0, 1n, COUNT);
  write(backup, 1, "text");
  const { seqs, records } = take(backup, 500);
  assert.equal(seqs, []);
  assert.equal(records.map(({ seq, text }) => [seq, text]), [[2, "text"]]);
});

test.run();
