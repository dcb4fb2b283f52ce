/** Random and hostile calls, the same ones for the same seed. @module */
import { TABLE } from "../../src/wasi-intercept/table.ts";
import type { Param, Syscall } from "../../src/wasi-intercept/syscall.ts";
import type { Random } from "../kit/random.ts";
import { DIR, MEMORY_SIZE, READ_WRITE, type Rig } from "./rig.ts";

/** A call and what the guest's memory holds before it. */
export interface HostileCall {
  readonly row: Syscall;
  readonly args: readonly (number | bigint)[];
  readonly pokes: readonly (readonly [at: number, bytes: Uint8Array])[];
}

/** Calls that end a test, not a call; `proc_exit` throws by design. */
const ROWS = TABLE.filter(({ name }) => name !== "proc_exit");

/** Rows that do something are called more often than those that answer `nosys`. */
const OFTEN = ROWS.filter(({ supported }) => supported).flatMap((row) => {
  const opens = row.name === "path_open" || row.name === "sock_accept";
  return opens
    ? Array(8).fill(row)
    : /^(fd|path|sock)_/.test(row.name)
    ? [row, row, row]
    : [row];
}) as Syscall[];

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

/** Offsets and sizes that make a file no larger than a test wants to read, or that no file can have. */
const OFFSETS = BIG.filter((n) => n <= 1n << 20n || n >= 1n << 62n);

/** Makes calls from a seed. */
export class Hostility {
  readonly #random: Random;
  #pokes: [number, Uint8Array][] = [];

  constructor(random: Random) {
    this.#random = random;
  }

  next(): HostileCall {
    const random = this.#random;
    const row = random.pick(random.chance(95) ? OFTEN : ROWS);
    this.#pokes = [];
    const args = row.params.flatMap((param) => this.#argument(row, param));
    return { row, args, pokes: this.#pokes };
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
      if (name === "rights" && random.chance(70)) return [READ_WRITE];
      if (name === "cookie") return [BigInt(random.below(4))];
      const small = name === "size" || name === "offset";
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
        return [this.#iovecs()];
      case "iovs_len":
        return [random.chance(95) ? random.below(5) : random.pick(NUMBERS)];
      case "in":
        return [this.#subscriptions()];
      case "nsubscriptions":
        return [random.chance(95) ? 1 + random.below(4) : random.pick(NUMBERS)];
      case "oflags":
        return [random.chance(90) ? random.pick(OPENS) : random.pick(NUMBERS)];
      case "fdflags":
      case "flags":
        return [random.chance(90) ? random.pick(FLAGS) : random.pick(NUMBERS)];
      case "dirflags":
      case "whence":
        return [random.chance(95) ? random.below(2) : random.pick(NUMBERS)];
      case "id":
      case "how":
      case "ri_flags":
      case "si_flags":
        return [random.below(5)];
    }
    return name.endsWith("len")
      ? [random.pick(NUMBERS)]
      : [this.#pointer(row.name === "random_get" ? 256 : 0)];
  }

  /** A number whose descriptor is most often one that the call is for; stdio, directories and the listener stay open for long. */
  #descriptor(name: string): number {
    const random = this.#random;
    if (random.chance(3)) return random.pick(NUMBERS);
    if (random.chance(3)) return random.below(16);
    if (name.startsWith("path_")) return random.pick([DIR, DIR, DIR + 1, 6]);
    if (name === "fd_readdir" || name.startsWith("fd_prestat")) {
      return DIR + random.below(2);
    }
    return name === "sock_accept" ? LISTENER : LISTENER + 1 + random.below(8);
  }

  /** Somewhere in memory, at its edge, or beyond. */
  #pointer(least = 0): number {
    const random = this.#random;
    if (random.chance(4)) return random.pick(NUMBERS);
    if (random.chance(8)) return MEMORY_SIZE - random.below(80);
    return least + random.below(MEMORY_SIZE - least);
  }

  #path(): [number, number] {
    const random = this.#random;
    const text = random.chance(3)
      ? random.bytes(random.below(64)).map((byte) => byte & 0x7f)
      : new TextEncoder().encode(random.pick(NAMES));
    const at = random.below(MEMORY_SIZE - 8192);
    this.#pokes.push([at, text]);
    return [at, text.length];
  }

  /** Four iovecs; some wrong, some that point to themselves. */
  #iovecs(): number {
    const random = this.#random;
    const at = random.below(MEMORY_SIZE - 64) & ~7;
    const words = new Uint32Array(8);
    for (let i = 0; i < 8; i += 2) {
      words[i] = random.chance(10) ? at + random.below(32) : this.#pointer();
      words[i + 1] = random.chance(80)
        ? random.below(600)
        : random.pick(NUMBERS);
    }
    this.#pokes.push([at, new Uint8Array(words.buffer)]);
    return at;
  }

  /** Four subscriptions, most of them for something that comes soon. */
  #subscriptions(): number {
    const random = this.#random;
    const at = random.below(MEMORY_SIZE - 4 * 48);
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

/** Where a call may write, if it succeeds: `[address, size]…`; to be asked before the call. */
export function writableBy(
  rig: Rig,
  { row, args }: HostileCall,
): [number, number][] {
  const named = new Map<string, number>();
  const regions: [number, number][] = [];
  let i = 0;
  for (const [name, type, size] of row.params) {
    const value = Number(args[i]);
    named.set(name, value);
    if (type === "out") regions.push([value, size]);
    i += type === "path" ? 2 : 1;
  }
  const at = (name: string) => named.get(name) as number;
  switch (row.name) {
    case "args_get":
      return [[at("argv"), 8], [at("argv_buf"), 16]];
    case "environ_get":
      return [[at("environ"), 8], [at("environ_buf"), 32]];
    case "fd_prestat_dir_name":
      return [[at("path"), at("path_len")]];
    case "fd_readdir":
      return [...regions, [at("buf"), at("buf_len")]];
    case "random_get":
      return [[at("buf"), at("buf_len")]];
    case "poll_oneoff":
      return [...regions, [at("out"), 32 * at("nsubscriptions")]];
    case "fd_read":
    case "fd_pread":
    case "sock_recv":
      for (let n = 0; n < Math.min(at("iovs_len"), 1024); n++) {
        const iovec = at("iovs") + 8 * n;
        if (iovec + 8 > MEMORY_SIZE) break;
        regions.push([rig.u32(iovec), rig.u32(iovec + 4)]);
      }
  }
  return regions;
}
