import { test } from "uvu";
import * as assert from "uvu/assert";
import { encode } from "cbor-x";
import {
  offsetsAfter,
  offsetsIn,
  stampBytes,
  stampOf,
} from "../../src/runtime/clocks.ts";
import {
  bootMs,
  GuestClocks,
  type Stamp,
  threadId,
} from "../../src/runtime/host/clock.ts";
import { Data } from "../../src/wasi-intercept/data.ts";
import { Random } from "../kit/random.ts";

const S = 1_000_000_000n;
const REALTIME = 0, MONOTONIC = 1, CPU = 2;

function sum(own: Stamp, offsets: Stamp): Stamp {
  return {
    realtime: own.realtime + offsets.realtime,
    monotonic: own.monotonic + offsets.monotonic,
    cputime: own.cputime + offsets.cputime,
  };
}

test("a stamp survives its bytes", () => {
  for (
    const stamp of [
      { realtime: 0n, monotonic: 0n, cputime: 0n },
      { realtime: 1_800_000_000n * S, monotonic: 5n * S, cputime: 1n },
      { realtime: -5n, monotonic: -(1n << 62n), cputime: 1n << 62n },
    ]
  ) {
    assert.equal(stampOf(stampBytes(stamp)), stamp);
    const odd = new Uint8Array(25);
    odd.set(stampBytes(stamp), 1);
    assert.equal(stampOf(odd.subarray(1)), stamp, "at an odd place");
  }
});

test("the offsets in a takeover are read; in other bytes there are none", () => {
  const stamp = { realtime: 1n, monotonic: -2n, cputime: 3n };
  const told = (value: unknown) => offsetsIn(new Uint8Array(encode(value)));
  assert.equal(told({ epoch: 7, offsets: stampBytes(stamp) }), stamp);
  for (
    const other of [
      ...[{}, 7, null, "x", [stampBytes(stamp)], { offsets: 24 }],
      ...[23, 25, 0].map((size) => ({ offsets: new Uint8Array(size) })),
    ]
  ) assert.is(told(other), undefined);
  for (const bytes of [[], [0xff], [0x9b, 255, 255, 255, 255]]) {
    assert.is(offsetsIn(new Uint8Array(bytes)), undefined);
  }
});

test("monotonic time goes on from the stamp with the time since", () => {
  const stamp = { realtime: 900n * S, monotonic: 500n * S, cputime: 7n * S };
  const own = { realtime: 901n * S, monotonic: 20n * S, cputime: 1n * S };
  const guest = sum(own, offsetsAfter(stamp, 2n * S, own));
  assert.is(guest.monotonic, 502n * S);
  assert.is(guest.cputime, 7n * S);
});

test("realtime is this node's own, but never below what was delivered", () => {
  const stamp = { realtime: 900n * S, monotonic: 0n, cputime: 0n };
  for (const [own, wanted] of [[950n, 950n], [900n, 900n], [100n, 900n]]) {
    const node = { realtime: own! * S, monotonic: 0n, cputime: 0n };
    const offsets = offsetsAfter(stamp, S, node);
    assert.is(node.realtime + offsets.realtime, wanted! * S);
  }
});

test("no clock goes back, whatever the two nodes' clocks say", () => {
  const random = new Random(1);
  const any = () => (BigInt(random.u32()) << 31n) | BigInt(random.u32());
  for (let i = 0; i < 2000; i++) {
    const stamp = { realtime: any(), monotonic: any(), cputime: any() };
    const own = { realtime: any(), monotonic: any(), cputime: any() };
    const guest = sum(own, offsetsAfter(stamp, any() >> 20n, own));
    assert.ok(guest.realtime >= stamp.realtime);
    assert.ok(guest.monotonic >= stamp.monotonic);
    assert.ok(guest.cputime >= stamp.cputime);
  }
});

/** A clock as the guest reads it. */
function read(clocks: GuestClocks, id: number): bigint {
  const data = new Data();
  const bytes = new Uint8Array(16);
  data.place(new DataView(bytes.buffer), bytes, 0, 0);
  clocks.read(id, data, 8);
  return data.u64(8);
}

test("the clocks that a guest reads are those of its stamp", () => {
  const clocks = new GuestClocks(threadId());
  for (
    const offsets of [
      { realtime: 0n, monotonic: 0n, cputime: 0n },
      { realtime: 1n, monotonic: (1n << 32n) - 1n, cputime: 1n << 32n },
      { realtime: -S, monotonic: -1n, cputime: 12_345n * S },
      { realtime: 1n << 60n, monotonic: 0xffff_ffffn * S, cputime: 5n },
    ]
  ) {
    clocks.offsets = offsets;
    for (let i = 0; i < 50; i++) {
      const before = clocks.stamp();
      const [realtime, monotonic, cputime] = [
        read(clocks, REALTIME),
        read(clocks, MONOTONIC),
        read(clocks, CPU),
      ] as const;
      const after = clocks.stamp();
      assert.ok(realtime >= before.realtime && realtime <= after.realtime);
      assert.ok(monotonic >= before.monotonic && monotonic <= after.monotonic);
      assert.ok(cputime >= before.cputime && cputime <= after.cputime);
    }
  }
});

test("clocks have the system's time and a resolution", () => {
  const clocks = new GuestClocks(threadId());
  const off = Number(read(clocks, REALTIME) / 1_000_000n) - Date.now();
  assert.ok(Math.abs(off) < 1000, `${off} ms`);
  for (let id = 0; id < 4; id++) assert.ok(clocks.resolution(id) >= 1n);
  assert.ok(bootMs() > 0);
});

test.run();
