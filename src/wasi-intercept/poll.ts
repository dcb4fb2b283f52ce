/** Waiting: `poll_oneoff`. @module */
import type { Descriptor } from "./descriptors.ts";
import { Errno } from "./errno.ts";
import { type PollEntry, PollEvent } from "./host.ts";
import type { Kernel } from "./kernel.ts";
import { Right } from "./rights.ts";
import { each, skip, u16, u64, u8 } from "./outcome.ts";
import { syscall } from "./syscall.ts";
import { WAITS } from "./waiting.ts";
import { EVENTRWFLAGS, EVENTTYPE } from "./words.ts";

/** Preview1 `subscription`: userdata 0, tag 8, then of a clock id 16, time-out 24, precision 32, flags 40; of a descriptor fd 16. */
const SUBSCRIPTION_SIZE = 48;
/** Preview1 `event`: userdata 0, errno 8, type 10, of a descriptor bytes 16 and flags 24. */
const EVENT_SIZE = 32;
const EVENT = [
  u64("userdata"),
  u16("errno", "errno"),
  u8("type", EVENTTYPE),
  skip(5),
  u64("nbytes"),
  u64("flags", EVENTRWFLAGS),
];
const EventType = { clock: 0, fdRead: 1, fdWrite: 2 } as const;
const ABSOLUTE = 1;
const HANGUP = 1;

/** Most subscriptions of one call: their events fit in a message. */
const MAX_SUBSCRIPTIONS = 16_384;

/** What a subscription waits for; the deadline is guest time of its clock, in ns. */
interface Wait {
  readonly at: number;
  readonly type: number;
  readonly deadline: bigint;
  readonly clock: number;
  readonly fd: number;
  readonly entry: PollEntry | undefined;
}

/**
 * Waits until one subscription is ready, and writes an event for each that is.
 *
 * A relative time-out in progress starts again at a takeover; an absolute one is guest time. Errors: `inval` for none or
 * too many subscriptions, `fault`; in events `badf`, `notcapable`, `inval` (unknown clock), `notsup`. Logs: the events.
 */
export const poll_oneoff = syscall({
  name: "poll_oneoff",
  id: 293,
  effect: "input",
  parks: "waits",
  params: [["in", "u32"], ["out", "u32"], ["nsubscriptions", "u32"], [
    "nevents",
    "out",
    4,
  ]],
  outcome: [each("events", EVENT)],
  check(k, subscriptions, out, count) {
    if (count === 0 || count > MAX_SUBSCRIPTIONS) return Errno.inval;
    const fits = k.memory.fits(subscriptions, count * SUBSCRIPTION_SIZE) &&
      k.memory.fits(out, count * EVENT_SIZE);
    return fits ? Errno.success : Errno.fault;
  },
  digest: (k, digest, subscriptions, _out, count) =>
    k.memory.mix(digest, subscriptions, count * SUBSCRIPTION_SIZE),
  execute(k, subscriptions, _out, count) {
    k.data.size = 0;
    const waits: Wait[] = [];
    const deadlines = k.waiting.kept as Deadlines | undefined;
    for (let i = 0; i < count; i++) {
      const at = subscriptions + i * SUBSCRIPTION_SIZE;
      const wait = waitOf(k, at, deadlines?.[i]);
      if (typeof wait === "number") addEvent(k, at, wait, 0n, 0);
      else waits.push(wait);
    }
    if (waitForAny(k, waits)) return Errno.success;
    k.waiting.kept = waits.map(({ deadline }) => deadline);
    return WAITS;
  },
  commit(k, _subscriptions, out, _count, nevents) {
    k.memory.write(out, k.data.slice(0, k.data.size));
    k.memory.setU32(nevents, k.data.size / EVENT_SIZE);
    return Errno.success;
  },
});

/** The deadlines of a call's subscriptions, all of which wait. */
type Deadlines = readonly bigint[];

/** What a subscription waits for, or its errno; a relative time-out counts from the first attempt, which gave it `deadline`. */
function waitOf(k: Kernel, at: number, deadline?: bigint): Wait | number {
  const type = k.memory.u8(at + 8);
  if (type === EventType.clock) {
    const clock = k.memory.u32(at + 16);
    if (clock > 1) return clock > 3 ? Errno.inval : Errno.notsup;
    const timeout = k.memory.u64(at + 24);
    const absolute = (k.memory.u16(at + 40) & ABSOLUTE) !== 0;
    deadline ??= absolute ? timeout : now(k, clock) + timeout;
    return { at, type, deadline, clock, fd: -1, entry: undefined };
  }
  if (type !== EventType.fdRead && type !== EventType.fdWrite) {
    return Errno.inval;
  }
  const fd = k.memory.u32(at + 16);
  const d = k.fds.get(fd);
  if (d === undefined) return Errno.badf;
  if (!mayWait(d, type)) return Errno.notcapable;
  const readOnly = d.kind === "stream" && d.output < 0;
  if (readOnly && type === EventType.fdWrite) return Errno.badf;
  return { at, type, deadline: 0n, clock: -1, fd, entry: entryOf(k, d, type) };
}

/** Whether the rights are there: to wait, and to do what is waited for. A directory is always ready. */
function mayWait(d: Descriptor, type: number): boolean {
  const right = type === EventType.fdRead ? Right.fd_read : Right.fd_write;
  const wanted = d.kind === "listener" ? Right.sock_accept : right;
  return (d.rights & Right.poll_fd_readwrite) !== 0 &&
    (d.kind === "directory" || (d.rights & wanted) !== 0);
}

/** What the host waits for; nothing where the guest's view alone decides: files, output queues, dead connections. */
function entryOf(
  k: Kernel,
  d: Descriptor,
  type: number,
): PollEntry | undefined {
  if (type === EventType.fdWrite && d.kind === "stream") {
    const handle = k.outputs.writable(d);
    return typeof handle === "number"
      ? { handle, events: PollEvent.out, revents: 0 }
      : undefined;
  }
  const readable = (d.kind === "stream" || d.kind === "listener") &&
    type === EventType.fdRead;
  if (!readable || d.handle === undefined) return undefined;
  return { handle: d.handle, events: PollEvent.in, revents: 0 };
}

function now(k: Kernel, clock: number): bigint {
  k.host.clock(clock, k.data, k.data.size);
  return k.data.u64(k.data.size);
}

/** Adds an event for each wait that is over, once there is one; false when the thread has to wait for it while others run. */
function waitForAny(k: Kernel, waits: readonly Wait[]): boolean {
  const entries = waits.flatMap(({ entry }) => entry ?? []);
  const writes = waits.some(({ type }) => type === EventType.fdWrite);
  const due = () => k.data.size > 0 || waits.some((wait) => isDue(k, wait));
  // Asked between calls, where `k.data` is another's: what has no deadline alone.
  const roomy = () =>
    waits.some((wait) => wait.type === EventType.fdWrite && isDue(k, wait));
  for (let first = true; k.data.size === 0 || first; first = false) {
    if (due()) {
      if (entries.length > 0) k.host.poll(entries, 0n);
    } else if (
      !k.waiting.until(entries, timeoutOf(k, waits), writes ? roomy : undefined)
    ) return false;
    for (const wait of waits) addIfReady(k, wait);
  }
  return true;
}

/** Whether a wait is over by what this process knows, without asking the host. */
function isDue(k: Kernel, { type, deadline, clock, fd, entry }: Wait): boolean {
  if (type === EventType.clock) return now(k, clock) >= deadline;
  if (entry !== undefined) return false;
  const d = k.fds.get(fd);
  return !(type === EventType.fdWrite && d?.kind === "stream") ||
    k.outputs.writable(d) === true;
}

/** Time to the nearest deadline in ns; negative when there is none. */
function timeoutOf(k: Kernel, waits: readonly Wait[]): bigint {
  let timeout = -1n;
  for (const { type, deadline, clock } of waits) {
    if (type !== EventType.clock) continue;
    const left = deadline - now(k, clock);
    const positive = left > 0n ? left : 0n;
    if (timeout < 0n || positive < timeout) timeout = positive;
  }
  return timeout;
}

function addIfReady(k: Kernel, wait: Wait): void {
  const { at, type, fd, entry } = wait;
  if (entry === undefined) {
    if (!isDue(k, wait)) return;
    const dead = type === EventType.fdRead && k.fds.get(fd)?.kind === "stream";
    addEvent(k, at, Errno.success, 0n, dead ? HANGUP : 0);
  } else if (entry.revents !== 0) {
    const closed = (entry.revents & (PollEvent.hangup | PollEvent.error)) !== 0;
    const bytes = type === EventType.fdRead
      ? Math.max(0, k.host.readable(entry.handle))
      : 0;
    addEvent(k, at, Errno.success, BigInt(bytes), closed ? HANGUP : 0);
  }
}

function addEvent(
  k: Kernel,
  subscription: number,
  errno: number,
  bytes: bigint,
  flags: number,
): void {
  const at = k.data.size;
  const type = k.memory.u8(subscription + 8);
  k.data.setU64(at, k.memory.u64(subscription));
  k.data.setU32(at + 8, errno | (type << 16));
  k.data.setU32(at + 12, 0);
  k.data.setU64(at + 16, bytes);
  k.data.setU64(at + 24, BigInt(flags));
  k.data.size = at + EVENT_SIZE;
}
