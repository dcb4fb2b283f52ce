import { test } from "uvu";
import * as assert from "uvu/assert";
import { Errno } from "../../src/wasi-intercept/errno.ts";
import { makeWaker } from "../../src/runtime/host/poll.ts";
import { removeDirs } from "../kit/place.ts";
import { plant } from "./pair.ts";
import { connectedRig, LISTENER, listeningRig } from "./peer.ts";
import { Paths, READ_WRITE, Rig, WouldWait } from "./rig.ts";

const SUBSCRIPTIONS = 1024, EVENTS = 8192, COUNT = 64;
const MS = 1_000_000n, HOUR = 3_600_000n * MS;
const REALTIME = 0, MONOTONIC = 1;

type Subscription =
  | { readonly clock: number; readonly at: bigint; readonly absolute?: true }
  | { readonly read: number }
  | { readonly write: number }
  | { readonly tag: number };

interface Event {
  /** Which subscription it belongs to, by its userdata. */
  readonly of: number;
  readonly errno: number;
  readonly type: number;
  readonly bytes: bigint;
  readonly hangup: boolean;
}

/** Polls; the events, or the errno. */
function poll(rig: Rig, ...subscriptions: Subscription[]): Event[] | number {
  const { memory } = rig.kernel;
  memory.slice(SUBSCRIPTIONS, 48 * subscriptions.length).fill(0xee);
  for (const [i, subscription] of subscriptions.entries()) {
    const at = SUBSCRIPTIONS + 48 * i;
    memory.setU64(at, BigInt(i));
    memory.setU64(at + 8, BigInt(tagOf(subscription)));
    if ("clock" in subscription) {
      memory.setU32(at + 16, subscription.clock);
      memory.setU64(at + 24, subscription.at);
      memory.setU64(at + 32, 1n);
      memory.setU64(at + 40, subscription.absolute ? 1n : 0n);
    } else if ("read" in subscription) {
      memory.setU32(at + 16, subscription.read);
    } else if ("write" in subscription) {
      memory.setU32(at + 16, subscription.write);
    }
  }
  const count = subscriptions.length;
  const errno = rig.call.poll_oneoff!(SUBSCRIPTIONS, EVENTS, count, COUNT);
  return errno !== 0
    ? errno
    : Array.from({ length: rig.u32(COUNT) }, (_, i) => event(rig, i));
}

function tagOf(subscription: Subscription): number {
  if ("tag" in subscription) return subscription.tag;
  return "clock" in subscription ? 0 : "read" in subscription ? 1 : 2;
}

function event(rig: Rig, i: number): Event {
  const { memory } = rig.kernel;
  const at = EVENTS + 32 * i;
  return {
    of: Number(memory.u64(at)),
    errno: memory.u16(at + 8),
    type: memory.u8(at + 10),
    bytes: memory.u64(at + 16),
    hangup: memory.u16(at + 24) === 1,
  };
}

/** An event that says no more than that its subscription is ready. */
function ready(of: number, type: number): Event {
  return { of, errno: 0, type, bytes: 0n, hangup: false };
}

function failed(of: number, type: number, errno: number): Event {
  return { of, errno, type, bytes: 0n, hangup: false };
}

function now(rig: Rig, clock: number): bigint {
  rig.call.clock_time_get!(clock, 1n, 0);
  return rig.kernel.memory.u64(0);
}

test.after(removeDirs);

test("a relative time-out comes when it is over, on both clocks", () => {
  const rig = new Rig();
  for (const clock of [REALTIME, MONOTONIC]) {
    const start = now(rig, MONOTONIC);
    assert.equal(poll(rig, { clock, at: 20n * MS }), [ready(0, 0)]);
    assert.ok(now(rig, MONOTONIC) - start >= 20n * MS);
  }
  assert.equal(poll(rig, { clock: MONOTONIC, at: 0n }), [ready(0, 0)]);
});

test("an absolute deadline is a time of its clock", () => {
  const rig = new Rig();
  for (const clock of [REALTIME, MONOTONIC]) {
    const at = now(rig, clock) + 20n * MS;
    assert.equal(poll(rig, { clock, at, absolute: true }), [ready(0, 0)]);
    assert.ok(now(rig, clock) >= at);
  }
  const past = { clock: MONOTONIC, at: 1n, absolute: true } as const;
  assert.equal(poll(rig, past), [ready(0, 0)]);
});

test("an absolute deadline is guest time, whatever this node's clocks say", () => {
  const rig = new Rig();
  rig.host.clocks.offsets = { realtime: -HOUR, monotonic: HOUR, cputime: 0n };
  for (const clock of [REALTIME, MONOTONIC]) {
    const at = now(rig, clock) + 5n * MS;
    assert.equal(poll(rig, { clock, at, absolute: true }), [ready(0, 0)]);
    assert.ok(now(rig, clock) >= at);
  }
});

test("the longest time-outs are waits, not errors", () => {
  const rig = new Rig();
  for (const at of [HOUR, (1n << 63n) - 1n, 1n << 63n, (1n << 64n) - 1n]) {
    assert.throws(
      () => poll(rig, { clock: MONOTONIC, at }),
      (error: unknown) => error instanceof WouldWait,
    );
  }
});

test("the nearest of several time-outs is the one that comes", () => {
  const events = poll(
    new Rig(),
    { clock: MONOTONIC, at: HOUR },
    { clock: REALTIME, at: 5n * MS },
    { clock: MONOTONIC, at: 2n * HOUR },
  );
  assert.equal(events, [ready(1, 0)]);
});

test("what can't be waited for is an event with an errno, at once", () => {
  const rig = new Rig();
  const events = poll(
    rig,
    { clock: MONOTONIC, at: HOUR },
    { clock: 4, at: 0n },
    { clock: 2, at: 0n },
    { read: 99 },
    { write: 0xffff_ffff },
    { write: 0 },
    { tag: 3 },
  );
  assert.equal(events, [
    failed(1, 0, Errno.inval),
    failed(2, 0, Errno.notsup),
    failed(3, 1, Errno.badf),
    failed(4, 2, Errno.badf),
    failed(5, 2, Errno.badf),
    failed(6, 3, Errno.inval),
  ]);
});

test("no subscriptions, too many, and those that leave memory are refused", () => {
  const { call } = new Rig();
  assert.is(call.poll_oneoff!(1024, 8192, 0, COUNT), Errno.inval);
  assert.is(call.poll_oneoff!(1024, 8192, 16_385, COUNT), Errno.inval);
  assert.is(call.poll_oneoff!(1024, 8192, 0xffff_ffff, COUNT), Errno.inval);
  assert.is(call.poll_oneoff!(131_000, 8192, 2, COUNT), Errno.fault);
  assert.is(call.poll_oneoff!(1024, 131_060, 1, COUNT), Errno.fault);
  assert.is(call.poll_oneoff!(1024, 8192, 1, 131_070), Errno.fault);
});

test("files and directories are always ready", () => {
  const rig = new Rig({ dirs: [plant({ a: "text" })] });
  const fd = new Paths(rig).open("a", { rights: READ_WRITE });
  const events = poll(rig, { read: fd }, { write: fd }, { read: 3 });
  assert.equal(events, [ready(0, 1), ready(1, 2), ready(2, 1)]);
});

test("a listener is ready when somebody has come", async () => {
  const { rig, port } = listeningRig();
  const soon = { clock: MONOTONIC, at: MS } as const;
  assert.equal(poll(rig, { read: LISTENER }, soon), [ready(1, 0)]);
  const peer = await Deno.connect({ port });
  assert.equal(poll(rig, { read: LISTENER }), [ready(0, 1)]);
  peer.close();
});

test("a connection tells how much there is to read, and when its peer has gone", async () => {
  const { rig, peer, fd } = await connectedRig();
  assert.throws(() => poll(rig, { read: fd }));
  await peer.write(new Uint8Array(321));
  assert.equal(poll(rig, { read: fd }), [{ ...ready(0, 1), bytes: 321n }]);
  rig.iovecs(200, [4096, 1000]);
  assert.is(rig.call.fd_read!(fd, 200, 1, 208), 0);
  assert.throws(() => poll(rig, { read: fd }));
  peer.close();
  const [end] = poll(rig, { read: fd }) as Event[];
  assert.equal({ ...end, hangup: false }, ready(0, 1));
  assert.is(rig.call.fd_read!(fd, 200, 1, 208), 0);
  assert.is(rig.u32(208), 0);
});

test("a dead connection is readable, as hung up: it came from a node that is gone", async () => {
  const live = await connectedRig();
  const backup = new Rig({ listeners: [-1], following: true });
  backup.feed(live.rig.drain());
  backup.call.sock_accept!(LISTENER, 4, 0);
  backup.goLive();
  const fd = backup.u32(0);
  assert.equal(poll(backup, { read: fd }, { write: fd }), [
    { ...ready(0, 1), hangup: true },
    ready(1, 2),
  ]);
  backup.iovecs(200, [4096, 10]);
  assert.is(backup.call.fd_read!(fd, 200, 1, 208), Errno.connreset);
  assert.is(backup.call.fd_write!(fd, 200, 1, 208), Errno.connreset);
  live.peer.close();
});

/** Writes until the stream's queue takes no more. */
function fill(rig: Rig, fd: number): number {
  rig.iovecs(200, [4096, 65_536]);
  for (let queued = 0;; queued += rig.u32(208)) {
    const errno = rig.call.fd_write!(fd, 200, 1, 208);
    rig.drain();
    if (errno !== 0) {
      assert.is(errno, Errno.again);
      return queued;
    }
  }
}

test("a stream is writable until its queue is full", async () => {
  const { rig, peer, fd } = await connectedRig();
  assert.equal(poll(rig, { write: fd }), [ready(0, 2)]);
  assert.ok(fill(rig, fd) >= 1 << 19);
  const soon = { clock: MONOTONIC, at: MS } as const;
  assert.equal(poll(rig, { write: fd }, soon), [ready(1, 0)]);
  peer.close();
});

test("a full stream whose sending side is ended is writable: a write would fail at once", async () => {
  const { rig, peer, fd } = await connectedRig();
  fill(rig, fd);
  assert.is(rig.call.sock_shutdown!(fd, 2), 0);
  assert.equal(poll(rig, { write: fd }), [ready(0, 2)]);
  peer.close();
});

test("a poll that waits for room is woken when the queue has left", async () => {
  const waker = makeWaker();
  const { rig, peer, fd } = await connectedRig({ waker, patient: true });
  const queued = fill(rig, fd);
  const worker = new Worker(new URL("./releaser.ts", import.meta.url), {
    type: "module",
  });
  const loaded = new Promise((resolve) => worker.onmessage = resolve);
  const stream = rig.kernel.fds.get(fd) as { output: number };
  worker.postMessage([rig.slots.shared, stream.output, queued, waker]);
  await loaded;
  const events = poll(rig, { write: fd }, { clock: MONOTONIC, at: HOUR });
  assert.equal(events, [ready(0, 2)]);
  worker.terminate();
  peer.close();
});

test("a backup gets the events without waiting for them", async () => {
  const { rig, peer } = await connectedRig();
  await peer.write(new Uint8Array(5));
  const fd = rig.u32(0);
  const subscriptions = [{ read: fd }, { clock: MONOTONIC, at: HOUR }];
  const events = poll(rig, ...subscriptions);
  const messages = rig.drain();
  const backup = new Rig({ listeners: [-1], following: true });
  backup.feed(messages);
  backup.call.sock_accept!(LISTENER, 4, 0);
  assert.equal(poll(backup, ...subscriptions), events);
  assert.is(backup.messages.seq, messages.length);
  peer.close();
});

test.run();
