/** What a primary lets leave, whom it counts, what it sends: the output rule and rule 1, case by case. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { Control } from "../../src/engine/message.ts";
import {
  batch,
  controls,
  EPOCH,
  HEARTBEAT,
  notes,
  only,
  OTHER_RUN,
  PrimaryHand,
  sent,
  TIMEOUT,
} from "./kit.ts";

const { memberJoined } = Control;

test("numbers: the last that is exact is given, the next would be a bug", () => {
  const hand = new PrimaryHand({ next: Number.MAX_SAFE_INTEGER - 2 });
  hand.append(2);
  assert.is(hand.engine.next, Number.MAX_SAFE_INTEGER);
  assert.throws(() => hand.append(1), /as long as numbers go/);
});

test("output rule: without a member everything may leave", () => {
  const hand = new PrimaryHand();
  const released = { kind: "release", next: 3, held: 3 };
  assert.equal(only(hand.append(3), "release"), [released]);
});

test("output rule: what the slowest member lacks does not leave", () => {
  const hand = PrimaryHand.withMembers([2, 3]);
  const before = hand.releasable;
  hand.append(5);
  hand.ack(2);
  assert.is(hand.releasable, before);
  hand.ack(3, before + 2);
  assert.is(hand.releasable, before + 2);
  hand.ack(3);
  assert.is(hand.releasable, hand.engine.next);
});

test("output rule: a message is stored before it is sent", () => {
  const hand = PrimaryHand.withMembers([2, 3]);
  const kinds = hand.append(1).map(({ kind }) => kind);
  assert.equal(kinds, ["store", "send", "send"]);
});

test("output async: everything may leave at once", () => {
  const hand = PrimaryHand.withMembers([2], { output: "async" });
  hand.append(5);
  assert.is(hand.releasable, hand.engine.next);
});

test("in sync: a joiner counts from its memberJoined on, not before", () => {
  const hand = new PrimaryHand();
  hand.append(4);
  hand.connect(2);
  hand.append(1);
  assert.is(hand.releasable, 5);
  hand.ack(2, 3);
  assert.equal(controls(hand.actions), [memberJoined]);
  hand.append(1);
  assert.is(hand.releasable, 5);
  hand.ack(2, 6);
  assert.is(hand.releasable, 6);
});

test("in sync: a joiner that never acks is not a member", () => {
  const hand = new PrimaryHand();
  hand.append(1);
  hand.connect(2);
  hand.pass(TIMEOUT / 4);
  assert.equal(hand.members, []);
});

test("in sync: a joiner far behind is fed from the disk and counts for nothing", () => {
  const hand = new PrimaryHand({ memoryBytes: 2000, windowBytes: 4000 });
  for (let i = 0; i < 100; i++) hand.append(1);
  const [feed] = only(hand.connect(2), "feed");
  assert.is(feed?.from, 0);
  hand.append(1);
  assert.is(hand.releasable, 101);
  const actions = hand.on({
    kind: "fed",
    peer: 2,
    from: 0,
    batch: batch(0, 60),
  });
  assert.is(sent(actions, "data")[0]?.batch.count, 60);
  assert.equal(only(actions, "feed").map(({ from }) => from), [60]);
});

test("in sync: message 0 is the guest's", () => {
  const hand = new PrimaryHand();
  hand.connect(2);
  assert.equal(hand.ack(2, 0), []);
  const stores = only(hand.append(1), "store");
  assert.equal(stores.map(({ batch }) => batch.first), [0, 1]);
  assert.equal(hand.members, [2]);
});

test("in sync: nobody becomes a member while another node may be primary", () => {
  const hand = PrimaryHand.withMembers([2]);
  hand.connect(3);
  hand.now += TIMEOUT;
  hand.ack(3);
  assert.equal(hand.members, [2]);
  hand.ack(2);
  hand.ack(3);
  assert.equal(hand.members, [2, 3]);
});

test("frames of another run or an old epoch end the link", () => {
  const old = { number: 0, node: 9 };
  for (const [epoch, run] of [[EPOCH, OTHER_RUN], [old, undefined]] as const) {
    const hand = PrimaryHand.withMembers([2]);
    const ack = { kind: "ack", next: 9, heard: 0 } as const;
    const actions = hand.receive(2, ack, epoch, run);
    assert.is(only(actions, "drop").length, 1);
    assert.equal(hand.members, []);
  }
});

test("a log of another epoch can't be gone on with", () => {
  const hand = PrimaryHand.withMembers([2]);
  const [drop] = only(hand.connect(3, 1, { number: 0, node: 5 }), "drop");
  assert.match(drop?.reason ?? "", /another epoch/);
});

test("a peer is not sent more than its window before it acks", () => {
  const hand = PrimaryHand.withMembers([2], { windowBytes: 1000 });
  let bytes = 0;
  for (let i = 0; i < 100; i++) {
    for (const { batch } of sent(hand.append(1), "data")) {
      bytes += batch.bytes.byteLength;
    }
  }
  assert.ok(bytes >= 1000 && bytes < 1100, `${bytes}`);
  assert.ok(sent(hand.ack(2, hand.engine.next - 90), "data").length > 0);
});

test("a ping is answered to members only: others were removed, or never counted", () => {
  const hand = PrimaryHand.withMembers([2]);
  hand.connect(3);
  const ping = { kind: "ping", nonce: 7 } as const;
  assert.equal(sent(hand.receive(2, ping), "pong"), [{
    kind: "pong",
    nonce: 7,
  }]);
  assert.equal(sent(hand.receive(3, ping), "pong"), []);
});

test("a nak sends again from its number", () => {
  const hand = PrimaryHand.withMembers([2]);
  const next = hand.engine.next;
  hand.append(2);
  hand.append(2);
  const again = sent(hand.receive(2, { kind: "nak", next: next + 1 }), "data");
  assert.equal(again.map(({ batch }) => batch.first), [next + 1, next + 2]);
});

test("heartbeats tell each peer what it was sent, and how far outputs have left", () => {
  const hand = PrimaryHand.withMembers([2]);
  hand.on({ kind: "left", next: 2 });
  hand.now += HEARTBEAT;
  const [heartbeat] = sent(hand.on({ kind: "tick" }), "heartbeat");
  assert.equal(heartbeat, {
    kind: "heartbeat",
    next: 2,
    end: 2,
    released: 2,
    sent: hand.now,
  });
});

test("memory is bounded whatever a peer does while the log is on disk", () => {
  const hand = PrimaryHand.withMembers([2], { memoryBytes: 10_000 });
  for (let i = 0; i < 1000; i++) hand.append(1);
  assert.ok(hand.engine.status().memoryBytes <= 10_000);
  assert.not(hand.engine.full);
});

test("without a disk what members need stays in memory, and the guest waits", () => {
  const hand = PrimaryHand.withMembers([2], { memoryBytes: 10_000 });
  hand.on({ kind: "unlogged" });
  while (!hand.engine.full) hand.append(1);
  hand.ack(2);
  assert.not(hand.engine.full);
  const [drop] = only(hand.connect(3), "drop");
  assert.match(drop?.reason ?? "", /not kept/);
});

test("the end: everybody holds the log and all outputs have left", () => {
  const hand = PrimaryHand.withMembers([2]);
  const first = hand.engine.next;
  const exit = { ...batch(first, 1) };
  new DataView(exit.bytes.buffer).setUint16(4, Control.processExit, true);
  hand.on({ kind: "append", batch: exit });
  hand.on({ kind: "left", next: first + 1 });
  assert.equal(notes(hand.actions), []);
  hand.ack(2);
  assert.equal(sent(hand.actions, "bye"), [{ kind: "bye", next: first + 1 }]);
  assert.equal(notes(hand.actions), ["ended"]);
});

test.run();
