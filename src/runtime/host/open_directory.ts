import { ReplrtError } from "../errors.ts";
import { cString, lastErrno } from "./libc.ts";
import { linux } from "./linux.ts";
import { O, openat2 } from "./path.ts";

/** By errno: the reason, and what to do where it is not the option. */
const REASONS: Readonly<Record<number, readonly [string, string?]>> = {
  [linux.ENOSYS]: [
    "this kernel has no openat2(2), which keeps a guest in its directories",
    "run it on Linux 5.8 or later, where no sandbox hides the call",
  ],
  [linux.EPERM]: [
    "a seccomp filter forbids openat2(2), which keeps a guest in its directories",
    "allow openat2 in the container's seccomp profile",
  ],
  [linux.ENOENT]: ["no such directory"],
  [linux.EACCES]: ["permission denied"],
  [linux.ENOTDIR]: ["it is not a directory"],
  [linux.EMFILE]: ["this process has too many open files", "raise ulimit -n"],
};

/**
 * A handle of a directory, for a guest.
 *
 * @throws {ReplrtError} when it can't be opened, or not as guests need it.
 */
export function openDirectory(path: string): number {
  const handle = openat2(linux.AT_FDCWD, cString(path), O.DIRECTORY, 0n, 0n);
  if (handle >= 0) return handle;
  const errno = lastErrno();
  const [reason, next] = REASONS[errno] ?? [`system error ${errno}`];
  throw new ReplrtError(
    `cannot open directory ${path}: ${reason}`,
    next ?? "check --dir",
  );
}
