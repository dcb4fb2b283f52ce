import type { Data } from "../../wasi-intercept/data.ts";
import type {
  FileId,
  Handle,
  Host,
  HostEntry,
  HostStat,
  HostTimes,
  OpenHow,
  PollEntry,
} from "../../wasi-intercept/host.ts";
import { MAX_IOVECS, spanOf } from "../../wasi-intercept/iovec.ts";
import type { GuestMemory } from "../../wasi-intercept/memory.ts";
import { GuestClocks } from "./clock.ts";
import { fromLinux, result } from "./errno.ts";
import { libc, pointerTo } from "./libc.ts";
import { linux } from "./linux.ts";
import { linkAt, readlinkAt, symlinkAt } from "./links.ts";
import { withinLimit } from "./limit.ts";
import { atParent, openBeneath, openFlags, statusFlags } from "./path.ts";
import { pollHandles } from "./poll.ts";
import { expandSeed, RandomPool } from "./random.ts";
import { reopenBeneath } from "./reopen.ts";
import { entriesOf, statBeneath, statOf } from "./stat.ts";
import { setHandleTimes, setPathTimes } from "./times.ts";

const { AT_REMOVEDIR, F_SETFL, MSG_PEEK, MSG_DONTWAIT, SHUT_RD } = linux;
const { SOCK_NONBLOCK, SOCK_CLOEXEC } = linux;
const FIONREAD = BigInt(linux.FIONREAD);

/** Words of 32 bits in a `struct iovec`, whose fields have two each. */
const IOVEC = linux["struct iovec"] / 4;
const ADDRESS = linux["iovec.iov_base"] / 4, SIZE = linux["iovec.iov_len"] / 4;

/** Preview1's advices in the numbers of posix_fadvise(3): random and sequential have changed places. */
const ADVICE: readonly number[] = [0, 2, 1, 3, 4, 5];

/** The world of one guest process, over libc. */
export class GuestHost implements Host {
  readonly clocks: GuestClocks;
  readonly #waker: Handle | undefined;
  readonly #random = new RandomPool();
  /** `struct iovec`s of the next vectored call: address and length, 64 bits each. */
  readonly #iovecs = new Uint32Array(IOVEC * MAX_IOVECS);
  readonly #iovecsAt = pointerTo(new Uint8Array(this.#iovecs.buffer));
  #count = 0;
  #memory: Uint8Array | undefined;
  #base = 0;

  /** `tid` is the guest's thread, `waker` an eventfd that ends a poll early. */
  constructor(tid: number, waker: Handle | undefined) {
    this.clocks = new GuestClocks(tid);
    this.#waker = waker;
  }

  clock(id: number, data: Data, at: number): void {
    this.clocks.read(id, data, at);
  }

  clockResolution(id: number): bigint {
    return this.clocks.resolution(id);
  }

  random(target: Uint8Array<ArrayBuffer>): number {
    return this.#random.fill(target);
  }

  expand(seed: Uint8Array, target: Uint8Array): void {
    expandSeed(seed, target);
  }

  gather(
    memory: GuestMemory,
    iovs: number,
    count: number,
    limit: number,
  ): number {
    const span = spanOf(memory, iovs, count);
    if (span < 0) return span;
    const base = this.#baseOf(memory.bytes);
    let left = Math.min(span, limit);
    const total = left;
    this.#count = 0;
    for (let i = 0; left > 0; i++) {
      const size = Math.min(left, memory.u32(iovs + 8 * i + 4));
      if (size === 0) continue;
      const address = base + memory.u32(iovs + 8 * i);
      const at = IOVEC * this.#count++;
      this.#iovecs[at + ADDRESS] = address;
      this.#iovecs[at + ADDRESS + 1] = address / 0x1_0000_0000;
      this.#iovecs[at + SIZE] = size;
      left -= size;
    }
    return total;
  }

  /** Where the guest's memory lies in this process. */
  #baseOf(memory: Uint8Array<ArrayBuffer>): number {
    if (memory !== this.#memory) {
      this.#memory = memory;
      this.#base = Number(
        Deno.UnsafePointer.value(Deno.UnsafePointer.of(memory)),
      );
    }
    return this.#base;
  }

  readv(handle: Handle): number {
    return result(libc.readv(handle, this.#iovecsAt, this.#count));
  }

  writev(handle: Handle): number {
    return result(libc.writev(handle, this.#iovecsAt, this.#count));
  }

  preadv(handle: Handle, offset: bigint): number {
    return result(
      libc.preadv(
        handle,
        this.#iovecsAt,
        this.#count,
        BigInt.asIntN(64, offset),
      ),
    );
  }

  pwritev(handle: Handle, offset: bigint): number {
    return result(
      libc.pwritev(
        handle,
        this.#iovecsAt,
        this.#count,
        BigInt.asIntN(64, offset),
      ),
    );
  }

  read(handle: Handle, target: Uint8Array<ArrayBuffer>): number {
    return result(libc.read(handle, target, BigInt(target.length)));
  }

  pread(
    handle: Handle,
    target: Uint8Array<ArrayBuffer>,
    offset: bigint,
  ): number {
    const at = BigInt.asIntN(64, offset);
    return result(libc.pread(handle, target, BigInt(target.length), at));
  }

  recv(handle: Handle, target: Uint8Array<ArrayBuffer>, peek: boolean): number {
    const flags = MSG_DONTWAIT | (peek ? MSG_PEEK : 0);
    return result(libc.recv(handle, target, BigInt(target.length), flags));
  }

  seek(handle: Handle, offset: bigint, whence: number): bigint {
    const at = libc.lseek(handle, offset, whence);
    return at >= 0n ? at : BigInt(result(at));
  }

  sync(handle: Handle, dataOnly: boolean): number {
    return result(dataOnly ? libc.fdatasync(handle) : libc.fsync(handle));
  }

  truncate(handle: Handle, size: bigint): number {
    return result(libc.ftruncate(handle, BigInt.asIntN(64, size)));
  }

  allocate(handle: Handle, offset: bigint, size: bigint): number {
    return -fromLinux(libc.posix_fallocate(handle, offset, size));
  }

  advise(handle: Handle, offset: bigint, size: bigint, advice: number): void {
    libc.posix_fadvise(handle, offset, size, ADVICE[advice] as number);
  }

  setTimes(handle: Handle, times: HostTimes): number {
    return setHandleTimes(handle, times);
  }

  setTimesAt(
    dir: Handle,
    path: Uint8Array,
    follow: boolean,
    times: HostTimes,
  ): number {
    return setPathTimes(dir, path, follow, times);
  }

  setFlags(handle: Handle, fdflags: number): number {
    return result(libc.fcntl(handle, F_SETFL, statusFlags(fdflags)));
  }

  stat(handle: Handle): HostStat | number {
    return statOf(handle);
  }

  statAt(dir: Handle, path: Uint8Array, follow: boolean): HostStat | number {
    return statBeneath(dir, path, follow);
  }

  entries(dir: Handle): HostEntry[] | number {
    return entriesOf(dir);
  }

  open(dir: Handle, path: Uint8Array, how: OpenHow): number {
    return withinLimit(openBeneath(dir, path, openFlags(how)));
  }

  createDirectory(dir: Handle, path: Uint8Array): number {
    return atParent(
      dir,
      path,
      (parent, name) => result(libc.mkdirat(parent, name, 0o777)),
    );
  }

  removeDirectory(dir: Handle, path: Uint8Array): number {
    return atParent(
      dir,
      path,
      (parent, name) => result(libc.unlinkat(parent, name, AT_REMOVEDIR)),
    );
  }

  unlink(dir: Handle, path: Uint8Array): number {
    return atParent(
      dir,
      path,
      (parent, name) => result(libc.unlinkat(parent, name, 0)),
    );
  }

  rename(
    from: Handle,
    path: Uint8Array,
    to: Handle,
    newPath: Uint8Array,
  ): number {
    return atParent(
      from,
      path,
      (oldParent, oldName) =>
        atParent(
          to,
          newPath,
          (newParent, newName) =>
            result(libc.renameat(oldParent, oldName, newParent, newName)),
        ),
    );
  }

  link(
    from: Handle,
    path: Uint8Array,
    follow: boolean,
    to: Handle,
    newPath: Uint8Array,
  ): number {
    return linkAt(from, path, follow, to, newPath);
  }

  symlink(target: Uint8Array, dir: Handle, path: Uint8Array): number {
    return symlinkAt(target, dir, path);
  }

  readlink(dir: Handle, path: Uint8Array): Uint8Array | number {
    return readlinkAt(dir, path);
  }

  reopen(dir: Handle, path: Uint8Array, file: FileId, how: OpenHow): number {
    return reopenBeneath(dir, path, file, openFlags(how));
  }

  close(handle: Handle): void {
    libc.close(handle);
  }

  accept(listener: Handle): number {
    const flags = SOCK_NONBLOCK | SOCK_CLOEXEC;
    return withinLimit(result(libc.accept4(listener, null, null, flags)));
  }

  shutdownRead(handle: Handle): number {
    return result(libc.shutdown(handle, SHUT_RD));
  }

  readable(handle: Handle): number {
    const count = new Uint32Array(1);
    return libc.ioctl(handle, FIONREAD, new Uint8Array(count.buffer)) < 0
      ? 0
      : count[0]!;
  }

  poll(entries: readonly PollEntry[], timeoutNs: bigint): number {
    return pollHandles(entries, timeoutNs, this.#waker);
  }

  yield(): void {
    libc.sched_yield();
  }
}
