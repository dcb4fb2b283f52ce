/** What a primary does about members that fall silent, its own freezes, and higher epochs: rules 3 and 4, case by case. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { Control } from "../../src/engine/message.ts";
import {
  controls,
  EPOCH,
  HEARTBEAT,
  notes,
  only,
  PrimaryHand,
  sent,
  TIMEOUT,
} from "./kit.ts";

const { memberRemoved } = Control;
const HIGHER = { number: 2, node: 9 };

test("a member that is silent while another acks is asked, and holds everything back", () => {
  const hand = PrimaryHand.withMembers([2, 3]);
  hand.append(1);
  const before = hand.releasable;
  hand.pass(TIMEOUT + HEARTBEAT, [3]);
  assert.equal(hand.asked(), [2]);
  assert.is(hand.releasable, before);
  assert.not(hand.engine.mayRelease(hand.now));
  hand.answer(2, { kind: "silent" });
  assert.equal(controls(hand.actions), [memberRemoved]);
  hand.ack(3);
  assert.is(hand.releasable, hand.engine.next);
  assert.ok(hand.engine.mayRelease(hand.now));
});

test("a joiner that never answers is dropped after ten time-outs, one that acks is not", () => {
  const hand = PrimaryHand.withMembers([2]);
  hand.connect(3);
  hand.connect(4);
  for (let passed = 0; passed < 12 * TIMEOUT; passed += HEARTBEAT) {
    hand.pass(HEARTBEAT, [2, 4]);
    const dropped = only(hand.actions, "drop").map(({ peer }) => peer);
    assert.equal(dropped, dropped.includes(3) ? [3] : []);
    if (passed < 9 * TIMEOUT) assert.equal(dropped, []);
  }
  const peers = hand.engine.status().peers.map(({ node }) => node);
  assert.equal(peers.sort(), [2, 4]);
});

test("a removal frees outputs only when the remaining members hold it", () => {
  const hand = PrimaryHand.withMembers([2, 3]);
  hand.append(2);
  hand.ack(3);
  const before = hand.releasable;
  hand.disconnect(2);
  hand.asked();
  hand.answer(2, { kind: "refused" });
  assert.equal(controls(hand.actions), [memberRemoved]);
  assert.is(hand.releasable, before);
  hand.ack(3);
  assert.is(hand.releasable, hand.engine.next);
});

test("a disconnected member is asked at once; refused means that it is gone", () => {
  const hand = PrimaryHand.withMembers([2]);
  hand.disconnect(2);
  assert.equal(hand.asked(), [2]);
  assert.not(hand.engine.mayRelease(hand.now));
  hand.answer(2, { kind: "refused" });
  assert.equal(notes(hand.actions), ["removed", "degraded"]);
  assert.is(hand.releasable, hand.engine.next);
  assert.ok(hand.engine.mayRelease(hand.now));
});

test("a disconnected member that lives may come back where it was", () => {
  const hand = PrimaryHand.withMembers([2]);
  const held = hand.engine.next;
  hand.disconnect(2);
  hand.asked();
  hand.answer(2, { kind: "same" });
  hand.append(2);
  const actions = hand.connect(2, held, EPOCH);
  assert.equal(notes(actions), ["resumed"]);
  assert.is(sent(actions, "data")[0]?.batch.first, held);
  assert.equal(hand.members, [2]);
});

test("a member that lives and does not come back is removed after another time-out", () => {
  const hand = PrimaryHand.withMembers([2]);
  hand.disconnect(2);
  hand.asked();
  hand.answer(2, { kind: "same" });
  hand.pass(TIMEOUT - HEARTBEAT);
  assert.equal(hand.members, [2]);
  hand.pass(2 * HEARTBEAT);
  assert.equal(hand.members, []);
});

test("a removed node that comes back counts only once it knows of its removal", () => {
  const hand = PrimaryHand.withMembers([2]);
  const held = hand.engine.next;
  hand.disconnect(2);
  hand.asked();
  hand.answer(2, { kind: "silent" });
  hand.connect(2, held, EPOCH);
  hand.ack(2, held);
  assert.equal(hand.members, []);
  hand.ack(2);
  assert.equal(hand.members, [2]);
});

test("degraded stop: a member without an answer ends the primary", () => {
  const hand = PrimaryHand.withMembers([2], { degraded: "stop" });
  hand.pass(TIMEOUT + HEARTBEAT);
  hand.asked();
  const [stop] = only(hand.answer(2, { kind: "silent" }), "stop");
  assert.is(stop?.reason.kind, "degraded");
  assert.not(hand.engine.mayRelease(hand.now));
  assert.equal(hand.append(1), []);
});

test("degraded stop: a member whose process is gone does not", () => {
  const hand = PrimaryHand.withMembers([2], { degraded: "stop" });
  hand.disconnect(2);
  hand.asked();
  assert.equal(notes(hand.answer(2, { kind: "refused" })), [
    "removed",
    "degraded",
  ]);
});

test("a member that leaves is removed at once", () => {
  const hand = PrimaryHand.withMembers([2]);
  const actions = hand.receive(2, { kind: "leave", reason: "superseded" });
  assert.equal(controls(actions), [memberRemoved]);
  assert.is(hand.releasable, hand.engine.next);
});

test("lease: a member that was not heard to hear us for ¾ of the time-out stops releases", () => {
  const hand = PrimaryHand.withMembers([2]);
  const start = hand.now;
  for (; hand.now < start + TIMEOUT * 3 / 4;) {
    assert.ok(hand.engine.mayRelease(hand.now), `${hand.now - start}`);
    hand.now += 25;
    hand.on({ kind: "tick" });
    hand.receive(2, { kind: "ack", next: hand.engine.next, heard: start });
  }
  hand.now += 1;
  assert.not(hand.engine.mayRelease(hand.now));
  hand.ack(2);
  assert.ok(hand.engine.mayRelease(hand.now));
});

test("frozen: after a gap nothing leaves until every member has answered", () => {
  const hand = PrimaryHand.withMembers([2, 3]);
  hand.now += TIMEOUT / 2 + 1;
  assert.not(hand.engine.mayRelease(hand.now));
  hand.on({ kind: "tick" });
  assert.equal(notes(hand.actions), ["frozen"]);
  assert.equal(hand.asked(), [2, 3]);
  for (const peer of [2, 3]) {
    assert.not(hand.engine.mayRelease(hand.now));
    hand.answer(peer, { kind: "same" });
  }
  assert.equal(notes(hand.actions), ["thawed"]);
  hand.ack(2);
  hand.ack(3);
  assert.ok(hand.engine.mayRelease(hand.now));
});

test("frozen: acks that were sent before the freeze prove nothing", () => {
  const hand = PrimaryHand.withMembers([2]);
  const heard = hand.now;
  hand.now += TIMEOUT;
  hand.on({ kind: "tick" });
  hand.receive(2, { kind: "ack", next: hand.engine.next, heard });
  assert.not(hand.engine.mayRelease(hand.now));
});

test("frozen: an answer from before the freeze does not count", () => {
  const hand = PrimaryHand.withMembers([2]);
  hand.disconnect(2);
  const [probe] = only(hand.actions, "probe");
  hand.now += TIMEOUT;
  hand.on({
    kind: "probed",
    peer: 2,
    id: probe?.id ?? 0,
    answer: { kind: "same" },
  });
  assert.not(hand.engine.mayRelease(hand.now));
  assert.ok(hand.engine.status().held);
});

const former = [{ node: 3, address: "host:3", mayTakeOver: true }];

test("takeover: nothing leaves until the other members know of the new epoch", () => {
  const hand = new PrimaryHand({ next: 10, former });
  hand.append(1);
  assert.equal(hand.asked(), [3]);
  assert.not(hand.engine.mayRelease(hand.now));
  hand.answer(3, { kind: "same" });
  assert.ok(hand.engine.mayRelease(hand.now));
  hand.now += TIMEOUT;
  hand.on({ kind: "tick" });
  assert.ok(hand.engine.mayRelease(hand.now));
});

test("takeover: with degraded stop, another member that fell silent ends it, one that left does not", () => {
  for (const kind of ["silent", "refused"] as const) {
    const hand = new PrimaryHand({ next: 10, former, degraded: "stop" });
    hand.append(1);
    hand.asked();
    const stops = only(hand.answer(3, { kind }), "stop").length;
    assert.is(stops, kind === "silent" ? 1 : 0);
  }
});

test("frozen: the new primary asks the members that could have followed it", () => {
  const hand = new PrimaryHand({ next: 10, former, now: 1000 });
  hand.now = 1000 + TIMEOUT;
  hand.append(1);
  assert.equal(hand.asked(), [3]);
  assert.not(hand.engine.mayRelease(hand.now));
  const actions = hand.answer(3, { kind: "higher", epoch: HIGHER });
  assert.is(only(actions, "stop")[0]?.reason.kind, "deposed");
});

test("a gap of half the time-out is none", () => {
  const hand = PrimaryHand.withMembers([2]);
  hand.now += TIMEOUT / 2;
  assert.equal(notes(hand.on({ kind: "tick" })), []);
});

test("deposed: a higher epoch in a frame, an answer, a probe or a handshake", () => {
  const ways: ((hand: PrimaryHand) => unknown)[] = [
    (hand) => hand.receive(2, { kind: "ack", next: 0, heard: 0 }, HIGHER),
    (hand) => hand.answer(2, { kind: "higher", epoch: HIGHER }),
    (hand) =>
      hand.on({ kind: "heard", node: 9, epoch: HIGHER, address: "host:9" }),
    (hand) => hand.connect(2, 1, HIGHER),
  ];
  for (const way of ways) {
    const hand = PrimaryHand.withMembers([2]);
    way(hand);
    const [stop] = only(hand.actions, "stop");
    assert.is(stop?.reason.kind, "deposed");
    assert.not(hand.engine.mayRelease(hand.now));
    assert.is(hand.actions.at(-1), stop);
  }
});

test("an equal number of a higher node is a higher epoch", () => {
  const hand = PrimaryHand.withMembers([2]);
  const epoch = { number: EPOCH.number, node: EPOCH.node + 1 };
  hand.on({ kind: "heard", node: 2, epoch, address: "host:2" });
  assert.is(only(hand.actions, "stop").length, 1);
});

test("a member that is removed while it is linked is told before its link is dropped", () => {
  const hand = PrimaryHand.withMembers([2]);
  const actions = hand.receive(2, { kind: "ack", next: 99, heard: 0 });
  const kinds = actions.map((action) =>
    action.kind === "send" ? action.frame.kind : action.kind
  );
  assert.equal(kinds.slice(0, 3), ["leave", "drop", "store"]);
});

test("a question to a node that was lost is repeated until its process is gone", () => {
  const hand = PrimaryHand.withMembers([2]);
  hand.disconnect(2);
  hand.asked();
  hand.answer(2, { kind: "silent" });
  hand.pass(2 * TIMEOUT + HEARTBEAT);
  assert.equal(hand.asked(), [2]);
  assert.ok(hand.engine.mayRelease(hand.now));
  hand.answer(2, { kind: "refused" });
  hand.pass(4 * TIMEOUT);
  assert.equal(hand.asked(), []);
});

test.run();
