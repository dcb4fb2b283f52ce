/** A file's size and its way to the disk. @module */
import type { Directory, File } from "./descriptors.ts";
import { Errno } from "./errno.ts";
import type { Kernel } from "./kernel.ts";
import { Right } from "./rights.ts";
import { sharedOf } from "./shared.ts";
import { agreeDone } from "./storage.ts";
import { syscall } from "./syscall.ts";
import { ADVICE } from "./words.ts";

function handleAt(k: Kernel, fd: number): number {
  return (k.fds.get(fd) as File | Directory).handle;
}

const LAST_ADVICE = 5;

/**
 * Says how a part of a file will be used; each node may make use of it, none has to, and nothing of it reaches the guest.
 * Errors: `badf`, `notcapable`, `spipe` for a stream, `inval` for an unknown advice or a part that no file has.
 */
export const fd_advise = syscall({
  name: "fd_advise",
  id: 262,
  effect: "local",
  params: [["fd", "u32"], ["offset", "u64"], ["len", "u64"], [
    "advice",
    "u32",
  ]],
  words: { advice: ADVICE },
  needs: { fd: [Right.fd_advise] },
  commit(k, fd, offset, len, advice) {
    if (advice > LAST_ADVICE || !isPart(offset, len)) return Errno.inval;
    const d = k.fds.get(fd) as File | Directory;
    if (d.kind === "file" && sharedOf(d) === undefined) {
      k.host.advise(d.handle, offset, len, advice);
    }
    return Errno.success;
  },
});

/** Whether a file can have `len` bytes at `offset`: sizes are signed to the host. */
function isPart(offset: bigint, len: bigint): boolean {
  return offset + len < 1n << 63n;
}

/** Makes room for `len` bytes at `offset`, and the file as long. Errors: `badf`, `notcapable`, `isdir`, `spipe`; `inval` for no bytes; `fbig`; what the host reports. Logs: that it was. */
export const fd_allocate = syscall({
  name: "fd_allocate",
  id: 263,
  effect: "storage",
  params: [["fd", "u32"], ["offset", "u64"], ["len", "u64"]],
  needs: { fd: [Right.fd_allocate] },
  check: (_k, _fd, offset, len) =>
    len === 0n ? Errno.inval : isPart(offset, len) ? Errno.success : Errno.fbig,
  intent: {},
  execute(k, fd, offset, len) {
    k.data.size = 0;
    return -k.host.allocate(handleAt(k, fd), offset, len);
  },
  mirror: (k, fd, offset, len) =>
    void agreeDone(
      k.host.allocate(handleAt(k, fd), offset, len),
      "making room in a file",
    ),
  commit: () => Errno.success,
});

/** Cuts or lengthens a file to `size` bytes. Errors: `badf`, `notcapable`, `isdir`, `inval` for a stream, what the host reports. Logs: that it was. */
export const fd_filestat_set_size = syscall({
  name: "fd_filestat_set_size",
  id: 270,
  effect: "storage",
  params: [["fd", "u32"], ["size", "u64"]],
  needs: { fd: [Right.fd_filestat_set_size] },
  intent: {},
  execute(k, fd, size) {
    k.data.size = 0;
    return -k.host.truncate(handleAt(k, fd), size);
  },
  mirror: (k, fd, size) =>
    void agreeDone(
      k.host.truncate(handleAt(k, fd), size),
      "setting a file's size",
    ),
  commit: () => Errno.success,
});

/** A row that brings what is open to the disk of every node that has a copy. */
function syncing(name: string, id: number, right: number, dataOnly: boolean) {
  return syscall({
    name,
    id,
    effect: "storage",
    params: [["fd", "u32"]],
    needs: { fd: [right] },
    execute(k, fd) {
      k.data.size = 0;
      return -k.host.sync(handleAt(k, fd), dataOnly);
    },
    mirror: (k, fd) =>
      void agreeDone(k.host.sync(handleAt(k, fd), dataOnly), "syncing a file"),
    commit: () => Errno.success,
  });
}

/** Brings contents and metadata to the disk. Errors: `badf`, `notcapable`, `inval` for a stream, what the host reports. Logs: that it was. */
export const fd_sync = syncing("fd_sync", 280, Right.fd_sync, false);

/** Brings contents to the disk. Errors and log: as `fd_sync`. */
export const fd_datasync = syncing(
  "fd_datasync",
  265,
  Right.fd_datasync,
  true,
);
