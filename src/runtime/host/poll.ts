import { Errno } from "../../wasi-intercept/errno.ts";
import type { Handle, PollEntry } from "../../wasi-intercept/host.ts";
import { result } from "./errno.ts";
import { libc } from "./libc.ts";

const POLLIN = 1;
const EFD_NONBLOCK = 0o4000, EFD_CLOEXEC = 0o2000000;

let capacity = 64;
let pollfds = new DataView(new ArrayBuffer(8 * capacity));
const drained = new Uint8Array(8);

/**
 * Waits as `poll(2)` does, for `timeoutNs` (negative: for ever) or until `waker` is written to; a waker is drained.
 *
 * Gives how many entries are ready, 0 after a time-out, a wake or a signal.
 */
export function pollHandles(
  entries: readonly PollEntry[],
  timeoutNs: bigint,
  waker: Handle | undefined,
): number {
  const count = entries.length + (waker === undefined ? 0 : 1);
  if (count > capacity) {
    capacity = 2 * count;
    pollfds = new DataView(new ArrayBuffer(8 * capacity));
  }
  for (const [i, { handle, events }] of entries.entries()) {
    pollfds.setInt32(8 * i, handle, true);
    pollfds.setUint32(8 * i + 4, events, true);
  }
  if (waker !== undefined) {
    pollfds.setInt32(8 * entries.length, waker, true);
    pollfds.setUint32(8 * entries.length + 4, POLLIN, true);
  }
  const timeout = timeoutNs < 0n ? null : new BigInt64Array([
    timeoutNs / 1_000_000_000n,
    timeoutNs % 1_000_000_000n,
  ]);
  const bytes = new Uint8Array(pollfds.buffer);
  const ready = result(
    libc.ppoll(
      bytes,
      BigInt(count),
      timeout && new Uint8Array(timeout.buffer),
      null,
    ),
  );
  if (ready <= 0) return ready === -Errno.intr ? 0 : Math.max(ready, 0);
  let found = 0;
  for (const [i, entry] of entries.entries()) {
    entry.revents = pollfds.getUint16(8 * i + 6, true);
    if (entry.revents !== 0) found++;
  }
  if (
    waker !== undefined && pollfds.getUint16(8 * entries.length + 6, true) !== 0
  ) libc.read(waker, drained, 8n);
  return found;
}

/** Something that a poll can wait for and another thread can write to. */
export function makeWaker(): Handle {
  return libc.eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
}

const one = new Uint8Array(new BigUint64Array([1n]).buffer);

/** Ends the poll that waits for `waker`, or the next one. */
export function wake(waker: Handle): void {
  libc.write(waker, one, 8n);
}
