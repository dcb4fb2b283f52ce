/** A file's times: `fd_filestat_set_times`, `path_filestat_set_times`. @module */
import type { Directory, File } from "./descriptors.ts";
import { Errno } from "./errno.ts";
import type { Kernel } from "./kernel.ts";
import { directoryAt, LOOKUP_FOLLOW, pathAt } from "./path.ts";
import { Right } from "./rights.ts";
import { agreeDone } from "./storage.ts";
import { syscall } from "./syscall.ts";
import { FSTFLAGS, LOOKUPFLAGS } from "./words.ts";

/** Preview1 `fstflags`. */
export const FstFlag = { atim: 1, atimNow: 2, mtim: 4, mtimNow: 8 } as const;

const ATIM_BOTH = FstFlag.atim | FstFlag.atimNow;
const MTIM_BOTH = FstFlag.mtim | FstFlag.mtimNow;

/** `inval` for unknown bits, and for a time that is to be given and to be now. */
function checkFlags(flags: number): number {
  const both = (flags & ATIM_BOTH) === ATIM_BOTH ||
    (flags & MTIM_BOTH) === MTIM_BOTH;
  return flags > 15 || both ? Errno.inval : Errno.success;
}

function setTimes(
  k: Kernel,
  fd: number,
  atim: bigint,
  mtim: bigint,
  flags: number,
): number {
  const { handle } = k.fds.get(fd) as File | Directory;
  return k.host.setTimes(handle, { atim, mtim, flags });
}

/**
 * Sets the times of what is open, in ns since 1970, or to now, which differs from node to node: a guest sees the primary's.
 * Errors: `badf`, `notcapable`, `inval` for a stream or wrong flags, what the host reports. Logs: that it was.
 */
export const fd_filestat_set_times = syscall({
  name: "fd_filestat_set_times",
  id: 271,
  effect: "storage",
  params: [["fd", "u32"], ["atim", "u64"], ["mtim", "u64"], ["flags", "u32"]],
  words: { atim: "date", mtim: "date", flags: FSTFLAGS },
  needs: { fd: [Right.fd_filestat_set_times] },
  check: (_k, _fd, _atim, _mtim, flags) => checkFlags(flags),
  intent: {},
  execute(k, ...args) {
    k.data.size = 0;
    return -setTimes(k, ...args);
  },
  mirror: (k, ...args) =>
    void agreeDone(setTimes(k, ...args), "setting a file's times"),
  commit: () => Errno.success,
});

function setTimesAt(
  k: Kernel,
  ...[fd, flags, path, len, atim, mtim, fstFlags]: [
    fd: number,
    flags: number,
    path: number,
    len: number,
    atim: bigint,
    mtim: bigint,
    fstFlags: number,
  ]
): number {
  return k.host.setTimesAt(
    directoryAt(k, fd).handle,
    pathAt(k, path, len),
    (flags & LOOKUP_FOLLOW) !== 0,
    { atim, mtim, flags: fstFlags },
  );
}

/** Sets the times of what a path leads to. Errors: as `fd_filestat_set_times` and `path_filestat_get`. Logs: that it was. */
export const path_filestat_set_times = syscall({
  name: "path_filestat_set_times",
  id: 285,
  effect: "storage",
  params: [
    ["fd", "u32"],
    ["flags", "u32"],
    ["path", "path"],
    ["atim", "u64"],
    ["mtim", "u64"],
    ["fst_flags", "u32"],
  ],
  words: {
    flags: LOOKUPFLAGS,
    atim: "date",
    mtim: "date",
    fst_flags: FSTFLAGS,
  },
  needs: { fd: [Right.path_filestat_set_times] },
  check: (_k, _fd, flags, _path, _len, _atim, _mtim, fst_flags) =>
    flags > 1 ? Errno.inval : checkFlags(fst_flags),
  intent: {},
  execute(k, ...args) {
    k.data.size = 0;
    return -setTimesAt(k, ...args);
  },
  mirror: (k, ...args) =>
    void agreeDone(setTimesAt(k, ...args), "setting a file's times"),
  commit: () => Errno.success,
});
