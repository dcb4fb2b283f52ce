/**
 * Paths that stay beneath a directory: `openat2(2)` with `RESOLVE_BENEATH`.
 *
 * A call that opens nothing resolves the parent this way, by `O_PATH`, and works on the last component there.
 *
 * @module
 */
import { Errno } from "../../wasi-intercept/errno.ts";
import type { OpenHow } from "../../wasi-intercept/host.ts";
import { result } from "./errno.ts";
import { cString, libc } from "./libc.ts";
import { linux } from "./linux.ts";

const SYS_OPENAT2 = BigInt(linux.SYS_openat2);

/** A `struct open_how`, and the words of 64 bits that its fields are. */
const HOW = new BigUint64Array(linux["struct open_how"] / 8);
const HOW_BYTES = new Uint8Array(HOW.buffer);
const FLAGS = linux["open_how.flags"] / 8;
const CREATE_MODE = linux["open_how.mode"] / 8;
const RESOLUTION = linux["open_how.resolve"] / 8;

/** Open flags of Linux. */
export const O = {
  RDONLY: linux.O_RDONLY,
  WRONLY: linux.O_WRONLY,
  RDWR: linux.O_RDWR,
  CREAT: linux.O_CREAT,
  EXCL: linux.O_EXCL,
  TRUNC: linux.O_TRUNC,
  APPEND: linux.O_APPEND,
  NONBLOCK: linux.O_NONBLOCK,
  DSYNC: linux.O_DSYNC,
  SYNC: linux.O_SYNC,
  DIRECTORY: linux.O_DIRECTORY,
  NOFOLLOW: linux.O_NOFOLLOW,
  CLOEXEC: linux.O_CLOEXEC,
  PATH: linux.O_PATH,
} as const;

/** What a link of /proc stands for is never beneath a directory, whatever a later kernel says. */
const RESOLVE = BigInt(linux.RESOLVE_BENEATH | linux.RESOLVE_NO_MAGICLINKS);
const MODE = 0o666n;

/** How often a walk is begun again that met `..` while something was renamed; as many in a row mean that the file itself says `again`. */
const MAX_WALKS = 10_000;

/**
 * Opens `path`, from `dir`, with the flags, mode and `RESOLVE_*` bits of openat2(2); close-on-exec.
 *
 * Gives the handle, or -1: the reason is `lastErrno()`.
 */
export function openat2(
  dir: number,
  path: Uint8Array<ArrayBuffer>,
  flags: number,
  mode: bigint,
  resolve: bigint,
): number {
  HOW[FLAGS] = BigInt(flags | O.CLOEXEC);
  HOW[CREATE_MODE] = mode;
  HOW[RESOLUTION] = resolve;
  const size = BigInt(HOW_BYTES.length);
  return Number(
    libc.syscall(SYS_OPENAT2, BigInt(dir), path, HOW_BYTES, size),
  );
}

/**
 * Opens `path` beneath `dir`.
 *
 * Errors: `notcapable` when it leaves the directory; `ilseq` for a NUL in it; `inval` for a directory that is to be created,
 * of which kernels before 6.4 make a file; what the kernel reports else.
 */
export function openBeneath(
  dir: number,
  path: Uint8Array,
  flags: number,
): number {
  if (path.includes(0)) return -Errno.ilseq;
  if (flags & O.CREAT && flags & O.DIRECTORY) return -Errno.inval;
  const name = cString(path);
  const mode = flags & O.CREAT ? MODE : 0n;
  let handle = -Errno.again;
  for (let i = 0; handle === -Errno.again && i < MAX_WALKS; i++) {
    handle = result(openat2(dir, name, flags, mode, RESOLVE));
  }
  return handle === -Errno.xdev ? -Errno.notcapable : handle;
}

/** Preview1's `oflags` and `fdflags` as Linux's. */
export function openFlags(
  { oflags, fdflags, read, write, follow }: OpenHow,
): number {
  return (write ? (read ? O.RDWR : O.WRONLY) : O.RDONLY) |
    (oflags & 1 ? O.CREAT : 0) | (oflags & 2 ? O.DIRECTORY : 0) |
    (oflags & 4 ? O.EXCL : 0) |
    (oflags & 8 ? O.TRUNC : 0) | (follow ? 0 : O.NOFOLLOW) |
    statusFlags(fdflags);
}

/** Preview1's `fdflags` as Linux's file status flags. */
export function statusFlags(fdflags: number): number {
  return (fdflags & 1 ? O.APPEND : 0) | (fdflags & 2 ? O.DSYNC : 0) |
    (fdflags & 4 ? O.NONBLOCK : 0) |
    (fdflags & 24 ? O.SYNC : 0);
}

const SLASH = 0x2f;

/**
 * Calls `call` with a handle of the directory that holds the last component of `path`, and that component's C string.
 *
 * A final slash stays with the name. Errors: `noent` for an empty path; `notcapable` for an absolute one, or whose last component is `..`.
 */
export function atParent(
  dir: number,
  path: Uint8Array,
  call: (parent: number, name: Uint8Array<ArrayBuffer>) => number,
): number {
  if (path.length === 0 || path.includes(0)) {
    return path.length === 0 ? -Errno.noent : -Errno.ilseq;
  }
  if (path[0] === SLASH) return -Errno.notcapable;
  let end = path.length;
  while (end > 1 && path[end - 1] === SLASH) end--;
  const cut = path.lastIndexOf(SLASH, end - 1) + 1;
  const last = path.subarray(cut, end);
  if (last.length === 2 && last[0] === 0x2e && last[1] === 0x2e) {
    return -Errno.notcapable;
  }
  if (cut === 0) return call(dir, cString(path));
  const parent = openBeneath(dir, path.subarray(0, cut), O.PATH | O.DIRECTORY);
  if (parent < 0) return parent;
  const outcome = call(parent, cString(path.subarray(cut)));
  libc.close(parent);
  return outcome;
}
