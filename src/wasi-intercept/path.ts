/**
 * Paths below a given directory. Every path stays beneath its directory (`openat2(RESOLVE_BENEATH)` semantics): one that
 * leaves it, by `..`, an absolute name or a symbolic link, gives `notcapable`.
 *
 * @module
 */
import { FileType } from "./descriptors.ts";
import type { Directory } from "./descriptors.ts";
import { Errno } from "./errno.ts";
import {
  commitFilestat,
  FILESTAT_SIZE,
  mirrorFilestat,
  setFilestat,
} from "./filestat.ts";
import type { OpenHow } from "./host.ts";
import type { Kernel } from "./kernel.ts";
import { agree, agreeDone } from "./storage.ts";
import { syscall } from "./syscall.ts";

function isDirectory(k: Kernel, fd: number): number {
  const d = k.fds.get(fd);
  if (d === undefined) return Errno.badf;
  return d.kind === "directory" ? Errno.success : Errno.notdir;
}

function directoryAt(k: Kernel, fd: number): Directory {
  return k.fds.get(fd) as Directory;
}

/** The bytes of a path as they are now, copied, since the host may wait while the guest's memory grows. */
function pathAt(k: Kernel, path: number, size: number): Uint8Array {
  return k.memory.slice(path, size).slice();
}

/** Preview1 `rights` that ask for reading (fd_read, fd_readdir) and for writing (fd_datasync to fd_filestat_set_size). */
const READS = (1n << 1n) | (1n << 14n);
const WRITES = (1n << 6n) | (1n << 8n) | (1n << 22n);

const LOOKUP_FOLLOW = 1;
const OFLAG = { creat: 1, directory: 2, excl: 4, trunc: 8 } as const;

function how(
  dirflags: number,
  oflags: number,
  rights: bigint,
  fdflags: number,
): OpenHow {
  const write = (rights & WRITES) !== 0n;
  return {
    oflags,
    fdflags,
    read: !write || (rights & READS) !== 0n,
    write: write && (oflags & OFLAG.directory) === 0,
    follow: (dirflags & LOOKUP_FOLLOW) !== 0,
  };
}

/**
 * Opens a file or directory and writes its descriptor.
 *
 * Errors: `badf`, `notdir` if `fd` is no directory; `inval` for unknown bits; `notcapable` for a path that leaves the
 * directory; what the host reports else. Logs: the file's type.
 */
export const path_open = syscall({
  name: "path_open",
  id: 287,
  effect: "storage",
  params: [
    ["fd", "u32"],
    ["dirflags", "u32"],
    ["path", "path"],
    ["oflags", "u32"],
    ["rights", "u64"],
    ["inheriting", "u64"],
    ["fdflags", "u32"],
    ["opened", "out", 4],
  ],
  check: (
    k,
    fd,
    dirflags,
    _path,
    _len,
    oflags,
    _rights,
    _inheriting,
    fdflags,
  ) =>
    dirflags > 1 || oflags > 15 || fdflags > 31
      ? Errno.inval
      : isDirectory(k, fd),
  execute(k, fd, dirflags, path, len, oflags, rights, _inheriting, fdflags) {
    const handle = k.host.open(
      directoryAt(k, fd).handle,
      pathAt(k, path, len),
      how(dirflags, oflags, rights, fdflags),
    );
    if (handle < 0) return -handle;
    const stat = k.host.stat(handle);
    if (typeof stat === "number") {
      k.host.close(handle);
      return -stat;
    }
    k.opened = handle;
    k.data.setU32(0, stat.filetype);
    k.data.size = 4;
    return Errno.success;
  },
  mirror(k, fd, dirflags, path, len, oflags, rights, _inheriting, fdflags) {
    const handle = k.host.open(
      directoryAt(k, fd).handle,
      pathAt(k, path, len),
      how(dirflags, oflags, rights, fdflags),
    );
    k.opened = agreeDone(handle, "opening a file");
    const stat = k.host.stat(handle);
    agree(
      typeof stat !== "number" && stat.filetype === k.data.u32(0),
      "a file has another type on this node's copy",
    );
  },
  commit(
    k,
    _fd,
    _dirflags,
    _path,
    _len,
    _oflags,
    rights,
    inheriting,
    fdflags,
    opened,
  ) {
    const filetype = k.data.u32(0);
    const common = {
      filetype,
      flags: fdflags,
      rights,
      inheriting,
      handle: k.opened,
    };
    const fd = k.fds.add(
      filetype === FileType.directory
        ? {
          ...common,
          kind: "directory",
          preopen: undefined,
          entries: undefined,
        }
        : { ...common, kind: "file" },
    );
    k.memory.setU32(opened, fd);
    return Errno.success;
  },
});

type PathCall = (k: Kernel, dir: number, path: Uint8Array) => number;

/** A row that changes one name below a directory and brings nothing back. */
function change(name: string, id: number, what: string, call: PathCall) {
  return syscall({
    name,
    id,
    effect: "storage",
    params: [["fd", "u32"], ["path", "path"]],
    check: isDirectory,
    execute(k, fd, path, len) {
      k.data.size = 0;
      return -call(k, directoryAt(k, fd).handle, pathAt(k, path, len));
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
export const path_create_directory = change(
  "path_create_directory",
  283,
  "making a directory",
  (k, dir, path) => k.host.createDirectory(dir, path),
);

/** Removes an empty directory. Errors and log: as `path_create_directory`. */
export const path_remove_directory = change(
  "path_remove_directory",
  289,
  "removing a directory",
  (k, dir, path) => k.host.removeDirectory(dir, path),
);

/** Removes a name that is no directory. Errors and log: as `path_create_directory`. */
export const path_unlink_file = change(
  "path_unlink_file",
  292,
  "unlinking a file",
  (k, dir, path) => k.host.unlink(dir, path),
);

/** Gives a file or directory another name. Errors: as `path_create_directory`, for either path. Logs: that it was. */
export const path_rename = syscall({
  name: "path_rename",
  id: 290,
  effect: "storage",
  params: [["fd", "u32"], ["old_path", "path"], ["new_fd", "u32"], [
    "new_path",
    "path",
  ]],
  check: (k, fd, _path, _len, new_fd) =>
    isDirectory(k, fd) || isDirectory(k, new_fd),
  execute(k, fd, path, len, new_fd, new_path, new_len) {
    k.data.size = 0;
    return -rename(k, fd, path, len, new_fd, new_path, new_len);
  },
  mirror: (k, ...args) => void agreeDone(rename(k, ...args), "renaming a file"),
  commit: () => Errno.success,
});

function rename(
  k: Kernel,
  ...[fd, path, len, newFd, newPath, newLen]: [
    number,
    number,
    number,
    number,
    number,
    number,
  ]
): number {
  return k.host.rename(
    directoryAt(k, fd).handle,
    pathAt(k, path, len),
    directoryAt(k, newFd).handle,
    pathAt(k, newPath, newLen),
  );
}

/** Writes the `filestat` of a path. Errors: as `path_create_directory`. Logs: all of it. */
export const path_filestat_get = syscall({
  name: "path_filestat_get",
  id: 284,
  effect: "storage",
  params: [["fd", "u32"], ["flags", "u32"], ["path", "path"], [
    "stat",
    "out",
    FILESTAT_SIZE,
  ]],
  check: isDirectory,
  execute: (k, fd, flags, path, len) =>
    setFilestat(
      k,
      k.host.statAt(
        directoryAt(k, fd).handle,
        pathAt(k, path, len),
        (flags & LOOKUP_FOLLOW) !== 0,
      ),
    ),
  mirror: (k, fd, flags, path, len) =>
    mirrorFilestat(
      k,
      k.host.statAt(
        directoryAt(k, fd).handle,
        pathAt(k, path, len),
        (flags & LOOKUP_FOLLOW) !== 0,
      ),
    ),
  commit: (k, _fd, _flags, _path, _len, stat) => commitFilestat(k, stat),
});
