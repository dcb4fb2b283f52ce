/**
 * Paths below a given directory. Every path stays beneath its directory (`openat2(RESOLVE_BENEATH)` semantics): one that
 * leaves it, by `..`, an absolute name or a symbolic link, gives `notcapable`.
 *
 * @module
 */
import type { Directory } from "./descriptors.ts";
import { Errno } from "./errno.ts";
import {
  commitFilestat,
  FILESTAT,
  FILESTAT_SIZE,
  mirrorFilestat,
  setFilestat,
} from "./filestat.ts";
import type { HostStat } from "./host.ts";
import type { Kernel } from "./kernel.ts";
import { Right } from "./rights.ts";
import { checkSameKind, sharedOf } from "./shared.ts";
import { agreeDone } from "./storage.ts";
import { hidden, u64 } from "./outcome.ts";
import { syscall } from "./syscall.ts";
import { LOOKUPFLAGS } from "./words.ts";

/** The bit of preview1's `lookupflags`. */
export const LOOKUP_FOLLOW = 1;

/** The directory at `fd`, which is one. */
export function directoryAt(k: Kernel, fd: number): Directory {
  return k.fds.get(fd) as Directory;
}

/** The bytes of a path as they are now, copied, since the host may wait while the guest's memory grows. */
export function pathAt(k: Kernel, path: number, size: number): Uint8Array {
  return k.memory.slice(path, size).slice();
}

/** `filestat` of a name itself, as an intent looks at it. */
export function nameAt(
  k: Kernel,
  fd: number,
  path: number,
  len: number,
): HostStat | number {
  const { handle } = directoryAt(k, fd);
  return k.host.statAt(handle, pathAt(k, path, len), false);
}

/** What an intent finds of a name that is to be made: `exist` when it is there. */
export function lookForNew(
  k: Kernel,
  fd: number,
  path: number,
  len: number,
): number {
  k.data.size = 0;
  const stat = nameAt(k, fd, path, len);
  if (typeof stat !== "number") return Errno.exist;
  return stat === -Errno.noent ? Errno.success : -stat;
}

/** What an intent finds of a name that is to go: `noent` when it is not there. */
function lookForOld(
  k: Kernel,
  fd: number,
  path: number,
  len: number,
): number {
  k.data.size = 0;
  const stat = nameAt(k, fd, path, len);
  return typeof stat === "number" ? -stat : Errno.success;
}

/** The errno of a change, of which `done` says after a takeover that it was made before. */
export function changed(k: Kernel, result: number, done: number): number {
  return k.again && -result === done ? Errno.success : -result;
}

type PathCall = (k: Kernel, dir: number, path: Uint8Array) => number;

/** What is peculiar to a row that changes one name. */
interface Change {
  readonly name: string;
  readonly id: number;
  readonly right: number;
  readonly what: string;
  /** Whether the name is to be made or to go. */
  readonly makes: boolean;
  readonly call: PathCall;
}

/** A row that changes one name below a directory and brings nothing back. */
function change({ name, id, right, what, makes, call }: Change) {
  return syscall({
    name,
    id,
    effect: "storage",
    params: [["fd", "u32"], ["path", "path"]],
    needs: { fd: [right] },
    intent: { look: makes ? lookForNew : lookForOld },
    execute(k, fd, path, len) {
      k.data.size = 0;
      const result = call(k, directoryAt(k, fd).handle, pathAt(k, path, len));
      return changed(k, result, makes ? Errno.exist : Errno.noent);
    },
    mirror: (k, fd, path, len) =>
      void agreeDone(
        call(k, directoryAt(k, fd).handle, pathAt(k, path, len)),
        what,
      ),
    commit: () => Errno.success,
  });
}

/** Makes a directory. Errors: `badf`, `notdir`, `notcapable`, what the host reports. Logs: that it was made. */
export const path_create_directory = change({
  name: "path_create_directory",
  id: 283,
  right: Right.path_create_directory,
  what: "making a directory",
  makes: true,
  call: (k, dir, path) => k.host.createDirectory(dir, path),
});

/** Removes an empty directory. Errors and log: as `path_create_directory`. */
export const path_remove_directory = change({
  name: "path_remove_directory",
  id: 289,
  right: Right.path_remove_directory,
  what: "removing a directory",
  makes: false,
  call: (k, dir, path) => k.host.removeDirectory(dir, path),
});

/** Removes a name that is no directory. Errors and log: as `path_create_directory`. */
export const path_unlink_file = change({
  name: "path_unlink_file",
  id: 292,
  right: Right.path_unlink_file,
  what: "unlinking a file",
  makes: false,
  call: (k, dir, path) => k.host.unlink(dir, path),
});

type RenameArgs = [
  fd: number,
  path: number,
  len: number,
  newFd: number,
  newPath: number,
  newLen: number,
];

/**
 * Gives a file or directory another name. Errors: as `path_create_directory`, for either path; `xdev` between a shared
 * directory and another. Logs: that it was.
 */
export const path_rename = syscall({
  name: "path_rename",
  id: 290,
  effect: "storage",
  params: [["fd", "u32"], ["old_path", "path"], ["new_fd", "u32"], [
    "new_path",
    "path",
  ]],
  needs: {
    fd: [Right.path_rename_source],
    new_fd: [Right.path_rename_target],
  },
  check: (k, fd, _path, _len, new_fd) => checkSameKind(k, fd, new_fd),
  intent: {
    outcome: [hidden(u64("storage_ino"))],
    look(k, fd, path, len) {
      const stat = nameAt(k, fd, path, len);
      if (typeof stat === "number") return -stat;
      k.data.setU64(0, stat.ino);
      k.data.size = 8;
      return Errno.success;
    },
  },
  execute(k, ...args) {
    k.data.size = 0;
    return k.again && wasRenamed(k, ...args) ? Errno.success : -rename(
      k,
      ...args,
    );
  },
  mirror: (k, ...args) => void agreeDone(rename(k, ...args), "renaming a file"),
  commit: () => Errno.success,
});

/** Whether what the intent saw has its new name already, and the old one is gone. */
function wasRenamed(
  k: Kernel,
  ...[fd, path, len, newFd, newPath, newLen]: RenameArgs
): boolean {
  const old = nameAt(k, fd, path, len);
  const now = nameAt(k, newFd, newPath, newLen);
  return old === -Errno.noent && typeof now !== "number" &&
    now.ino === k.intent.u64(0);
}

function rename(
  k: Kernel,
  ...[fd, path, len, newFd, newPath, newLen]: RenameArgs
): number {
  return k.host.rename(
    directoryAt(k, fd).handle,
    pathAt(k, path, len),
    directoryAt(k, newFd).handle,
    pathAt(k, newPath, newLen),
  );
}

function statPath(
  k: Kernel,
  fd: number,
  flags: number,
  path: number,
  len: number,
): HostStat | number {
  const follow = (flags & LOOKUP_FOLLOW) !== 0;
  const { handle } = directoryAt(k, fd);
  return k.host.statAt(handle, k.memory.slice(path, len), follow);
}

/** Writes the `filestat` of a path. Errors: as `path_create_directory`; `inval` for unknown flags. Logs: all of it. */
export const path_filestat_get = syscall({
  name: "path_filestat_get",
  id: 284,
  effect: "storage",
  params: [["fd", "u32"], ["flags", "u32"], ["path", "path"], [
    "stat",
    "out",
    FILESTAT_SIZE,
  ]],
  words: { flags: LOOKUPFLAGS },
  outcome: FILESTAT,
  needs: { fd: [Right.path_filestat_get] },
  check: (_k, _fd, flags) => flags > 1 ? Errno.inval : Errno.success,
  execute: (k, fd, flags, path, len) =>
    setFilestat(
      k,
      statPath(k, fd, flags, path, len),
      sharedOf(k.fds.get(fd)),
    ),
  mirror: (k, fd, flags, path, len) =>
    mirrorFilestat(k, statPath(k, fd, flags, path, len)),
  commit: (k, fd, _flags, _path, _len, stat) =>
    commitFilestat(k, stat, sharedOf(k.fds.get(fd))),
});
