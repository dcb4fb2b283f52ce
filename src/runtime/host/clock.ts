import type { Data } from "../../wasi-intercept/data.ts";
import { libc, pointerTo } from "./libc.ts";
import { linux } from "./linux.ts";

const { CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_BOOTTIME } = linux;

/** A `struct timespec` in words of 64 bits; its fields have one each. */
const stamp = new BigUint64Array(linux["struct timespec"] / 8);
const stampAt = pointerTo(new Uint8Array(stamp.buffer));
const SECONDS = linux["timespec.tv_sec"] / 8,
  NS = linux["timespec.tv_nsec"] / 8;

function nanoseconds(): bigint {
  return stamp[SECONDS]! * 1_000_000_000n + stamp[NS]!;
}

/** A Linux clock in ns. */
function readClock(id: number): bigint {
  libc.clock_gettime(id, stampAt);
  return nanoseconds();
}

/** Milliseconds of CLOCK_BOOTTIME, which goes on while the machine sleeps (rule 4). */
export function bootMs(): number {
  return Number(readClock(CLOCK_BOOTTIME) / 1000n) / 1000;
}

/** The Linux clock id of the CPU time of thread `tid` of this process (CPUCLOCK_SCHED | CPUCLOCK_PERTHREAD). */
function cpuClockOf(tid: number): number {
  return (~tid << 3) | 6;
}

/** The kernel's number of the calling thread. */
export function threadId(): number {
  return libc.gettid();
}

/** The guest's clocks at one moment, in ns of guest time. */
export interface Stamp {
  readonly realtime: bigint;
  readonly monotonic: bigint;
  readonly cputime: bigint;
}

/** No clock is moved. */
export const NO_OFFSETS: Stamp = { realtime: 0n, monotonic: 0n, cputime: 0n };

/** A guest's clocks: this node's plus the offsets of the last takeover (rule 5). The CPU clocks are those of the guest's thread. */
export class GuestClocks {
  readonly #ids: readonly number[];
  #offsets: Stamp = NO_OFFSETS;
  /** By preview1 `clockid`. */
  #moved: readonly bigint[] = [0n, 0n, 0n, 0n];

  constructor(tid: number) {
    const cpu = cpuClockOf(tid);
    this.#ids = [CLOCK_REALTIME, CLOCK_MONOTONIC, cpu, cpu];
  }

  get offsets(): Stamp {
    return this.#offsets;
  }

  set offsets(offsets: Stamp) {
    this.#offsets = offsets;
    const { realtime, monotonic, cputime } = offsets;
    this.#moved = [realtime, monotonic, cputime, cputime];
  }

  /** The guest's clocks now. */
  stamp(): Stamp {
    const { realtime, monotonic, cputime } = this.#offsets;
    return {
      realtime: readClock(CLOCK_REALTIME) + realtime,
      monotonic: readClock(CLOCK_MONOTONIC) + monotonic,
      cputime: readClock(this.#ids[2]!) + cputime,
    };
  }

  resolution(id: number): bigint {
    libc.clock_getres(this.#ids[id]!, stampAt);
    return nanoseconds();
  }

  /** Writes clock `id` in ns to DATA; truncated at once, no BigInt is made. */
  read(id: number, data: Data, at: number): void {
    libc.clock_gettime(this.#ids[id]!, stampAt);
    const ns = nanoseconds() + this.#moved[id]!;
    data.setU64(at, BigInt.asUintN(64, ns));
  }
}
