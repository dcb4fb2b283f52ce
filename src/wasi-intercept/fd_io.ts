/** Reading and writing: `fd_read`, `fd_write`, `fd_pread`, `fd_pwrite`. @module */
import { MAX_DATA } from "../engine/message.ts";
import type { File, Stream } from "./descriptors.ts";
import { FdFlag, FileType, isNonblocking } from "./descriptors.ts";
import { Errno } from "./errno.ts";
import { MAX_SPAN, mixIovecs, scatter, spanOf } from "./iovec.ts";
import type { Kernel } from "./kernel.ts";
import { PollEvent } from "./host.ts";
import { Right } from "./rights.ts";
import { sharedOf } from "./shared.ts";
import { agree, agreeDone } from "./storage.ts";
import {
  bytes,
  type Called,
  count,
  type Field,
  hidden,
  skip,
  u32,
  u64,
} from "./outcome.ts";
import { syscall } from "./syscall.ts";
import { untilReadable, untilWritable } from "./until.ts";
import { WAITS } from "./waiting.ts";

/** Most bytes of one read or write of a stream; more is a short count, as the spec allows. */
export const MAX_STREAM_IO = MAX_DATA - 64;

/**
 * Reads up to `size` bytes from a stream into DATA.
 *
 * Waits for them unless the descriptor is non-blocking; gives {@linkcode WAITS} where others run meanwhile. Errors: `connreset` where the connection died with another node,
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
    const n = socket
      ? k.host.recv(stream.handle, target, peek)
      : isReadable(k, stream.handle)
      ? k.host.read(stream.handle, target)
      : -Errno.again;
    if (n >= 0) return setReceived(k, n);
    if (n !== -Errno.again || isNonblocking(stream)) return -n;
    if (!untilReadable(k, stream.handle)) return WAITS;
  }
}

function setReceived(k: Kernel, n: number): number {
  k.data.size = n;
  return Errno.success;
}

function isReadable({ host }: Kernel, handle: number): boolean {
  return host.poll([{ handle, events: PollEvent.in, revents: 0 }], 0n) > 0;
}

/** Takes what a stream accepts of `count` iovecs, as the outcome of a write; waits for room, as {@linkcode receive} does for bytes. */
export function send(
  k: Kernel,
  stream: Stream,
  iovs: number,
  count: number,
): number {
  if (stream.output < 0) return Errno.badf;
  if (stream.ended) return Errno.pipe;
  const limit = Math.min(MAX_STREAM_IO, k.outputs.limit(stream));
  const size = k.host.gather(k.memory, iovs, count, limit);
  if (size < 0) return -size;
  for (;;) {
    const n = k.outputs.accept(stream, size);
    if (n !== -Errno.again || isNonblocking(stream)) return setCount(k, n);
    if (!untilWritable(k, stream)) return WAITS;
  }
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

/** What a read leaves in DATA. */
function contents({ mirrored }: Called): readonly Field[] {
  return mirrored ? [count("nread"), hidden(u32("digest"))] : [bytes("data")];
}

function isMirrored(k: Kernel, fd: number): boolean {
  const d = k.fds.get(fd);
  return d?.kind === "file" && d.shared === undefined;
}

function commitCount(k: Kernel, target: number): number {
  k.memory.setU32(target, k.data.u32(0));
  return Errno.success;
}

/** Reads from a shared file into DATA; a short count for more than a message holds. */
function readShared(
  k: Kernel,
  file: File,
  iovs: number,
  count: number,
  offset: bigint,
): number {
  const size = spanOf(k.memory, iovs, count);
  if (size < 0) return -size;
  const target = k.data.slice(0, Math.min(size, MAX_STREAM_IO));
  const n = k.host.pread(file.handle, target, offset);
  return n < 0 ? -n : setReceived(k, n);
}

/** Gives the guest what a read logged in full; gives the count. */
function commitBytes(k: Kernel, iovs: number, nread: number): number {
  scatter(k.memory, iovs, k.data.slice(0, k.data.size));
  k.memory.setU32(nread, k.data.size);
  return Errno.success;
}

/** Where a write to a shared file goes: for an append its end; an errno, negated. */
function placeOf(k: Kernel, file: File): bigint {
  if ((file.flags & FdFlag.append) === 0) return file.shared?.offset ?? 0n;
  const stat = k.host.stat(file.handle);
  return typeof stat === "number" ? BigInt(stat) : stat.size;
}

/** The intent of a write to a shared file: where it goes. */
function lookWhere(
  k: Kernel,
  file: File,
  iovs: number,
  count: number,
): number {
  const size = spanOf(k.memory, iovs, count);
  if (size < 0) return -size;
  const at = placeOf(k, file);
  if (at < 0n) return Number(-at);
  k.data.setU64(0, at);
  k.data.size = 8;
  return Errno.success;
}

/** Writes what was gathered to a shared file; the outcome is the count, and at 8 where it went. */
function writeShared(k: Kernel, file: File): number {
  const at = k.intents ? k.intent.u64(0) : placeOf(k, file);
  if (at < 0n) return Number(-at);
  const errno = setCount(k, k.host.pwritev(file.handle, at));
  k.data.setU32(4, 0);
  k.data.setU64(8, at);
  k.data.size = 16;
  return errno;
}

/**
 * Reads from a stream or a file at its offset. A file's bytes go straight into the guest's buffers, as far as the outcome says.
 *
 * Errors: `badf`, `notcapable` or `isdir` if `fd` is not open for it, `fault` or `inval` for wrong iovecs (nothing is read then),
 * `again` when a non-blocking stream has nothing. Logs: the bytes of a stream or a shared file; of a mirrored one the count and a digest.
 */
export const fd_read = syscall({
  name: "fd_read",
  id: 276,
  effect: "input",
  parks: "waits",
  params: [["fd", "u32"], ["iovs", "u32"], ["iovs_len", "u32"], [
    "nread",
    "out",
    4,
  ]],
  outcome: contents,
  needs: { fd: [Right.fd_read] },
  execute(k, fd, iovs, count) {
    const d = k.fds.get(fd) as File | Stream;
    if (d.kind === "file" && d.shared !== undefined) {
      return readShared(k, d, iovs, count, d.shared.offset);
    }
    const size = d.kind === "file"
      ? k.host.gather(k.memory, iovs, count, MAX_SPAN)
      : spanOf(k.memory, iovs, count);
    if (size < 0) return -size;
    if (d.kind === "stream") return receive(k, d, size, false);
    return setCount(k, k.host.readv(d.handle));
  },
  seal(k, fd, iovs, count) {
    if (isMirrored(k, fd)) sealContents(k, iovs, count);
  },
  mirror(k, fd, iovs, count) {
    const d = k.fds.get(fd);
    if (d?.kind === "file") {
      mirrorRead(k, iovs, count, () => k.host.readv(d.handle));
    }
  },
  commit(k, fd, iovs, _count, nread) {
    if (isMirrored(k, fd)) return commitCount(k, nread);
    const shared = sharedOf(k.fds.get(fd));
    if (shared !== undefined) shared.offset += BigInt(k.data.size);
    return commitBytes(k, iovs, nread);
  },
});

/**
 * Writes to a stream or a file at its offset.
 *
 * Errors: `badf`, `notcapable` or `isdir` if `fd` is not open for it, `fault` or `inval` for wrong iovecs (nothing is written then),
 * `again` when a non-blocking stream's queue is full, a failure that the stream's peer caused earlier. Logs: the count, and a digest
 * of the bytes; a stream's bytes leave on release.
 */
export const fd_write = syscall({
  name: "fd_write",
  id: 282,
  effect: "output",
  parks: "waits",
  params: [["fd", "u32"], ["iovs", "u32"], ["iovs_len", "u32"], [
    "nwritten",
    "out",
    4,
  ]],
  outcome: [count("nwritten"), skip(4), u64("at")],
  needs: { fd: [Right.fd_write] },
  digest: (k, digest, _fd, iovs, count) =>
    mixIovecs(k.memory, digest, iovs, count),
  intent: {
    outcome: [u64("at")],
    look: (k, fd, iovs, count) =>
      lookWhere(k, k.fds.get(fd) as File, iovs, count),
  },
  execute(k, fd, iovs, count) {
    const d = k.fds.get(fd) as File | Stream;
    if (d.kind === "stream") return send(k, d, iovs, count);
    const size = k.host.gather(k.memory, iovs, count, MAX_SPAN);
    if (size < 0) return -size;
    return d.shared === undefined
      ? setCount(k, k.host.writev(d.handle))
      : writeShared(k, d);
  },
  mirror(k, fd, iovs, count) {
    const d = k.fds.get(fd);
    if (d?.kind === "file") {
      mirrorWrite(k, iovs, count, () => k.host.writev(d.handle));
    }
  },
  commit(k, fd, iovs, _count, nwritten) {
    const d = k.fds.get(fd) as File | Stream;
    const size = k.data.u32(0);
    if (d.kind === "stream") k.outputs.push(d, k.memory, iovs, size);
    else if (d.shared !== undefined && size > 0) {
      d.shared.offset = k.data.u64(8) + BigInt(size);
    }
    return commitCount(k, nwritten);
  },
});

/** Reads from a file at `offset`, its own offset unchanged. Errors: as `fd_read`; `spipe` for a stream; `inval` for an offset that no file has. Logs: as `fd_read`. */
export const fd_pread = syscall({
  name: "fd_pread",
  id: 272,
  effect: "storage",
  params: [["fd", "u32"], ["iovs", "u32"], ["iovs_len", "u32"], [
    "offset",
    "u64",
  ], ["nread", "out", 4]],
  outcome: contents,
  needs: { fd: [Right.fd_seek, Right.fd_read] },
  execute(k, fd, iovs, count, offset) {
    const d = k.fds.get(fd) as File;
    if (d.shared !== undefined) return readShared(k, d, iovs, count, offset);
    const size = k.host.gather(k.memory, iovs, count, MAX_SPAN);
    if (size < 0) return -size;
    return setCount(k, k.host.preadv(d.handle, offset));
  },
  seal(k, fd, iovs, count) {
    if (isMirrored(k, fd)) sealContents(k, iovs, count);
  },
  mirror(k, fd, iovs, count, offset) {
    const d = k.fds.get(fd) as File;
    mirrorRead(k, iovs, count, () => k.host.preadv(d.handle, offset));
  },
  commit: (k, fd, iovs, _count, _offset, nread) =>
    isMirrored(k, fd) ? commitCount(k, nread) : commitBytes(k, iovs, nread),
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
  outcome: [count("nwritten")],
  needs: { fd: [Right.fd_seek, Right.fd_write] },
  digest: (k, digest, _fd, iovs, count) =>
    mixIovecs(k.memory, digest, iovs, count),
  intent: {},
  execute(k, fd, iovs, count, offset) {
    const d = k.fds.get(fd) as File;
    const size = k.host.gather(k.memory, iovs, count, MAX_SPAN);
    return setCount(k, size < 0 ? size : k.host.pwritev(d.handle, offset));
  },
  mirror(k, fd, iovs, count, offset) {
    const d = k.fds.get(fd) as File;
    mirrorWrite(k, iovs, count, () => k.host.pwritev(d.handle, offset));
  },
  commit: (k, _fd, _iovs, _count, _offset, nwritten) =>
    commitCount(k, nwritten),
});
