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

/** Whether this is arm64. */
const ARM = Deno.build.arch === "aarch64";

/** Open flags of Linux; `DIRECTORY` and `NOFOLLOW` differ between the two architectures. */
export const O = {
  RDONLY: 0,
  WRONLY: 1,
  RDWR: 2,
  CREAT: 0o100,
  EXCL: 0o200,
  TRUNC: 0o1000,
  APPEND: 0o2000,
  NONBLOCK: 0o4000,
  DSYNC: 0o10000,
  SYNC: 0o4010000,
  DIRECTORY: ARM ? 0o40000 : 0o200000,
  NOFOLLOW: ARM ? 0o100000 : 0o400000,
  CLOEXEC: 0o2000000,
  PATH: 0o10000000,
} as const;

const SYS_OPENAT2 = 437n;
const RESOLVE_BENEATH = 0x08n;
const MODE = 0o666n;

/** Opens `path` beneath `dir`. Errors: `notcapable` when it leaves the directory; `ilseq` for a NUL in it; what the kernel reports else. */
export function openBeneath(
  dir: number,
  path: Uint8Array,
  flags: number,
): number {
  if (path.includes(0)) return -Errno.ilseq;
  const mode = flags & O.CREAT ? MODE : 0n;
  const how = new BigUint64Array([
    BigInt(flags | O.CLOEXEC),
    mode,
    RESOLVE_BENEATH,
  ]);
  const name = cString(path);
  for (;;) {
    const handle = result(
      libc.syscall(
        SYS_OPENAT2,
        BigInt(dir),
        name,
        new Uint8Array(how.buffer),
        24n,
      ),
    );
    if (handle === -Errno.again) continue;
    return handle === -Errno.xdev ? -Errno.notcapable : handle;
  }
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
