import type { Data } from "./data.ts";
import type { GuestMemory } from "./memory.ts";

/** A node's own number for something open: a file descriptor of its operating system. Never seen by the guest. */
export type Handle = number;

/** What `stat` tells of a file; times in ns since 1970, `ino` and `dev` are the node's own. */
export interface HostStat {
  readonly dev: bigint;
  readonly ino: bigint;
  /** A preview1 `filetype`. */
  readonly filetype: number;
  readonly nlink: bigint;
  readonly size: bigint;
  readonly atim: bigint;
  readonly mtim: bigint;
  readonly ctim: bigint;
  /** When it was made, 0 where the file system does not tell: an inode number is given again when its file is gone. */
  readonly born: bigint;
}

/** What names a file for good, whatever its names are. */
export type FileId = Pick<HostStat, "ino" | "born">;

/** One name in a directory. */
export interface HostEntry {
  readonly name: Uint8Array;
  readonly ino: bigint;
  readonly filetype: number;
}

/** How `path_open` opens; the bits are preview1's `oflags` and `fdflags`. */
export interface OpenHow {
  readonly oflags: number;
  readonly fdflags: number;
  readonly read: boolean;
  readonly write: boolean;
  readonly follow: boolean;
}

/** New times of a file in ns since 1970; `flags` are preview1's `fstflags`. */
export interface HostTimes {
  readonly atim: bigint;
  readonly mtim: bigint;
  readonly flags: number;
}

/** One descriptor in a `poll`: what is waited for, and what came. */
export interface PollEntry {
  readonly handle: Handle;
  readonly events: number;
  revents: number;
}

/** What a poll waits for or tells, the bits of poll(2). */
export const PollEvent = { in: 1, out: 4, error: 8, hangup: 16 } as const;

/**
 * Everything a syscall may ask of the world; `src/runtime/host/` is its only implementation.
 *
 * Calls that can fail give a negative errno of preview1 (`-Errno.noent`) instead of their result, and never throw.
 * Paths are relative to a directory's handle, in bytes without a final NUL, and never leave that directory.
 */
export interface Host {
  /** Writes the guest's clock `id` in ns to DATA at `at`; `id` is preview1's `clockid`, 0 to 3. */
  clock(id: number, data: Data, at: number): void;
  /** Resolution of a clock in ns. */
  clockResolution(id: number): bigint;
  /** Fills `target` with random bytes; 0. */
  random(target: Uint8Array): number;
  /** Fills `target` with what a cipher makes of a seed of 32 bytes: the same on every node. */
  expand(seed: Uint8Array, target: Uint8Array): void;
  /** Makes the guest's `count` iovecs at `iovs` the buffers of the next vectored call, at most `limit` bytes of them; gives their size. */
  gather(
    memory: GuestMemory,
    iovs: number,
    count: number,
    limit: number,
  ): number;
  readv(handle: Handle): number;
  writev(handle: Handle): number;
  preadv(handle: Handle, offset: bigint): number;
  pwritev(handle: Handle, offset: bigint): number;
  read(handle: Handle, target: Uint8Array): number;
  pread(handle: Handle, target: Uint8Array, offset: bigint): number;
  recv(handle: Handle, target: Uint8Array, peek: boolean): number;
  seek(handle: Handle, offset: bigint, whence: number): bigint;
  sync(handle: Handle, dataOnly: boolean): number;
  truncate(handle: Handle, size: bigint): number;
  /** Makes room for `size` bytes at `offset`, and the file as long. */
  allocate(handle: Handle, offset: bigint, size: bigint): number;
  /** `advice` is preview1's; a hint that may be ignored. */
  advise(handle: Handle, offset: bigint, size: bigint, advice: number): void;
  setTimes(handle: Handle, times: HostTimes): number;
  setTimesAt(
    dir: Handle,
    path: Uint8Array,
    follow: boolean,
    times: HostTimes,
  ): number;
  setFlags(handle: Handle, fdflags: number): number;
  stat(handle: Handle): HostStat | number;
  statAt(dir: Handle, path: Uint8Array, follow: boolean): HostStat | number;
  entries(dir: Handle): HostEntry[] | number;
  open(dir: Handle, path: Uint8Array, how: OpenHow): number;
  createDirectory(dir: Handle, path: Uint8Array): number;
  removeDirectory(dir: Handle, path: Uint8Array): number;
  unlink(dir: Handle, path: Uint8Array): number;
  rename(
    from: Handle,
    path: Uint8Array,
    to: Handle,
    newPath: Uint8Array,
  ): number;
  /** Gives the file at `path` a second name; `follow` says whether a symbolic link at `path` stands for its target. */
  link(
    from: Handle,
    path: Uint8Array,
    follow: boolean,
    to: Handle,
    newPath: Uint8Array,
  ): number;
  /** Makes a symbolic link at `path`; an absolute `target` is `notcapable`. */
  symlink(target: Uint8Array, dir: Handle, path: Uint8Array): number;
  /** What the symbolic link at `path` says. */
  readlink(dir: Handle, path: Uint8Array): Uint8Array | number;
  /** Opens again the `file` that was at `path` beneath `dir`, wherever beneath it is now; `-Errno.stale` when it is gone. */
  reopen(dir: Handle, path: Uint8Array, file: FileId, how: OpenHow): number;
  close(handle: Handle): void;
  /** Accepts a connection; the handle never blocks. `-Errno.again` when there is none. */
  accept(listener: Handle): number;
  shutdownRead(handle: Handle): number;
  /** Bytes that a read would give now. */
  readable(handle: Handle): number;
  /** Waits for any of `entries` or `timeoutNs` (negative: for ever); gives how many are ready. A waker may end it early with 0. */
  poll(entries: readonly PollEntry[], timeoutNs: bigint): number;
  yield(): void;
}
