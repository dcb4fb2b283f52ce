/** How a backup holds the log, and when it takes over: rules 1, 3 and 4, one by one. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { BackupAction, Status } from "../../src/engine/events.ts";
import {
  BackupHand,
  batch,
  EPOCH,
  HEARTBEAT,
  joined,
  notes,
  only,
  OTHER_RUN,
  removed,
  RUN,
  sent,
  TIMEOUT,
} from "./kit.ts";

const HIGHER = { number: 5, node: 9 };

function status(
  given: Partial<Status> = {},
): { kind: "status"; status: Status } {
  const plain: Status = {
    role: "backup",
    epoch: EPOCH,
    members: [2, 3],
    next: 3,
    heardMs: TIMEOUT,
  };
  return { kind: "status", status: { ...plain, ...given } };
}

function leaveOf(actions: readonly BackupAction[]) {
  return only(actions, "leave")[0]?.reason;
}

test("log: a batch is stored before it is acked", () => {
  const hand = new BackupHand();
  hand.connect();
  const actions = hand.data(batch(0, 3));
  assert.equal(actions.map(({ kind }) => kind), ["store", "send"]);
  assert.equal(sent(actions, "ack"), [{ kind: "ack", next: 3, heard: 0 }]);
});

test("log: after a gap nothing is stored until it is filled, and it is asked for", () => {
  const hand = new BackupHand();
  hand.connect();
  const early = hand.data(batch(3, 2));
  assert.equal(only(early, "store"), []);
  assert.equal(sent(early, "nak"), [{ kind: "nak", next: 0 }]);
  assert.equal(sent(early, "ack"), [{ kind: "ack", next: 0, heard: 0 }]);
  const filled = only(hand.data(batch(0, 3)), "store");
  assert.equal(filled.map(({ batch }) => batch.first), [0, 3]);
  assert.is(hand.engine.next, 5);
});

test("log: a lost tail is found by a heartbeat", () => {
  const hand = new BackupHand();
  hand.connect();
  hand.data(batch(0, 3));
  assert.equal(sent(hand.heartbeat(3), "nak"), []);
  assert.equal(sent(hand.heartbeat(8), "nak"), [{ kind: "nak", next: 3 }]);
});

test("log: a doubled batch is acked again and not stored again", () => {
  const hand = new BackupHand();
  hand.connect();
  hand.data(batch(0, 3));
  const again = hand.data(batch(0, 3));
  assert.equal(only(again, "store"), []);
  assert.is(sent(again, "ack").length, 1);
});

test("log: acks are repeated as a sign of life", () => {
  const hand = BackupHand.inSync();
  assert.ok(sent(hand.pass(3 * HEARTBEAT), "ack").length >= 3);
});

test("log: frames of another run, an old epoch or an old link are not taken", () => {
  const hand = new BackupHand();
  hand.connect();
  const data = { kind: "data", batch: batch(0, 1), released: 0 } as const;
  hand.receive(data, EPOCH, OTHER_RUN);
  hand.receive(data, { number: 0, node: 1 });
  hand.connect();
  hand.on({
    kind: "received",
    link: 1,
    frame: { run: RUN, epoch: EPOCH, clocks: undefined, body: data },
  });
  assert.is(hand.engine.next, 0);
});

test("log: outputs that left at the primary are known, but never beyond what is held", () => {
  const hand = new BackupHand();
  hand.connect();
  const heartbeat = { kind: "heartbeat", next: 0, end: 9, sent: 1 } as const;
  const actions = hand.receive({ ...heartbeat, released: 7 });
  assert.equal(only(actions, "released"), [{ kind: "released", next: 7 }]);
  hand.data(batch(0, 1));
  assert.is(hand.engine.status().released, 1);
});

test("in sync: from the memberJoined of its own id to the memberRemoved", () => {
  const hand = new BackupHand();
  hand.connect();
  hand.data(batch(0, 1));
  hand.data(joined(1, { node: 3, address: "host:3", order: 0 }));
  assert.not(hand.engine.inSync);
  hand.data(joined(2, { node: 2, address: "host:2", order: 1 }));
  assert.ok(hand.engine.inSync);
  assert.equal(notes(hand.data(removed(3, 2))), ["removed"]);
  assert.not(hand.engine.inSync);
});

test("in sync: a joiner never takes over, it goes on trying", () => {
  const hand = new BackupHand();
  hand.connect();
  hand.data(batch(0, 1));
  hand.on({ kind: "disconnected", link: hand.link });
  assert.is(only(hand.actions, "connect").length, 1);
  for (const kind of ["refused", "foreign", "silent"] as const) {
    const actions = [...hand.fail(kind), ...hand.pass(3 * TIMEOUT)];
    assert.equal(only(actions, "takeOver"), []);
    assert.ok(only(actions, "connect").length > 0);
  }
});

test("reset is not death: a broken link is tried again at once, and resumed", () => {
  const hand = BackupHand.inSync();
  const actions = hand.on({ kind: "disconnected", link: hand.link });
  assert.is(only(actions, "connect").length, 1);
  assert.equal(notes(hand.connect()), ["connected"]);
  assert.equal(sent(hand.actions, "ack"), [{ kind: "ack", next: 2, heard: 0 }]);
  assert.equal(only(hand.pass(TIMEOUT, true), "takeOver"), []);
});

test("refused after a reset means that the primary is dead", () => {
  const hand = BackupHand.inSync();
  hand.on({ kind: "disconnected", link: hand.link });
  const [takeOver] = only(hand.fail("refused"), "takeOver");
  assert.equal(takeOver?.epoch, { number: 2, node: 2 });
  assert.is(takeOver?.next, 2);
  assert.equal(takeOver?.former, []);
  assert.equal(hand.data(batch(2, 1)), []);
});

test("a foreign run at the primary's address means that it is dead", () => {
  for (const way of ["handshake", "failure"]) {
    const hand = BackupHand.inSync();
    hand.on({ kind: "disconnected", link: hand.link });
    if (way === "failure") hand.fail("foreign");
    else hand.connect({ number: 1, node: 8 }, OTHER_RUN);
    assert.is(only(hand.actions, "takeOver").length, 1, way);
  }
});

test("no answer means waiting for the time-out", () => {
  const hand = BackupHand.inSync();
  hand.on({ kind: "disconnected", link: hand.link });
  assert.equal(only(hand.fail("silent"), "takeOver"), []);
  assert.equal(only(hand.pass(TIMEOUT), "takeOver"), []);
  const [takeOver] = only(hand.pass(HEARTBEAT), "takeOver");
  assert.is(takeOver?.why, "silent");
  assert.equal(takeOver?.former.map(({ node }) => node), [1]);
});

test("a silent primary on an open link is knocked at after half the time-out", () => {
  const hand = BackupHand.inSync();
  assert.equal(only(hand.pass(TIMEOUT / 2), "connect"), []);
  assert.ok(only(hand.pass(HEARTBEAT), "connect").length > 0);
  assert.equal(only(hand.connect(), "takeOver"), []);
  assert.equal(only(hand.pass(TIMEOUT), "takeOver"), []);
});

test("a probe of the primary is a sign of life, that of another member is none", () => {
  const hand = BackupHand.inSync();
  hand.pass(TIMEOUT - HEARTBEAT / 2);
  hand.on({ kind: "heard", node: 1, epoch: EPOCH, address: "host:1" });
  assert.equal(only(hand.pass(TIMEOUT - HEARTBEAT / 2), "takeOver"), []);
  hand.on({ kind: "heard", node: 3, epoch: EPOCH, address: "host:3" });
  assert.is(only(hand.pass(2 * HEARTBEAT), "takeOver").length, 1);
});

test("a higher epoch of the run means that it is superseded, however it is learnt", () => {
  const ways: ((hand: BackupHand) => BackupAction[])[] = [
    (hand) => hand.connect(HIGHER),
    (hand) => hand.receive({ kind: "bye", next: 0 }, HIGHER),
    (hand) =>
      hand.on({ kind: "heard", node: 9, epoch: HIGHER, address: "host:9" }),
    (hand) => {
      const how = { kind: "higher", epoch: HIGHER, address: "host:9" } as const;
      return hand.on({ kind: "connectFailed", how });
    },
  ];
  for (const way of ways) {
    const reason = leaveOf(way(BackupHand.inSync()));
    assert.is(reason?.kind, "superseded");
    assert.is(reason?.kind === "superseded" && reason.node, 9);
  }
});

function frozen(): BackupHand {
  const hand = BackupHand.inSync();
  hand.now += TIMEOUT / 2 + 1;
  hand.on({ kind: "tick" });
  return hand;
}

test("frozen: it asks whether it is still a member", () => {
  const hand = frozen();
  assert.equal(notes(hand.actions), ["frozen"]);
  assert.is(sent(hand.actions, "ping").length > 0, true);
});

test("frozen: when the primary is dead before it confirmed, it leaves", () => {
  const hand = frozen();
  hand.on({ kind: "disconnected", link: hand.link });
  assert.is(leaveOf(hand.fail("refused"))?.kind, "out of sync");
});

test("frozen: a pong to an older ping confirms nothing", () => {
  const hand = frozen();
  const nonce = sent(hand.actions, "ping").at(-1)?.nonce ?? 0;
  hand.receive({ kind: "pong", nonce: nonce - 1 });
  assert.not(hand.engine.status().confirmed);
  hand.receive({ kind: "pong", nonce });
  assert.ok(hand.engine.status().confirmed);
  hand.on({ kind: "disconnected", link: hand.link });
  assert.is(only(hand.fail("refused"), "takeOver").length, 1);
});

test("frozen: frames that waited in the kernel confirm nothing", () => {
  const hand = frozen();
  hand.data(batch(2, 1));
  hand.heartbeat();
  assert.not(hand.engine.status().confirmed);
});

test("frozen: it asks again until it is answered, over a new link too", () => {
  const hand = frozen();
  assert.ok(sent(hand.pass(3 * HEARTBEAT, true), "ping").length >= 2);
  assert.is(sent(hand.connect(), "ping").length, 1);
});

test("frozen: the primary gets a fresh time-out", () => {
  const hand = BackupHand.inSync();
  hand.now += 10 * TIMEOUT;
  assert.equal(leaveOf(hand.on({ kind: "tick" })), undefined);
  assert.equal(leaveOf(hand.pass(TIMEOUT)), undefined);
  assert.is(leaveOf(hand.pass(HEARTBEAT))?.kind, "out of sync");
});

test("frozen while it asks the others: it leaves", () => {
  const hand = BackupHand.inSync([2, 3]);
  hand.fail("refused");
  hand.now += TIMEOUT;
  assert.is(leaveOf(hand.on({ kind: "tick" }))?.kind, "out of sync");
});

test("order: the first asks those behind it and takes over", () => {
  const hand = BackupHand.inSync([2, 3]);
  assert.equal(only(hand.fail("refused"), "takeOver"), []);
  assert.equal(hand.asked(), [3]);
  const [takeOver] = only(hand.answer(3, status()), "takeOver");
  assert.equal(takeOver?.former, [{
    node: 3,
    address: "host:3",
    mayTakeOver: true,
  }]);
});

test("order: one that lives and joined before goes first", () => {
  const hand = BackupHand.inSync([3, 2]);
  hand.fail("refused");
  hand.asked();
  const reason = leaveOf(hand.answer(3, status({ members: [3, 2] })));
  assert.equal(reason, { kind: "superseded", node: 3, address: "host:3" });
});

test("order: of several that go first the earliest is named, whoever answers first", () => {
  const alive = status({ members: [3, 4, 2] });
  for (const answers of [[3, 4], [4, 3]]) {
    const hand = BackupHand.inSync([3, 4, 2]);
    hand.fail("refused");
    hand.asked();
    assert.equal(leaveOf(hand.answer(answers[0]!, alive)), undefined);
    const reason = leaveOf(hand.answer(answers[1]!, alive));
    assert.equal(reason, { kind: "superseded", node: 3, address: "host:3" });
  }
});

test("order: those that are refused or silent are passed over, with a higher epoch", () => {
  const hand = BackupHand.inSync([3, 4, 2]);
  hand.fail("refused");
  assert.equal(hand.asked(), [3, 4]);
  hand.answer(3, { kind: "refused" });
  const [takeOver] = only(hand.answer(4, { kind: "silent" }), "takeOver");
  assert.equal(takeOver?.epoch, { number: 4, node: 2 });
  assert.equal(takeOver?.former.map(({ node }) => node), [4]);
});

test("order: another that is primary, or knows a higher epoch, supersedes", () => {
  for (const given of [{ role: "primary" as const }, { epoch: HIGHER }]) {
    const hand = BackupHand.inSync([2, 3]);
    hand.fail("refused");
    hand.asked();
    assert.is(leaveOf(hand.answer(3, status(given)))?.kind, "superseded");
  }
});

test("order: another whose log lacks us knows that we were removed", () => {
  const hand = BackupHand.inSync([2, 3]);
  hand.fail("refused");
  hand.asked();
  assert.equal(leaveOf(hand.answer(3, status({ members: [3], next: 9 }))), {
    kind: "removed",
    node: 3,
  });
});

test("order: another whose log is too short to name us says nothing", () => {
  const hand = BackupHand.inSync([3, 2]);
  hand.fail("refused");
  hand.asked();
  const short = status({ members: [3], next: 2 });
  assert.is(leaveOf(hand.answer(3, short))?.kind, "superseded");
  const other = BackupHand.inSync([3, 2]);
  other.fail("refused");
  other.asked();
  const shorter = status({ members: [], next: 1 });
  const [takeOver] = only(other.answer(3, shorter), "takeOver");
  assert.ok(takeOver?.former[0]?.mayTakeOver, "it must be told of the epoch");
});

test("order: when another still hears the primary, a cut-off backup waits", () => {
  const hand = BackupHand.inSync([2, 3]);
  hand.pass(TIMEOUT + HEARTBEAT);
  assert.equal(hand.asked(), [3]);
  const actions = hand.answer(3, status({ heardMs: 20 }));
  assert.equal(notes(actions), ["primaryAlive"]);
  assert.equal(only(actions, "takeOver"), []);
  assert.equal(hand.asked(), []);
});

test("order: an answer to an earlier round does not count", () => {
  const hand = BackupHand.inSync([2, 3]);
  hand.pass(TIMEOUT + HEARTBEAT);
  const [old] = only(hand.actions, "probe");
  hand.heartbeat();
  hand.pass(TIMEOUT + HEARTBEAT);
  const answer = { kind: "refused" } as const;
  const late = hand.on({ kind: "probed", node: 3, id: old?.id ?? 0, answer });
  assert.equal(only(late, "takeOver"), []);
});

test("a primary that is heard while the others are asked lives", () => {
  const hand = BackupHand.inSync([2, 3]);
  hand.pass(TIMEOUT + HEARTBEAT);
  hand.asked();
  assert.equal(notes(hand.heartbeat()), ["primaryAlive"]);
  assert.equal(only(hand.answer(3, { kind: "silent" }), "takeOver"), []);
});

test("removed by its primary: it leaves", () => {
  const hand = BackupHand.inSync();
  const actions = hand.receive({ kind: "leave", reason: "too slow" });
  assert.equal(leaveOf(actions), { kind: "removed", node: 1 });
});

test("the end: it leaves once it holds everything, and is not dead", () => {
  const hand = BackupHand.inSync();
  assert.is(leaveOf(hand.receive({ kind: "bye", next: 3 })), undefined);
  assert.equal(sent(hand.actions, "nak"), [{ kind: "nak", next: 2 }]);
  assert.equal(leaveOf(hand.data(batch(2, 1))), { kind: "ended", next: 3 });
});

test.run();
