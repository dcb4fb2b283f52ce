import { Errno } from "../../wasi-intercept/errno.ts";
import { result } from "./errno.ts";
import { libc } from "./libc.ts";
import { linux } from "./linux.ts";

const STDERR = 2;
const { POLLOUT, "pollfd.fd": FD, "pollfd.events": EVENTS } = linux;

const pollfd = new DataView(new ArrayBuffer(linux["struct pollfd"]));
const pollBytes = new Uint8Array(pollfd.buffer);
const encoder = new TextEncoder();

/** Writes a line to stderr, whole; waits for its reader, and gives up when there is none any more. */
export function writeStderr(line: string): void {
  const bytes = encoder.encode(`${line}\n`);
  for (let at = 0; at < bytes.length;) {
    const rest = bytes.subarray(at);
    const n = result(libc.write(STDERR, rest, BigInt(rest.length)));
    if (n > 0) at += n;
    else if (n === -Errno.again) waitWritable();
    else if (n !== -Errno.intr) return;
  }
}

function waitWritable(): void {
  pollfd.setInt32(FD, STDERR, true);
  pollfd.setUint16(EVENTS, POLLOUT, true);
  libc.poll(pollBytes, 1n, -1);
}
