/** Random and hostile calls, the same ones for the same seed. @module */
import { TABLE } from "../../src/wasi-intercept/table.ts";
import type { Param, Syscall } from "../../src/wasi-intercept/syscall.ts";
import type { Random } from "../kit/random.ts";
import { DIR, READ_ONLY, READ_WRITE } from "./rig.ts";

/** A call and what the guest's memory holds before it. */
export interface HostileCall {
  readonly row: Syscall;
  readonly args: readonly (number | bigint)[];
  readonly pokes: readonly (readonly [at: number, bytes: Uint8Array])[];
  /** By how many pages the memory grows before it. */
  readonly pages: number;
}

/** How often rows are called: most often those that open something, or that most descriptors are not for. */
const WEIGHTS: readonly [RegExp, number][] = [
  [/^(path_open|sock_accept)$/, 8],
  [/^fd_(data)?sync$/, 1],
  [/^(sock_|fd_allocate|path_link|path_readlink)/, 5],
  [/^(fd|path)_/, 3],
  [/^/, 1],
];
const OFTEN = TABLE.flatMap((row) => {
  const [, weight = 1] = WEIGHTS.find(([names]) => names.test(row.name)) ?? [];
  return Array<Syscall>(weight).fill(row);
});

/** Bytes of a page. */
export const PAGE = 65_536;

/** Memory of more bytes is looked at in places alone. */
const LARGE = 2 ** 30;

/** The parts of a memory of `size` bytes that pointers lead to: all of it, or the start, the middle of all addresses and the end. */
export function placesOf(size: number): [start: number, end: number][] {
  if (size < LARGE) return [[0, size]];
  const half = 2 ** 31;
  return [[0, PAGE], [half - PAGE / 2, half + PAGE / 2], [size - PAGE, size]];
}

/** Names in the planted directory, names that are not there, and ways out. */
const NAMES = [
  ...["a", "b", "sub/a", "sub/b", "a", "sub/new", "new", "new2", "sub"],
  ...["a", "b", "sub", "sub/a", "sub/b", "sub/deep", "empty", "full", "new"],
  ...["sub/new", "./a", "sub/../a", "a/", "sub/", "sub/.", ".", "sub//a"],
  ...["in", "out", "out/passwd", "abs", "loop", "up", "up/x", "sub/up"],
  ...["..", "../x", "sub/../..", "/", "/etc/passwd", "//", "a/x", "", "\0"],
  ...[
    "a\0b",
    "x".repeat(255),
    "x".repeat(256),
    "y/".repeat(2000),
    "é\u{1f600}",
  ],
];

/** `oflags` and `fdflags`, the sensible ones more often. */
const OPENS = [0, 0, 0, 1, 1, 1, 2, 2, 4, 5, 8, 9];
const FLAGS = [0, 0, 0, 1, 4, 4];

/** Descriptor of the listener, behind two directories. */
const LISTENER = DIR + 2;

const NUMBERS = [
  ...[0, 1, 2, 3, 4, 7, 8, 16, 31, 32, 48, 255, 256, 1024, 1025, 4095, 4096],
  ...[16_384, 16_385, 0x7fff_ffff, 0x8000_0000, 0xffff_fff8, 0xffff_ffff],
];

const BIG = [
  ...[0n, 1n, 2n, 5n, 63n, 64n, 100n, 4096n, 1n << 20n, 1n << 31n, 1n << 32n],
  ...[(1n << 63n) - 1n, 1n << 63n, (1n << 64n) - 1n, (1n << 64n) - 4096n],
  ...[0x42n, 0x2n, 0x40n, (1n << 14n) | 2n, (1n << 30n) - 1n],
];

const RIGHTS = [
  ...[...Array<bigint>(6).fill(READ_WRITE), READ_ONLY, READ_ONLY, 0x42n, 0x2n],
  ...[0n, (1n << 30n) - 1n, 1n << 30n, 1n << 63n],
];

/** Offsets and sizes that make a file no larger than a test wants to read, or that no file can have. */
const OFFSETS = BIG.filter((n) => n <= 1n << 20n || n >= 1n << 62n);

/** Makes calls from a seed. */
export class Hostility {
  readonly #random: Random;
  /** Bytes of the guest's memory now. */
  readonly #size: () => number;
  #pokes: [number, Uint8Array][] = [];

  constructor(random: Random, size: () => number) {
    this.#random = random;
    this.#size = size;
  }

  next(): HostileCall {
    const row = this.#random.pick(OFTEN);
    this.#pokes = [];
    const args = row.params.flatMap((param) => this.#argument(row, param));
    const pages = this.#random.below(300) === 0 ? 1 : 0;
    return { row, args, pokes: this.#pokes, pages };
  }

  #argument(row: Syscall, [name, type]: Param): (number | bigint)[] {
    const random = this.#random;
    if (random.chance(2)) {
      if (type === "u64") return [random.pick(OFFSETS)];
      return type === "path"
        ? [random.u32(), random.pick(NUMBERS)]
        : [random.u32()];
    }
    if (type === "path") return this.#path();
    if (type === "u64") {
      if (name === "rights" || name === "base" || name === "inheriting") {
        const few = row.name === "fd_fdstat_set_rights" && random.chance(50);
        return [few ? random.pick([0n, 0x2n]) : random.pick(RIGHTS)];
      }
      if (name === "cookie") return [BigInt(random.below(4))];
      const small = name === "size" || name === "offset" || name === "len";
      return [random.pick(small ? OFFSETS : BIG)];
    }
    if (type === "out") return [this.#pointer()];
    switch (name) {
      case "fd":
      case "to":
      case "new_fd":
      case "old_fd":
        return [this.#descriptor(row.name)];
      case "iovs":
        return [this.#iovecs(/write|send/.test(row.name))];
      case "iovs_len":
        return [random.chance(95) ? random.below(5) : random.pick(NUMBERS)];
      case "in":
        return [this.#subscriptions()];
      case "nsubscriptions":
        return [random.chance(95) ? 1 + random.below(4) : random.pick(NUMBERS)];
      case "oflags":
        return [random.chance(90) ? random.pick(OPENS) : random.pick(NUMBERS)];
      case "flags":
      case "fst_flags":
        if (row.name === "path_filestat_set_times" && name === "flags") {
          return [random.below(2)];
        }
        if (row.name.endsWith("set_times")) return [random.below(17)];
        return [random.chance(90) ? random.pick(FLAGS) : random.pick(NUMBERS)];
      case "fdflags":
        return [random.chance(90) ? random.pick(FLAGS) : random.pick(NUMBERS)];
      case "sig":
        return [random.below(34)];
      case "advice":
        return [random.below(7)];
      case "old_flags":
      case "dirflags":
      case "whence":
        return [random.chance(95) ? random.below(2) : random.pick(NUMBERS)];
      case "id":
      case "how":
      case "ri_flags":
      case "si_flags":
        return [random.below(5)];
    }
    if (!name.endsWith("len")) return [this.#pointer()];
    return [random.pick(row.name === "random_get" ? this.#sizes() : NUMBERS)];
  }

  /** Sizes of what is really moved: none that would take a large memory whole. */
  #sizes(): number[] {
    return this.#size() < LARGE ? NUMBERS : NUMBERS.filter((n) => n < PAGE);
  }

  /** A number whose descriptor is most often one that the call is for; directories and the listener stay open for long. */
  #descriptor(name: string): number {
    const random = this.#random;
    if (random.chance(3)) return random.pick(NUMBERS);
    if (random.chance(3)) return random.below(16);
    if (random.chance(3)) return random.below(DIR);
    if (name.startsWith("path_")) return random.pick([DIR, DIR, DIR + 1, 6]);
    if (name === "fd_readdir" || name.startsWith("fd_prestat")) {
      return DIR + random.below(2);
    }
    return name === "sock_accept" ? LISTENER : LISTENER + 1 + random.below(8);
  }

  /** Somewhere in memory, at its edge, or beyond. */
  #pointer(): number {
    const random = this.#random;
    if (random.chance(4)) return random.pick(NUMBERS);
    if (random.chance(8)) return this.#size() - random.below(80);
    return this.#place(0);
  }

  /** Where `size` bytes lie in one of the places that pointers lead to. */
  #place(size: number): number {
    const random = this.#random;
    const [start, end] = random.pick(placesOf(this.#size()));
    return start + random.below(end - start - size);
  }

  #path(): [number, number] {
    const random = this.#random;
    const text = random.chance(3)
      ? random.bytes(random.below(64)).map((byte) => byte & 0x7f)
      : new TextEncoder().encode(random.pick(NAMES));
    const at = this.#place(8192);
    this.#pokes.push([at, text]);
    return [at, text.length];
  }

  /** Four iovecs, not always aligned; some wrong, some that point to themselves. `out` says whether they are written from. */
  #iovecs(out: boolean): number {
    const random = this.#random;
    const at = this.#place(64);
    const sizes = out ? this.#sizes() : NUMBERS;
    const words = new Uint32Array(8);
    for (let i = 0; i < 8; i += 2) {
      words[i] = random.chance(10) ? at + random.below(32) : this.#pointer();
      words[i + 1] = random.chance(80) ? random.below(600) : random.pick(sizes);
    }
    this.#pokes.push([at, new Uint8Array(words.buffer)]);
    return at;
  }

  /** Four subscriptions, most of them for something that comes soon. */
  #subscriptions(): number {
    const random = this.#random;
    const at = this.#place(4 * 48);
    const bytes = random.bytes(4 * 48);
    const view = new DataView(bytes.buffer);
    for (let i = 0; i < 4 * 48; i += 48) {
      if (random.chance(95)) view.setUint8(i + 8, random.below(3));
      if (view.getUint8(i + 8) === 0) {
        view.setUint32(i + 16, random.below(6), true);
        view.setBigUint64(i + 24, random.pick([0n, 1n, 1000n]), true);
        view.setUint16(i + 40, random.below(2), true);
      } else view.setUint32(i + 16, random.below(16), true);
    }
    this.#pokes.push([at, bytes]);
    return at;
  }
}
