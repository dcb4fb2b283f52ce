import { ReplrtError } from "../errors.ts";
import { cString, lastErrno, libc } from "./libc.ts";
import { O } from "./path.ts";

const AT_FDCWD = -100n;
const SYS_OPENAT2 = 437n;
const REASONS: Readonly<Record<number, string>> = {
  1: "openat2 is not permitted here (a seccomp filter?)",
  2: "no such directory",
  13: "permission denied",
  20: "it is not a directory",
  38: "this kernel has no openat2; Linux 5.6 or later is needed",
};

/**
 * A handle of a directory, for a guest.
 *
 * @throws {ReplrtError} when it can't be opened.
 */
export function openDirectory(path: string): number {
  const how = new BigUint64Array([BigInt(O.DIRECTORY | O.CLOEXEC), 0n, 0n]);
  const handle = Number(
    libc.syscall(
      SYS_OPENAT2,
      AT_FDCWD,
      cString(path),
      new Uint8Array(how.buffer),
      24n,
    ),
  );
  if (handle >= 0) return handle;
  const errno = lastErrno();
  throw new ReplrtError(
    `cannot open directory ${path}: ${
      REASONS[errno] ?? `system error ${errno}`
    }`,
    "check --dir",
  );
}
