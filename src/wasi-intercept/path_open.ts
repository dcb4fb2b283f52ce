/** Opening what is below a given directory: `path_open`. @module */
import { FdFlag, type File, FileType, type Shared } from "./descriptors.ts";
import type { Directory } from "./descriptors.ts";
import { Errno } from "./errno.ts";
import type { HostStat, OpenHow } from "./host.ts";
import type { Kernel } from "./kernel.ts";
import { directoryAt, lookForNew, LOOKUP_FOLLOW, pathAt } from "./path.ts";
import {
  DIRECTORY_RIGHTS,
  FILE_RIGHTS,
  refusal,
  Right,
  rightsOf,
} from "./rights.ts";
import { joinPath, sharedOf } from "./shared.ts";
import { agree, agreeDone } from "./storage.ts";
import { hidden, skip, u32, u64 } from "./outcome.ts";
import { syscall } from "./syscall.ts";
import { FDFLAGS, FILETYPE, LOOKUPFLAGS, OFLAGS, RIGHTS } from "./words.ts";

/** Rights that ask for reading and for writing of what is opened. */
const READS = Right.fd_read | Right.fd_readdir;
const WRITES = Right.fd_write | Right.fd_allocate | Right.fd_filestat_set_size;

const OFLAG = { creat: 1, directory: 2, excl: 4, trunc: 8 } as const;

function howOf(
  dirflags: number,
  oflags: number,
  rights: bigint,
  fdflags: number,
): OpenHow {
  const wanted = Number(rights);
  const write = (wanted & WRITES) !== 0;
  return {
    oflags,
    fdflags,
    read: !write || (wanted & READS) !== 0,
    write,
    follow: (dirflags & LOOKUP_FOLLOW) !== 0,
  };
}

/** The same for a shared directory: what a primary did already is no failure of the next, and appends are placed by their intents. */
function sharedHow(k: Kernel, how: OpenHow): OpenHow {
  return {
    ...how,
    oflags: k.again ? how.oflags & ~OFLAG.excl : how.oflags,
    fdflags: how.fdflags & ~FdFlag.append,
  };
}

/** What the directory has to allow, by rights and what it hands on. */
function checkRights(
  k: Kernel,
  fd: number,
  oflags: number,
  fdflags: number,
  base: bigint,
  inheriting: bigint,
): number {
  const d = k.fds.get(fd) as Directory;
  const needed = [
    ...oflags & OFLAG.creat ? [Right.path_create_file] : [],
    ...oflags & OFLAG.trunc ? [Right.path_filestat_set_size] : [],
  ];
  if (needed.some((bit) => (d.rights & bit) === 0)) {
    return refusal(d, ...needed);
  }
  const [rights, handed] = [rightsOf(base), rightsOf(inheriting)];
  if (rights === undefined || handed === undefined) return Errno.inval;
  const sync = (fdflags & FdFlag.dsync ? Right.fd_datasync : 0) |
    (fdflags & (FdFlag.rsync | FdFlag.sync) ? Right.fd_sync : 0);
  return (rights | handed | sync) & ~d.inheriting
    ? Errno.notcapable
    : Errno.success;
}

/** Opens and looks; the outcome is the type, on shared storage also the inode. */
function open(
  k: Kernel,
  fd: number,
  path: Uint8Array,
  how: OpenHow,
): HostStat | number {
  const handle = k.host.open(directoryAt(k, fd).handle, path, how);
  if (handle < 0) return handle;
  const stat = k.host.stat(handle);
  if (typeof stat === "number") k.host.close(handle);
  else k.opened = handle;
  return stat;
}

/**
 * Opens a file or directory and writes its descriptor.
 *
 * Its rights are those asked for that its type can have. What a directory hands on is all that `fd` does: the libraries of some
 * languages ask for less and then for more of it, and other runtimes give it. Errors: `badf`, `notdir` if `fd` is no directory; `inval` for
 * unknown bits; `notcapable` for a path that leaves the directory, and for rights that it does not hand on; what the host
 * reports else. Logs: the file's type, on shared storage also its inode.
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
  words: {
    dirflags: LOOKUPFLAGS,
    oflags: OFLAGS,
    rights: RIGHTS,
    inheriting: RIGHTS,
    fdflags: FDFLAGS,
  },
  outcome: [
    u32("filetype", FILETYPE),
    skip(4),
    hidden(u64("storage_ino")),
    hidden(u64("storage_born")),
  ],
  fds: "adds",
  needs: { fd: [Right.path_open] },
  check(k, fd, dirflags, _path, _len, oflags, base, inheriting, fdflags) {
    const d = k.fds.get(fd);
    if (d === undefined) return Errno.badf;
    if (d.kind !== "directory") return Errno.notdir;
    return dirflags > 1 || oflags > 15 || fdflags > 31
      ? Errno.inval
      : checkRights(k, fd, oflags, fdflags, base, inheriting);
  },
  intent: {
    applies: (_k, _fd, _dirflags, _path, _len, oflags) =>
      (oflags & (OFLAG.creat | OFLAG.trunc)) !== 0,
    look(k, fd, _dirflags, path, len, oflags) {
      k.data.size = 0;
      if ((oflags & (OFLAG.creat | OFLAG.excl)) !== 5) return Errno.success;
      return lookForNew(k, fd, path, len);
    },
  },
  execute(k, fd, dirflags, path, len, oflags, rights, _inheriting, fdflags) {
    const how = howOf(dirflags, oflags, rights, fdflags);
    const shared = sharedOf(k.fds.get(fd)) !== undefined;
    const bytes = pathAt(k, path, len);
    const stat = open(k, fd, bytes, shared ? sharedHow(k, how) : how);
    if (typeof stat === "number") return -stat;
    k.data.setU32(0, stat.filetype);
    k.data.size = 4;
    if (shared) {
      k.data.setU32(4, 0);
      k.data.setU64(8, stat.ino);
      k.data.setU64(16, stat.born);
      k.data.size = 24;
    }
    return Errno.success;
  },
  mirror(k, fd, dirflags, path, len, oflags, rights, _inheriting, fdflags) {
    const how = howOf(dirflags, oflags, rights, fdflags);
    const stat = open(k, fd, pathAt(k, path, len), how);
    if (typeof stat === "number") return void agreeDone(stat, "opening a file");
    agree(
      stat.filetype === k.data.u32(0),
      "a file has another type on this node's copy",
    );
  },
  commit(
    k,
    ...[fd, dirflags, path, len, oflags, rights, _inheriting, fdflags, opened]
  ) {
    const below = sharedOf(k.fds.get(fd));
    const how = howOf(dirflags, oflags, rights, fdflags);
    const shared: Shared | undefined = below && {
      root: below.root,
      path: joinPath(below.path, pathAt(k, path, len)),
      file: { ino: k.data.u64(8), born: k.data.u64(16) },
      how: {
        ...how,
        oflags: how.oflags & OFLAG.directory,
        fdflags: how.fdflags & ~FdFlag.append,
      },
      offset: 0n,
    };
    const { inheriting } = directoryAt(k, fd);
    enter(k, { rights, inheriting, fdflags, shared }, opened);
    return Errno.success;
  },
});

interface Opened {
  readonly rights: bigint;
  readonly inheriting: number;
  readonly fdflags: number;
  readonly shared: Shared | undefined;
}

/** Enters what was opened into the table. */
function enter(
  k: Kernel,
  { rights, inheriting, fdflags, shared }: Opened,
  target: number,
): void {
  const filetype = k.data.u32(0);
  const common = { filetype, flags: fdflags, handle: k.opened, shared };
  const file: File = {
    ...common,
    kind: "file",
    rights: Number(rights) & FILE_RIGHTS,
    inheriting: 0,
  };
  const directory: Directory = {
    ...common,
    kind: "directory",
    rights: Number(rights) & DIRECTORY_RIGHTS,
    inheriting,
    preopen: undefined,
    entries: undefined,
  };
  const fd = k.fds.add(filetype === FileType.directory ? directory : file);
  k.memory.setU32(target, fd);
}
