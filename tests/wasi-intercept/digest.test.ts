/** The digests of the protocol: the same wherever they are made, and changed by whatever changes. @module */
import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  mixBytes,
  mixStripes,
  STRIPE,
  STRIPED,
} from "../../src/bytes/digest.ts";
import { stripesOf } from "../../src/bytes/stripes.ts";
import { GuestMemory } from "../../src/wasi-intercept/memory.ts";
import { Random } from "../kit/random.ts";

const PAGE = 65_536;
const random = new Random(Number(Deno.env.get("SEED") ?? 1));

function fill(bytes: Uint8Array): Uint8Array {
  for (let i = 0; i < bytes.length; i++) bytes[i] = random.u32();
  return bytes;
}

function digestOf(bytes: Uint8Array, digest = 0): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  return mixBytes(digest, view, 0, bytes.length);
}

/** The digest as docs/PROTOCOL.md tells it, in numbers without a limit. */
function toldDigest(bytes: Uint8Array, digest: bigint): bigint {
  const M = 0xffff_ffffn, X = 0x55555555n;
  const K = [0x9e3779b1n, 0x85ebca6bn, 0xc2b2ae35n, 0x27d4eb2fn];
  const step = (h: bigint, word: bigint, n = 0, shift = 15n) => {
    const product = ((h ^ word) * K[n % 4]!) & M;
    return product ^ (product >> shift);
  };
  const word = (at: number) =>
    [3, 2, 1, 0].reduce((w, n) => w << 8n | BigInt(bytes[at + n]!), 0n);
  const startOf = (n: number) => digest ^ [0n, M, X, X ^ M][n % 4]!;
  const joined = ([a, ...others]: bigint[], size: number) =>
    [...others.slice(0, 3), BigInt(size)].reduce((h, w) => step(h, w), a!);
  let at = 0;
  if (bytes.length >= 256) {
    const lanes = Array.from({ length: 32 }, (_, n) => {
      return startOf(n) ^ ((BigInt(n >> 2) * K[0]!) & M);
    });
    const shift = (n: number) => BigInt(19 - (n >> 2));
    for (; at + 128 <= bytes.length; at += 128) {
      lanes.forEach((h, n) =>
        lanes[n] = step(h, word(at + 4 * n), n, shift(n))
      );
    }
    for (let half = 16; half >= 4; half /= 2) {
      for (let n = 0; n < half; n++) {
        lanes[n] = step(lanes[n]!, lanes[n + half]!, n, shift(n));
      }
    }
    digest = joined(lanes, at);
  }
  const lanes = [0, 1, 2, 3].map(startOf), rest = bytes.length - at;
  const shifts = [15n, 13n, 16n, 14n];
  for (; at + 16 <= bytes.length; at += 16) {
    lanes.forEach((h, n) => lanes[n] = step(h, word(at + 4 * n), n, shifts[n]));
  }
  for (; at + 4 <= bytes.length; at += 4) lanes[0] = step(lanes[0]!, word(at));
  for (; at < bytes.length; at++) {
    lanes[0] = step(lanes[0]!, BigInt(bytes[at]!));
  }
  return joined(lanes, rest);
}

const SIZES = [
  ...Array.from({ length: 201 }, (_, size) => size),
  ...[STRIPED - 1, STRIPED, STRIPED + 1, 3 * STRIPE - 1, 3 * STRIPE],
  ...[500, 511, 512, 1000, 4095, 4096, 4097, PAGE - 1],
];

test("a digest is what the protocol says", () => {
  const bytes = fill(new Uint8Array(PAGE));
  for (const size of SIZES) {
    const part = bytes.subarray(PAGE - size);
    const told = toldDigest(part, BigInt(size * 0x1234567 >>> 0));
    const made = digestOf(part, size * 0x1234567) >>> 0;
    assert.is(made, Number(told), `${size} bytes`);
  }
});

for (const shared of [false, true]) {
  const kind = shared ? "a shared memory" : "a memory";
  test(`${kind} gives the digest that a view gives, at any place and size`, () => {
    const descriptor = { initial: 4, maximum: 8, shared };
    const raw = new WebAssembly.Memory(descriptor);
    const memory = new GuestMemory(raw);
    fill(new Uint8Array(raw.buffer));
    const view = new DataView(raw.buffer);
    const end = raw.buffer.byteLength;
    for (const size of [...SIZES, 2 * PAGE + 77]) {
      const places = Array.from({ length: 33 }, (_, at) => at);
      for (const at of [...places, PAGE - 5, end - size - 1, end - size]) {
        const digest = random.u32() | 0;
        const wanted = mixBytes(digest, view, at, size);
        assert.is(memory.mix(digest, at, size), wanted, `${size} at ${at}`);
      }
    }
  });
}

test("a memory that has grown gives the digest of what is in it now", () => {
  for (const shared of [false, true]) {
    const raw = new WebAssembly.Memory({ initial: 1, maximum: 8, shared });
    const mix = stripesOf(raw);
    const before = mix(1, PAGE - STRIPED, STRIPED);
    assert.throws(() => mix(1, PAGE - STRIPE, STRIPED), /out of bounds/);
    raw.grow(2);
    assert.is(mix(1, PAGE - STRIPED, STRIPED), before);
    fill(new Uint8Array(raw.buffer));
    const view = new DataView(raw.buffer);
    const wanted = mixStripes(1, view, PAGE - STRIPE, 2 * PAGE);
    assert.is(mix(1, PAGE - STRIPE, 2 * PAGE), wanted);
  }
});

test("memory above 2 GiB gives the digest that a view gives", () => {
  const raw = new WebAssembly.Memory({ initial: 32_771 });
  const at = 2 ** 31 - 3 * STRIPE;
  fill(new Uint8Array(raw.buffer, at, 2 * PAGE));
  const memory = new GuestMemory(raw), view = new DataView(raw.buffer);
  for (const size of [STRIPED, 6 * STRIPE, 4096, PAGE + 1000]) {
    for (const place of [at, at + 3 * STRIPE, at + PAGE - 1000]) {
      const wanted = mixBytes(5, view, place, size);
      assert.is(memory.mix(5, place, size), wanted, `${size} at ${place}`);
    }
  }
});

const CONTENTS = [1, 7, 16, 64, 100, 255, 256, 300, 512, 1000].flatMap((n) => [
  new Uint8Array(n),
  new Uint8Array(n).fill(0xff),
  fill(new Uint8Array(n)),
]);

/** Holds that `change`, of a copy, changes the digest; false of it says that there is nothing to change. */
function holds(
  bytes: Uint8Array,
  what: string,
  change: (copy: Uint8Array) => void,
): void {
  const copy = bytes.slice();
  change(copy);
  if (copy.every((byte, i) => byte === bytes[i])) return;
  assert.is.not(digestOf(copy), digestOf(bytes), `${what} of ${bytes.length}`);
}

test("every single bit that flips changes the digest", () => {
  for (const bytes of CONTENTS) {
    for (let bit = 0; bit < 8 * bytes.length; bit++) {
      holds(bytes, `bit ${bit}`, (copy) => copy[bit >> 3]! ^= 1 << (bit & 7));
    }
  }
});

test("words and parts that change places, and the same bit twice, change the digest", () => {
  for (const bytes of CONTENTS) {
    const words = bytes.length >> 2;
    for (let i = 0; i < 4000 && words > 1; i++) {
      const a = 4 * random.below(words), b = 4 * random.below(words);
      holds(bytes, `words at ${a}, ${b}`, (copy) => {
        copy.set(bytes.subarray(a, a + 4), b);
        copy.set(bytes.subarray(b, b + 4), a);
      });
      const bit = 1 << random.below(8), n = random.below(4);
      if (a === b) continue;
      holds(bytes, `bit ${bit} of byte ${n} at ${a}, ${b}`, (copy) => {
        copy[a + n]! ^= bit;
        copy[b + n]! ^= bit;
      });
    }
    for (const by of [1, 3, 4, 16, 64, STRIPE, STRIPED]) {
      holds(bytes, `${by} from the end to the start`, (copy) => {
        copy.copyWithin(by, 0);
        copy.set(bytes.subarray(-by).subarray(0, copy.length));
      });
    }
  }
});

test("a size, a digest so far and zeroes at the end change the digest", () => {
  const seen = new Set<number>();
  for (let size = 0; size <= 2000; size++) {
    seen.add(digestOf(new Uint8Array(size)));
    seen.add(digestOf(new Uint8Array(size), 1));
  }
  assert.is(seen.size, 2 * 2001);
});

test("each bit of a digest changes with about half of the bits that flip", () => {
  for (const size of [4, 16, 100, 255, 256, 512, 1000]) {
    const counts = new Array<number>(32).fill(0);
    const rounds = 4000;
    for (let i = 0; i < rounds; i++) {
      const bytes = fill(new Uint8Array(size)), before = digestOf(bytes);
      const bit = random.below(8 * size);
      bytes[bit >> 3]! ^= 1 << (bit & 7);
      const changed = before ^ digestOf(bytes);
      for (let n = 0; n < 32; n++) counts[n]! += (changed >>> n) & 1;
    }
    for (const [n, count] of counts.entries()) {
      const part = count / rounds;
      assert.ok(part > 0.4 && part < 0.6, `bit ${n}, ${size} B: ${part}`);
    }
  }
});

test.run();
