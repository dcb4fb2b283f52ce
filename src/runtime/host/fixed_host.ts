import type { Data } from "../../wasi-intercept/data.ts";
import type { Handle, HostStat, PollEntry } from "../../wasi-intercept/host.ts";
import type { GuestMemory } from "../../wasi-intercept/memory.ts";
import { bootMs } from "./clock.ts";
import { FixedClock } from "./fixed_clock.ts";
import type { FixedWorld } from "./fixed_world.ts";
import { GuestHost } from "./guest_host.ts";
import { Seeded } from "../../bytes/seeded.ts";

const RANDOM_SEED = 0x9e37_79b9;
const OTHER_RANDOM_SEED = 0x85eb_ca6b;
const SIZES_SEED = 0xc2b2_ae35;

/**
 * The world of a recorded guest with its sources fixed: clocks that go by steps, bytes from a seed, whole reads and writes;
 * waiting for time alone takes none. The environment and the order of directories are not the host's to decide.
 */
export class FixedHost extends GuestHost {
  readonly #clock: FixedClock;
  readonly #random: Seeded;
  /** Sizes of reads and writes; undefined: as whole as they come. */
  readonly #sizes: Seeded | undefined;

  constructor(tid: number, waker: Handle | undefined, { other }: FixedWorld) {
    super(tid, waker);
    this.#clock = new FixedClock(
      other === "clock",
      BigInt(Date.now()) * 1_000_000n,
    );
    this.#random = new Seeded(
      other === "random" ? OTHER_RANDOM_SEED : RANDOM_SEED,
    );
    this.#sizes = other === "io" ? new Seeded(SIZES_SEED) : undefined;
  }

  override clock(id: number, data: Data, at: number): void {
    data.setU64(at, this.#clock.read(id));
  }

  override clockResolution(): bigint {
    return 1n;
  }

  override random(target: Uint8Array<ArrayBuffer>): number {
    this.#random.fill(target);
    return 0;
  }

  /** In a recorded run only writes are gathered: what is read goes into the log first. */
  override gather(
    memory: GuestMemory,
    iovs: number,
    count: number,
    limit: number,
  ): number {
    const size = super.gather(memory, iovs, count, limit);
    return this.#sizes === undefined || size < 2
      ? size
      : super.gather(memory, iovs, count, this.#part(size));
  }

  override read(handle: Handle, target: Uint8Array<ArrayBuffer>): number {
    return super.read(handle, this.#short(target));
  }

  override pread(
    handle: Handle,
    target: Uint8Array<ArrayBuffer>,
    offset: bigint,
  ): number {
    return super.pread(handle, this.#short(target), offset);
  }

  override recv(
    handle: Handle,
    target: Uint8Array<ArrayBuffer>,
    peek: boolean,
  ): number {
    return super.recv(handle, this.#short(target), peek);
  }

  override stat(handle: Handle): HostStat | number {
    return this.#stamped(super.stat(handle));
  }

  override statAt(
    dir: Handle,
    path: Uint8Array,
    follow: boolean,
  ): HostStat | number {
    return this.#stamped(super.statAt(dir, path, follow));
  }

  override poll(entries: readonly PollEntry[], timeoutNs: bigint): number {
    if (entries.length === 0 && timeoutNs >= 0n) {
      this.#clock.pass(timeoutNs);
      return 0;
    }
    const before = bootMs();
    const ready = super.poll(entries, timeoutNs);
    const waited = BigInt(Math.ceil((bootMs() - before) * 1e6));
    if (ready === 0 && timeoutNs > 0n && waited >= timeoutNs) {
      this.#clock.pass(timeoutNs);
    }
    return ready;
  }

  #short(target: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
    return target.subarray(0, this.#part(target.length));
  }

  #part(size: number): number {
    return this.#sizes === undefined || size < 2
      ? size
      : 1 + this.#sizes.next() % size;
  }

  #stamped(stat: HostStat | number): HostStat | number {
    if (typeof stat === "number") return stat;
    const mtim = this.#clock.stamp(stat.mtim);
    return { ...stat, atim: this.#clock.stamp(stat.atim), mtim, ctim: mtim };
  }
}
