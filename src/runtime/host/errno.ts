import { Errno } from "../../wasi-intercept/errno.ts";
import { lastErrno } from "./libc.ts";
import { type LayoutName, linux } from "./linux.ts";

/** Preview1's errno by Linux's, which has the same name, except for one. */
const FROM_LINUX: number[] = [];
for (const [name, errno] of Object.entries(Errno)) {
  const known = name === "toobig" ? "E2BIG" : `E${name.toUpperCase()}`;
  if (known in linux) FROM_LINUX[linux[known as LayoutName]] = errno;
}

/** Preview1's errno for one of Linux, 0 for 0; `io` for one that preview1 has no word for. */
export function fromLinux(errno: number): number {
  return errno === 0 ? Errno.success : FROM_LINUX[errno] ?? Errno.io;
}

/** The preview1 errno of the last call that failed on this thread. */
export function wasiErrno(): number {
  return fromLinux(lastErrno());
}

/** A libc result as the host interface gives it: itself, or the errno negated. */
export function result(value: number | bigint): number {
  const n = Number(value);
  return n >= 0 ? n : -wasiErrno();
}
