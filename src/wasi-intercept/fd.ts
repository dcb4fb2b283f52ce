/** Descriptors: closing, flags, offsets, sizes, what is pre-opened. @module */
import { Errno } from "./errno.ts";
import {
  commitFilestat,
  FILESTAT_SIZE,
  mirrorFilestat,
  setFilestat,
  setStreamFilestat,
} from "./filestat.ts";
import type { Descriptor, File } from "./descriptors.ts";
import type { Kernel } from "./kernel.ts";
import { agreeDone } from "./storage.ts";
import { syscall } from "./syscall.ts";

function isOpen(k: Kernel, fd: number): number {
  return k.fds.get(fd) === undefined ? Errno.badf : Errno.success;
}

/** `badf` unless `fd` is a file; `spipe` for a stream. */
function isSeekable(k: Kernel, fd: number): number {
  const d = k.fds.get(fd);
  if (d === undefined || d.kind === "directory") return Errno.badf;
  return d.kind === "file" ? Errno.success : Errno.spipe;
}

/** `badf` unless `fd` is a file or a directory; `inval` for what can't be synced or cut. */
function isFile(k: Kernel, fd: number): number {
  const d = k.fds.get(fd);
  if (d === undefined) return Errno.badf;
  return d.kind === "file" ? Errno.success : Errno.inval;
}

function fileAt(k: Kernel, fd: number): File {
  return k.fds.get(fd) as File;
}

/** Lets go of what a descriptor stands for: a stream ends behind its bytes, a node's own copy is closed. */
export function dispose(k: Kernel, d: Descriptor): void {
  if (d.kind === "stream") k.outputs.close(d);
  else if (d.handle !== undefined) k.host.close(d.handle);
}

/** Closes `fd`; its number is free at once. A stream closes behind its bytes, on their release. Errors: `badf`. Logs: that it was. */
export const fd_close = syscall({
  name: "fd_close",
  id: 264,
  effect: "output",
  params: [["fd", "u32"]],
  check: isOpen,
  execute(k) {
    k.data.size = 0;
    return Errno.success;
  },
  commit(k, fd) {
    const d = k.fds.get(fd) as Descriptor;
    k.fds.remove(fd);
    dispose(k, d);
    return Errno.success;
  },
});

/** Writes type, flags and rights of `fd` (24 bytes: type 0, flags 2, rights 8, inheriting 16). Errors: `badf`. */
export const fd_fdstat_get = syscall({
  name: "fd_fdstat_get",
  id: 266,
  effect: "local",
  params: [["fd", "u32"], ["stat", "out", 24]],
  check: isOpen,
  commit(k, fd, stat) {
    const d = k.fds.get(fd) as Descriptor;
    k.memory.setU32(stat, d.filetype | (d.flags << 16));
    k.memory.setU32(stat + 4, 0);
    k.memory.setU64(stat + 8, d.rights);
    k.memory.setU64(stat + 16, d.inheriting);
    return Errno.success;
  },
});

/** Sets the `fdflags` of `fd`. Errors: `badf`; `inval` for unknown bits. Logs: that it was. */
export const fd_fdstat_set_flags = syscall({
  name: "fd_fdstat_set_flags",
  id: 267,
  effect: "storage",
  params: [["fd", "u32"], ["flags", "u32"]],
  check: (k, fd, flags) => flags > 31 ? Errno.inval : isOpen(k, fd),
  execute(k, fd, flags) {
    const d = k.fds.get(fd) as Descriptor;
    k.data.size = 0;
    return d.kind === "file"
      ? -k.host.setFlags(d.handle, flags)
      : Errno.success;
  },
  mirror(k, fd, flags) {
    const d = k.fds.get(fd) as Descriptor;
    if (d.kind === "file") {
      agreeDone(k.host.setFlags(d.handle, flags), "setting a file's flags");
    }
  },
  commit(k, fd, flags) {
    (k.fds.get(fd) as Descriptor).flags = flags;
    return Errno.success;
  },
});

/** Writes the `filestat` of what is open. Errors: `badf`, what the host reports. Logs: all of it. */
export const fd_filestat_get = syscall({
  name: "fd_filestat_get",
  id: 269,
  effect: "storage",
  params: [["fd", "u32"], ["stat", "out", FILESTAT_SIZE]],
  check: isOpen,
  execute(k, fd) {
    const d = k.fds.get(fd) as Descriptor;
    if (d.kind === "stream" || d.kind === "listener") {
      return setStreamFilestat(k, d.filetype);
    }
    return setFilestat(k, k.host.stat(d.handle));
  },
  mirror(k, fd) {
    const d = k.fds.get(fd) as Descriptor;
    if (d.kind === "file" || d.kind === "directory") {
      mirrorFilestat(k, k.host.stat(d.handle));
    }
  },
  commit: (k, _fd, stat) => commitFilestat(k, stat),
});

/** Cuts or lengthens a file to `size` bytes. Errors: `badf`, `inval` for what is no file, what the host reports. Logs: that it was. */
export const fd_filestat_set_size = syscall({
  name: "fd_filestat_set_size",
  id: 270,
  effect: "storage",
  params: [["fd", "u32"], ["size", "u64"]],
  check: isFile,
  execute(k, fd, size) {
    k.data.size = 0;
    return -k.host.truncate(fileAt(k, fd).handle, size);
  },
  mirror: (k, fd, size) =>
    void agreeDone(
      k.host.truncate(fileAt(k, fd).handle, size),
      "setting a file's size",
    ),
  commit: () => Errno.success,
});

/** Brings a file's contents and metadata to the disk of every node. Errors: as `fd_filestat_set_size`. Logs: that it was. */
export const fd_sync = syscall({
  name: "fd_sync",
  id: 280,
  effect: "storage",
  params: [["fd", "u32"]],
  check: isFile,
  execute(k, fd) {
    k.data.size = 0;
    return -k.host.sync(fileAt(k, fd).handle, false);
  },
  mirror: (k, fd) =>
    void agreeDone(k.host.sync(fileAt(k, fd).handle, false), "syncing a file"),
  commit: () => Errno.success,
});

/** Brings a file's contents to the disk of every node. Errors and log: as `fd_sync`. */
export const fd_datasync = syscall({
  name: "fd_datasync",
  id: 265,
  effect: "storage",
  params: [["fd", "u32"]],
  check: isFile,
  execute(k, fd) {
    k.data.size = 0;
    return -k.host.sync(fileAt(k, fd).handle, true);
  },
  mirror: (k, fd) =>
    void agreeDone(k.host.sync(fileAt(k, fd).handle, true), "syncing a file"),
  commit: () => Errno.success,
});

const SEEK_SET = 0, SEEK_CUR = 1, SEEK_END = 2;

function seek(k: Kernel, fd: number, offset: bigint, whence: number): number {
  const at = k.host.seek(
    fileAt(k, fd).handle,
    BigInt.asIntN(64, offset),
    whence,
  );
  if (at < 0n) return Number(-at);
  k.data.setU64(0, at);
  k.data.size = 8;
  return Errno.success;
}

function mirrorSeek(k: Kernel, fd: number): void {
  agreeDone(
    Number(k.host.seek(fileAt(k, fd).handle, k.data.u64(0), SEEK_SET)),
    "a seek",
  );
}

function commitSeek(k: Kernel, target: number): number {
  k.memory.setU64(target, k.data.u64(0));
  return Errno.success;
}

/** Moves a file's offset and writes the new one. Errors: `badf`; `spipe` for a stream; `inval` for an unknown whence or an offset below 0. Logs: the new offset. */
export const fd_seek = syscall({
  name: "fd_seek",
  id: 279,
  effect: "storage",
  params: [["fd", "u32"], ["offset", "u64"], ["whence", "u32"], [
    "newoffset",
    "out",
    8,
  ]],
  check: (k, fd, _offset, whence) =>
    whence > SEEK_END ? Errno.inval : isSeekable(k, fd),
  execute: seek,
  mirror: mirrorSeek,
  commit: (k, _fd, _offset, _whence, newoffset) => commitSeek(k, newoffset),
});

/** Writes a file's offset. Errors: `badf`; `spipe` for a stream. Logs: the offset. */
export const fd_tell = syscall({
  name: "fd_tell",
  id: 281,
  effect: "storage",
  params: [["fd", "u32"], ["offset", "out", 8]],
  check: isSeekable,
  execute: (k, fd) => seek(k, fd, 0n, SEEK_CUR),
  mirror: mirrorSeek,
  commit: (k, _fd, offset) => commitSeek(k, offset),
});

/** Writes the kind (0: directory) and the name's length of a given directory. Errors: `badf` for all else; a libc ends its search there. */
export const fd_prestat_get = syscall({
  name: "fd_prestat_get",
  id: 273,
  effect: "local",
  params: [["fd", "u32"], ["prestat", "out", 8]],
  commit(k, fd, prestat) {
    const d = k.fds.get(fd);
    if (d?.kind !== "directory" || d.preopen === undefined) return Errno.badf;
    k.memory.setU32(prestat, 0);
    k.memory.setU32(prestat + 4, d.preopen.length);
    return Errno.success;
  },
});

/** Writes the guest's name of a given directory, without a NUL. Errors: `badf`; `nametoolong` if `path_len` is too small; `fault`. */
export const fd_prestat_dir_name = syscall({
  name: "fd_prestat_dir_name",
  id: 274,
  effect: "local",
  params: [["fd", "u32"], ["path", "u32"], ["path_len", "u32"]],
  commit(k, fd, path, path_len) {
    const d = k.fds.get(fd);
    if (d?.kind !== "directory" || d.preopen === undefined) return Errno.badf;
    if (path_len < d.preopen.length) return Errno.nametoolong;
    if (!k.memory.fits(path, d.preopen.length)) return Errno.fault;
    k.memory.write(path, d.preopen);
    return Errno.success;
  },
});

/** Moves `fd` to the number `to`, closing what was open there. Errors: `badf` if either is not open. Logs: that it was. */
export const fd_renumber = syscall({
  name: "fd_renumber",
  id: 278,
  effect: "output",
  params: [["fd", "u32"], ["to", "u32"]],
  check: (k, fd, to) => isOpen(k, fd) || isOpen(k, to),
  execute(k) {
    k.data.size = 0;
    return Errno.success;
  },
  commit(k, fd, to) {
    const old = k.fds.renumber(fd, to) as Descriptor;
    if (fd !== to) dispose(k, old);
    return Errno.success;
  },
});
