import type { HostTimes } from "../../wasi-intercept/host.ts";
import { FstFlag } from "../../wasi-intercept/times.ts";
import { result } from "./errno.ts";
import { cString, libc } from "./libc.ts";
import { linux } from "./linux.ts";
import { O, openBeneath } from "./path.ts";

const SECOND = 1_000_000_000n;
const EMPTY = cString("");

/** Two `struct timespec`, last access and last change. */
const specs = new BigInt64Array(4);
const specBytes = new Uint8Array(specs.buffer);

function place(at: number, ns: bigint, given: boolean, now: boolean): void {
  const special = now ? linux.UTIME_NOW : linux.UTIME_OMIT;
  specs[at] = given ? ns / SECOND : 0n;
  specs[at + 1] = given ? ns % SECOND : BigInt(special);
}

function placeTimes({ atim, mtim, flags }: HostTimes): void {
  place(0, atim, (flags & FstFlag.atim) !== 0, (flags & FstFlag.atimNow) !== 0);
  place(2, mtim, (flags & FstFlag.mtim) !== 0, (flags & FstFlag.mtimNow) !== 0);
}

/** Sets the times of what is open. */
export function setHandleTimes(handle: number, times: HostTimes): number {
  placeTimes(times);
  return result(libc.futimens(handle, specBytes));
}

/** Sets the times of what `path` beneath `dir` leads to, or of the symbolic link itself. Errors as `openBeneath`; needs Linux 5.8. */
export function setPathTimes(
  dir: number,
  path: Uint8Array,
  follow: boolean,
  times: HostTimes,
): number {
  const handle = openBeneath(dir, path, O.PATH | (follow ? 0 : O.NOFOLLOW));
  if (handle < 0) return handle;
  placeTimes(times);
  const { AT_EMPTY_PATH } = linux;
  const done = result(
    libc.utimensat(handle, EMPTY, specBytes, AT_EMPTY_PATH),
  );
  libc.close(handle);
  return done;
}
