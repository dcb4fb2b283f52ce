import { Errno } from "../../wasi-intercept/errno.ts";
import type { Handle, PollEntry } from "../../wasi-intercept/host.ts";
import { result } from "./errno.ts";
import { libc } from "./libc.ts";
import { linux } from "./linux.ts";

const { POLLIN, EFD_NONBLOCK, EFD_CLOEXEC } = linux;

const POLLFD = linux["struct pollfd"];
/** What poll(2) tells without being asked. */
const ALWAYS = linux.POLLERR | linux.POLLHUP | linux.POLLNVAL;

const AT = {
  fd: linux["pollfd.fd"],
  events: linux["pollfd.events"],
  revents: linux["pollfd.revents"],
} as const;

let capacity = 64;
let pollfds = new DataView(new ArrayBuffer(POLLFD * capacity));
const drained = new Uint8Array(8);

function setEntry(i: number, handle: Handle, events: number): void {
  pollfds.setInt32(POLLFD * i + AT.fd, handle, true);
  pollfds.setUint16(POLLFD * i + AT.events, events, true);
  pollfds.setUint16(POLLFD * i + AT.revents, 0, true);
}

function revents(i: number): number {
  return pollfds.getUint16(POLLFD * i + AT.revents, true);
}

/**
 * Waits as `poll(2)` does, for `timeoutNs` (negative: for ever) or until `waker` is written to; a waker is drained.
 *
 * Gives how many entries are ready, 0 after a time-out, a wake or a signal. There may be more entries than the process may have
 * files, which the kernel refuses, as long as they are of fewer handles.
 */
export function pollHandles(
  entries: readonly PollEntry[],
  timeoutNs: bigint,
  waker: Handle | undefined,
): number {
  const ready = wait(entries, timeoutNs, waker);
  if (ready === -Errno.inval) return pollMerged(entries, timeoutNs, waker);
  if (ready <= 0) return 0;
  let found = 0;
  for (const [i, entry] of entries.entries()) {
    entry.revents = revents(i);
    if (entry.revents !== 0) found++;
  }
  if (waker !== undefined && revents(entries.length) !== 0) {
    libc.read(waker, drained, 8n);
  }
  return found;
}

/** The kernel's count, or a negative errno. */
function wait(
  entries: readonly PollEntry[],
  timeoutNs: bigint,
  waker: Handle | undefined,
): number {
  const count = entries.length + (waker === undefined ? 0 : 1);
  if (count > capacity) {
    capacity = 2 * count;
    pollfds = new DataView(new ArrayBuffer(POLLFD * capacity));
  }
  for (const [i, { handle, events }] of entries.entries()) {
    setEntry(i, handle, events);
  }
  if (waker !== undefined) setEntry(entries.length, waker, POLLIN);
  const timeout = timeoutNs < 0n ? null : new BigInt64Array([
    timeoutNs / 1_000_000_000n,
    timeoutNs % 1_000_000_000n,
  ]);
  return result(
    libc.ppoll(
      new Uint8Array(pollfds.buffer),
      BigInt(count),
      timeout && new Uint8Array(timeout.buffer),
      null,
    ),
  );
}

/** As {@linkcode pollHandles}, with one entry for each handle. */
function pollMerged(
  entries: readonly PollEntry[],
  timeoutNs: bigint,
  waker: Handle | undefined,
): number {
  const merged = new Map<Handle, PollEntry & { events: number }>();
  for (const { handle, events } of entries) {
    const known = merged.get(handle);
    if (known === undefined) merged.set(handle, { handle, events, revents: 0 });
    else known.events |= events;
  }
  if (merged.size === entries.length) return 0;
  pollHandles([...merged.values()], timeoutNs, waker);
  let found = 0;
  for (const entry of entries) {
    const { revents } = merged.get(entry.handle)!;
    entry.revents = revents & (entry.events | ALWAYS);
    if (entry.revents !== 0) found++;
  }
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
