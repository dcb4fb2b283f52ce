/** Reading and writing: `fd_read`, `fd_write`, `fd_pread`, `fd_pwrite`. @module */
import { MAX_DATA } from "../engine/message.ts";
import type { File, Stream } from "./descriptors.ts";
import { FileType, isNonblocking } from "./descriptors.ts";
import { Errno } from "./errno.ts";
import { mixIovecs, scatter, spanOf } from "./iovec.ts";
import type { Kernel } from "./kernel.ts";
import { PollEvent } from "./host.ts";
import { agree, agreeDone } from "./storage.ts";
import { syscall } from "./syscall.ts";

/** Most bytes of one read or write of a stream; more is a short count, as the spec allows. */
export const MAX_STREAM_IO = MAX_DATA - 64;

/**
 * Reads up to `size` bytes from a stream into DATA.
 *
 * Waits for them unless the descriptor is non-blocking. Errors: `connreset` where the connection died with another node,
 * `badf` for an output stream, what the host reports else.
 */
export function receive(
  k: Kernel,
  stream: Stream,
  size: number,
  peek: boolean,
): number {
  if (stream.handle === undefined) return Errno.connreset;
  if (stream.filetype !== FileType.socketStream && stream.output >= 0) {
    return Errno.badf;
  }
  if (size === 0) return setReceived(k, 0);
  const target = k.data.slice(0, Math.min(size, MAX_STREAM_IO));
  const socket = stream.filetype === FileType.socketStream;
  for (;;) {
    // Only sockets are non-blocking for the host too: the rest may be shared with other programs.
    const ready = socket || waitReadable(k, stream);
    const n = !ready
      ? -Errno.again
      : socket
      ? k.host.recv(stream.handle, target, peek)
      : k.host.read(stream.handle, target);
    if (n >= 0) return setReceived(k, n);
    if (n !== -Errno.again || isNonblocking(stream)) return -n;
    if (socket) waitReadable(k, stream);
  }
}

function setReceived(k: Kernel, n: number): number {
  k.data.size = n;
  return Errno.success;
}

/** Waits until the stream can be read; false, without waiting, when it is non-blocking and can't. */
function waitReadable(k: Kernel, stream: Stream): boolean {
  const entry = {
    handle: stream.handle as number,
    events: PollEvent.in,
    revents: 0,
  };
  if (isNonblocking(stream)) return k.host.poll([entry], 0n) > 0;
  k.flush();
  while (k.host.poll([entry], -1n) === 0);
  return true;
}

/** Takes what a stream accepts of `count` iovecs, as the outcome of a write. */
export function send(
  k: Kernel,
  stream: Stream,
  iovs: number,
  count: number,
): number {
  if (stream.output < 0) return Errno.badf;
  const size = k.host.gather(k.memory, iovs, count, MAX_STREAM_IO);
  if (size < 0) return -size;
  return setCount(k, k.outputs.accept(stream, size));
}

function setCount(k: Kernel, n: number): number {
  if (n < 0) return -n;
  k.data.setU32(0, n);
  k.data.size = 4;
  return Errno.success;
}

/** Adds the digest of what a read from a file put into the guest's buffers to its outcome, the count. */
function sealContents(k: Kernel, iovs: number, count: number): void {
  k.data.setU32(4, mixIovecs(k.memory, 0, iovs, count, k.data.u32(0)));
  k.data.size = 8;
}

/** Reads on this node's copy what was read on the primary's; `read` is the host's vectored call. */
function mirrorRead(
  k: Kernel,
  iovs: number,
  count: number,
  read: () => number,
): void {
  const size = k.data.u32(0);
  k.host.gather(k.memory, iovs, count, size);
  agree(
    size === 0 || read() === size,
    `a read of ${size} bytes gave another count on this node's copy`,
  );
  agree(
    (mixIovecs(k.memory, 0, iovs, count, size) >>> 0) === k.data.u32(4),
    `a read of ${size} bytes gave other contents on this node's copy`,
  );
}

/** Writes on this node's copy exactly as far as the primary's write went. */
function mirrorWrite(
  k: Kernel,
  iovs: number,
  count: number,
  write: () => number,
): void {
  const size = k.data.u32(0);
  k.host.gather(k.memory, iovs, count, size);
  const n = agreeDone(size === 0 ? 0 : write(), `a write of ${size} bytes`);
  agree(
    n === size,
    `a write of ${size} bytes stopped after ${n} on this node's copy`,
  );
}

/**
 * Reads from a stream or a file at its offset. A file's bytes go straight into the guest's buffers, as far as the outcome says.
 *
 * Errors: `badf` if `fd` is not open for it, `fault` or `inval` for wrong iovecs (nothing is read then), `again` when a
 * non-blocking stream has nothing. Logs: a stream's bytes; of a file the count and a digest.
 */
export const fd_read = syscall({
  name: "fd_read",
  id: 276,
  effect: "input",
  params: [["fd", "u32"], ["iovs", "u32"], ["iovs_len", "u32"], [
    "nread",
    "out",
    4,
  ]],
  execute(k, fd, iovs, count) {
    const d = k.fds.get(fd);
    if (d === undefined || d.kind === "listener") return Errno.badf;
    if (d.kind === "directory") return Errno.isdir;
    const size = d.kind === "file"
      ? k.host.gather(k.memory, iovs, count, Infinity)
      : spanOf(k.memory, iovs, count);
    if (size < 0) return -size;
    if (d.kind === "stream") return receive(k, d, size, false);
    return setCount(k, k.host.readv(d.handle));
  },
  seal(k, fd, iovs, count) {
    if (k.fds.get(fd)?.kind === "file") sealContents(k, iovs, count);
  },
  mirror(k, fd, iovs, count) {
    const d = k.fds.get(fd);
    if (d?.kind === "file") {
      mirrorRead(k, iovs, count, () => k.host.readv(d.handle));
    }
  },
  commit(k, fd, iovs, _count, nread) {
    if (k.fds.get(fd)?.kind === "file") {
      k.memory.setU32(nread, k.data.u32(0));
      return Errno.success;
    }
    scatter(k.memory, iovs, k.data.slice(0, k.data.size));
    k.memory.setU32(nread, k.data.size);
    return Errno.success;
  },
});

/**
 * Writes to a stream or a file at its offset.
 *
 * Errors: `badf` if `fd` is not open for it, `fault` or `inval` for wrong iovecs (nothing is written then), `again` when
 * a non-blocking stream's queue is full, a failure that the stream's peer caused earlier. Logs: the count, and a digest
 * of the bytes; a stream's bytes leave on release.
 */
export const fd_write = syscall({
  name: "fd_write",
  id: 282,
  effect: "output",
  params: [["fd", "u32"], ["iovs", "u32"], ["iovs_len", "u32"], [
    "nwritten",
    "out",
    4,
  ]],
  digest: (k, digest, _fd, iovs, count) =>
    mixIovecs(k.memory, digest, iovs, count),
  execute(k, fd, iovs, count) {
    const d = k.fds.get(fd);
    if (d?.kind === "stream") return send(k, d, iovs, count);
    if (d?.kind !== "file") return Errno.badf;
    const size = k.host.gather(k.memory, iovs, count, Infinity);
    return setCount(k, size < 0 ? size : k.host.writev(d.handle));
  },
  mirror(k, fd, iovs, count) {
    const d = k.fds.get(fd);
    if (d?.kind === "file") {
      mirrorWrite(k, iovs, count, () => k.host.writev(d.handle));
    }
  },
  commit(k, fd, iovs, _count, nwritten) {
    const d = k.fds.get(fd);
    if (d?.kind === "stream") k.outputs.push(d, k.memory, iovs, k.data.u32(0));
    k.memory.setU32(nwritten, k.data.u32(0));
    return Errno.success;
  },
});

function fileOf(k: Kernel, fd: number): File | number {
  const d = k.fds.get(fd);
  if (d === undefined) return Errno.badf;
  if (d.kind === "directory") return Errno.isdir;
  return d.kind === "file" ? d : Errno.spipe;
}

/** Reads from a file at `offset`, its own offset unchanged. Errors: as `fd_read`; `spipe` for a stream. Logs: count and digest. */
export const fd_pread = syscall({
  name: "fd_pread",
  id: 272,
  effect: "storage",
  params: [["fd", "u32"], ["iovs", "u32"], ["iovs_len", "u32"], [
    "offset",
    "u64",
  ], ["nread", "out", 4]],
  execute(k, fd, iovs, count, offset) {
    const d = fileOf(k, fd);
    if (typeof d === "number") return d;
    const size = k.host.gather(k.memory, iovs, count, Infinity);
    if (size < 0) return -size;
    return setCount(k, k.host.preadv(d.handle, offset));
  },
  seal: (k, _fd, iovs, count) => sealContents(k, iovs, count),
  mirror(k, fd, iovs, count, offset) {
    const d = fileOf(k, fd) as File;
    mirrorRead(k, iovs, count, () => k.host.preadv(d.handle, offset));
  },
  commit(k, _fd, _iovs, _count, _offset, nread) {
    k.memory.setU32(nread, k.data.u32(0));
    return Errno.success;
  },
});

/** Writes to a file at `offset`, its own offset unchanged. Errors: as `fd_write`; `spipe` for a stream. Logs: the count, and a digest of the bytes. */
export const fd_pwrite = syscall({
  name: "fd_pwrite",
  id: 275,
  effect: "storage",
  params: [["fd", "u32"], ["iovs", "u32"], ["iovs_len", "u32"], [
    "offset",
    "u64",
  ], ["nwritten", "out", 4]],
  digest: (k, digest, _fd, iovs, count) =>
    mixIovecs(k.memory, digest, iovs, count),
  execute(k, fd, iovs, count, offset) {
    const d = fileOf(k, fd);
    if (typeof d === "number") return d;
    const size = k.host.gather(k.memory, iovs, count, Infinity);
    return setCount(k, size < 0 ? size : k.host.pwritev(d.handle, offset));
  },
  mirror(k, fd, iovs, count, offset) {
    const d = fileOf(k, fd) as File;
    mirrorWrite(k, iovs, count, () => k.host.pwritev(d.handle, offset));
  },
  commit(k, _fd, _iovs, _count, _offset, nwritten) {
    k.memory.setU32(nwritten, k.data.u32(0));
    return Errno.success;
  },
});
