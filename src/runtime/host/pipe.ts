import { Errno } from "../../wasi-intercept/errno.ts";
import { FileType } from "../../wasi-intercept/descriptors.ts";
import { result } from "./errno.ts";
import { libc } from "./libc.ts";
import { linux } from "./linux.ts";
import { statOf } from "./stat.ts";

const { POLLOUT, "pollfd.fd": FD, "pollfd.events": EVENTS } = linux;
/** What a pipe that polls as writable takes without blocking. */
export const PIPE_CHUNK = linux.PIPE_BUF;

const pollfd = new DataView(new ArrayBuffer(linux["struct pollfd"]));
const pollBytes = new Uint8Array(pollfd.buffer);

/**
 * Writes what stdout or stderr takes now, without ever blocking: the descriptor may be shared, so it is not made
 * non-blocking but asked first. Gives the count, or a negative errno; `-Errno.again` when nobody reads.
 */
export function writeNow(
  handle: number,
  bytes: Uint8Array<ArrayBuffer>,
): number {
  pollfd.setInt32(FD, handle, true);
  pollfd.setUint16(EVENTS, POLLOUT, true);
  if (libc.poll(pollBytes, 1n, 0) === 0) return -Errno.again;
  const part = bytes.subarray(0, PIPE_CHUNK);
  return result(libc.write(handle, part, BigInt(part.length)));
}

/** The preview1 file types of descriptors 0 to 2. */
export function stdioTypes(): number[] {
  return [0, 1, 2].map((fd) => {
    const stat = statOf(fd);
    return typeof stat === "number" ? FileType.unknown : stat.filetype;
  });
}
