import type { Data } from "../../wasi-intercept/data.ts";
import { libc } from "./libc.ts";
import { linux } from "./linux.ts";

const { CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_BOOTTIME } = linux;

/** A `struct timespec` in words of 32 bits; its fields have two each. */
const stamp = new Uint32Array(linux["struct timespec"] / 4);
const stampBytes = new Uint8Array(stamp.buffer);
const SECONDS = linux["timespec.tv_sec"] / 4,
  NS = linux["timespec.tv_nsec"] / 4;

function nanoseconds(): bigint {
  return new BigUint64Array(stamp.buffer)[SECONDS / 2]! * 1_000_000_000n +
    BigInt(stamp[NS]!);
}

/** A Linux clock in ns. */
function readClock(id: number): bigint {
  libc.clock_gettime(id, stampBytes);
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
  /** By preview1 `clockid`, in words of 32 bits; undefined while all are 0. */
  #words: Uint32Array | undefined;

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
    this.#words = new Uint32Array(
      new BigInt64Array([realtime, monotonic, cputime, cputime]).buffer,
    );
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
    libc.clock_getres(this.#ids[id]!, stampBytes);
    return nanoseconds();
  }

  /** Writes clock `id` in ns to DATA, computed in halves: a BigInt would cost as much as the call. */
  read(id: number, data: Data, at: number): void {
    libc.clock_gettime(this.#ids[id]!, stampBytes);
    const seconds = stamp[SECONDS]!;
    const upper = (seconds >>> 16) * 1e9;
    const lower = (upper % 0x10000) * 0x10000 + (seconds & 0xffff) * 1e9 +
      stamp[NS]!;
    let low = lower >>> 0;
    let high = Math.floor(upper / 0x10000) + Math.floor(lower / 0x1_0000_0000);
    if (this.#words !== undefined) {
      const sum = low + this.#words[2 * id]!;
      low = sum >>> 0;
      high = high + this.#words[2 * id + 1]! + (sum > 0xffff_ffff ? 1 : 0);
    }
    data.setU32(at, low);
    data.setU32(at + 4, high >>> 0);
  }
}
