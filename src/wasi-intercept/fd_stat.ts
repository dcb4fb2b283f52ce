/** What a descriptor is: type, flags, rights, `filestat`. @module */
import { type Descriptor, FdFlag, type File } from "./descriptors.ts";
import { Errno } from "./errno.ts";
import {
  commitFilestat,
  FILESTAT,
  FILESTAT_SIZE,
  mirrorFilestat,
  setFilestat,
  setStreamFilestat,
} from "./filestat.ts";
import type { Kernel } from "./kernel.ts";
import { Right, rightsOf } from "./rights.ts";
import { sharedOf } from "./shared.ts";
import { agreeDone } from "./storage.ts";
import { skip, u16, u64, u8 } from "./outcome.ts";
import { syscall } from "./syscall.ts";
import { FDFLAGS, FILETYPE, RIGHTS } from "./words.ts";

function isOpen(k: Kernel, fd: number): number {
  return k.fds.get(fd) === undefined ? Errno.badf : Errno.success;
}

/** Writes type, flags and rights of `fd` (24 bytes: type 0, flags 2, rights 8, inheriting 16). Errors: `badf`. */
export const fd_fdstat_get = syscall({
  name: "fd_fdstat_get",
  id: 266,
  effect: "local",
  params: [["fd", "u32"], ["stat", "out", 24]],
  outcome: [
    u8("filetype", FILETYPE),
    skip(1),
    u16("flags", FDFLAGS),
    skip(4),
    u64("rights", RIGHTS),
    u64("inheriting", RIGHTS),
  ],
  check: isOpen,
  commit(k, fd, stat) {
    const d = k.fds.get(fd) as Descriptor;
    k.memory.setU32(stat, d.filetype | (d.flags << 16));
    k.memory.setU32(stat + 4, 0);
    k.memory.setU64(stat + 8, BigInt(d.rights));
    k.memory.setU64(stat + 16, BigInt(d.inheriting));
    return Errno.success;
  },
});

/** Flags that are fixed when a file is opened, as fcntl(2) says of Linux. */
const FIXED = FdFlag.dsync | FdFlag.rsync | FdFlag.sync;

/** The flags for a node's own handle: a shared file's appends are placed by their intents. */
function ownFlags(d: File, flags: number): number {
  return d.shared === undefined ? flags : flags & ~FdFlag.append;
}

/** Sets the `fdflags` of `fd`. Errors: `badf`; `notcapable`; `inval` for unknown bits; `notsup` for other sync flags than a file was opened with. Logs: that it was. */
export const fd_fdstat_set_flags = syscall({
  name: "fd_fdstat_set_flags",
  id: 267,
  effect: "storage",
  params: [["fd", "u32"], ["flags", "u32"]],
  words: { flags: FDFLAGS },
  needs: { fd: [Right.fd_fdstat_set_flags] },
  check(k, fd, flags) {
    if (flags > 31) return Errno.inval;
    const changed = flags ^ (k.fds.get(fd)?.flags ?? flags);
    return changed & FIXED ? Errno.notsup : Errno.success;
  },
  execute(k, fd, flags) {
    const d = k.fds.get(fd) as Descriptor;
    k.data.size = 0;
    return d.kind === "file"
      ? -k.host.setFlags(d.handle, ownFlags(d, flags))
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

/** Takes rights away from `fd`. Errors: `badf`; `inval` for unknown bits; `notcapable` for rights that it has not. */
export const fd_fdstat_set_rights = syscall({
  name: "fd_fdstat_set_rights",
  id: 268,
  effect: "local",
  params: [["fd", "u32"], ["base", "u64"], ["inheriting", "u64"]],
  words: { base: RIGHTS, inheriting: RIGHTS },
  check: isOpen,
  commit(k, fd, base, inheriting) {
    const d = k.fds.get(fd) as Descriptor;
    const [rights, inherited] = [rightsOf(base), rightsOf(inheriting)];
    if (rights === undefined || inherited === undefined) return Errno.inval;
    if (rights & ~d.rights || inherited & ~d.inheriting) {
      return Errno.notcapable;
    }
    d.rights = rights;
    d.inheriting = inherited;
    return Errno.success;
  },
});

/** Writes the `filestat` of what is open. Errors: `badf`, `notcapable`, what the host reports. Logs: all of it. */
export const fd_filestat_get = syscall({
  name: "fd_filestat_get",
  id: 269,
  effect: "storage",
  params: [["fd", "u32"], ["stat", "out", FILESTAT_SIZE]],
  outcome: FILESTAT,
  needs: { fd: [Right.fd_filestat_get] },
  execute(k, fd) {
    const d = k.fds.get(fd) as Descriptor;
    if (d.kind === "stream" || d.kind === "listener") {
      return setStreamFilestat(k, d.filetype);
    }
    return setFilestat(k, k.host.stat(d.handle), d.shared);
  },
  mirror(k, fd) {
    const d = k.fds.get(fd) as Descriptor;
    if (d.kind === "file" || d.kind === "directory") {
      mirrorFilestat(k, k.host.stat(d.handle));
    }
  },
  commit: (k, fd, stat) => commitFilestat(k, stat, sharedOf(k.fds.get(fd))),
});
