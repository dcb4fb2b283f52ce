/** A guest process without a guest: a test makes its calls, on a real kernel over a real host. @module */
import { setU64 } from "../../src/bytes/layout.ts";
import { MessageHeader } from "../../src/engine/message.ts";
import { Data } from "../../src/wasi-intercept/data.ts";
import { scheduleOf } from "../../src/wasi-intercept/threads/schedule.ts";
import type { PollEntry } from "../../src/wasi-intercept/host.ts";
import type { Kernel } from "../../src/wasi-intercept/kernel.ts";
import {
  type Import,
  replicated,
} from "../../src/wasi-intercept/specialise.ts";
import { INHERITABLE_RIGHTS, Right } from "../../src/wasi-intercept/rights.ts";
import { reopenShared } from "../../src/wasi-intercept/shared.ts";
import { drain, type StreamSink } from "../../src/runtime/drain.ts";
import { instantiate } from "../../src/runtime/guest/process.ts";
import { QueuedOutputs } from "../../src/runtime/guest/queued_outputs.ts";
import {
  liveRecord,
  RingMessages,
} from "../../src/runtime/guest/ring_messages.ts";
import { Slots } from "../../src/runtime/guest/slots.ts";
import { threadId } from "../../src/runtime/host/clock.ts";
import { GuestHost } from "../../src/runtime/host/guest_host.ts";
import { openDirectory } from "../../src/runtime/host/open_directory.ts";
import { Ring } from "../../src/runtime/ring.ts";

/** `(module (memory (export "memory") 2) (func (export "_start")))` */
const MODULE = new WebAssembly.Module(
  new Uint8Array([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...[1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0, 5, 3, 1, 0, 2],
    ...[7, 19, 2, 6, ...new TextEncoder().encode("memory"), 2, 0],
    ...[6, ...new TextEncoder().encode("_start"), 0, 0],
    ...[10, 4, 1, 2, 0, 0x0b],
  ]),
);

/** Bytes of memory that a rig has. */
export const MEMORY_SIZE = 2 * 65_536;

/** Descriptor of the first directory. */
export const DIR = 3;

/** Thrown where a call would wait for longer than a test wants to. */
export class WouldWait extends Error {}

/** The real host, except that it never waits for long. */
export class HastyHost extends GuestHost {
  override poll(entries: readonly PollEntry[], timeoutNs: bigint): number {
    const long = timeoutNs < 0n || timeoutNs > 50_000_000n;
    const ready = super.poll(entries, long ? 0n : timeoutNs);
    if (long && ready === 0) throw new WouldWait();
    return ready;
  }
}

/** What a rig stands on. */
export interface RigOptions {
  /** Host paths; the guest sees `/d0`, `/d1`, … */
  readonly dirs?: readonly string[];
  /** Host paths of directories that all nodes mount, behind `dirs`; the guest sees `/s0`, `/s1`, … */
  readonly shared?: readonly string[];
  /** Stands for main where the guest waits before it changes a shared directory; it may when this returns. */
  readonly permit?: () => void;
  /** Listening sockets, by handle. */
  readonly listeners?: readonly number[];
  readonly following?: boolean;
  readonly waker?: number;
  /** Whether calls wait as long as they want to. */
  readonly patient?: boolean;
  /** Takes the records of streams; they are dropped without it, as a peer that takes all. */
  readonly sink?: StreamSink;
}

/** Gives every permit that the guest waits for. */
class GivingSlots extends Slots {
  readonly #asked: () => void;

  constructor(asked: () => void) {
    super();
    this.#asked = asked;
  }

  override waitForPermit(before: number): void {
    this.#asked();
    this.givePermit();
    super.waitForPermit(before);
  }
}

/** One process whose calls a test makes. */
export class Rig {
  readonly kernel: Kernel;
  readonly host: GuestHost;
  /** The imports by name. */
  readonly call: Readonly<Record<string, Import>>;
  readonly messages: RingMessages;
  readonly slots: Slots;
  readonly outbox = Ring.of(4 << 20);
  readonly inbox = Ring.of(4 << 20);
  /** What was told of takeovers and of going live. */
  readonly told: string[] = [];
  readonly #sink: StreamSink;
  readonly #mirrored: number;
  #next = 1;

  constructor(options: RigOptions = {}) {
    const { dirs = [], shared = [], listeners = [], following = false } =
      options;
    this.slots = new GivingSlots(options.permit ?? (() => {}));
    this.#mirrored = dirs.length;
    const data = new Data();
    const Host = options.patient ? GuestHost : HastyHost;
    this.host = new Host(threadId(), options.waker);
    this.#sink = options.sink ?? ((_seq, slot, _op, bytes) => {
      if (slot < 3) this.slots.take(slot, bytes.length);
    });
    this.messages = new RingMessages(data, this.outbox, this.inbox, following, {
      takeover: (bytes) => {
        this.told.push(`takeover ${bytes.length}`);
        return true;
      },
      live: () => {
        this.#next = this.messages.seq + 1;
        reopenShared(this.kernel);
        this.told.push("live");
      },
    });
    const call: Record<string, Import> = {};
    const { kernel } = instantiate(MODULE, {
      config: {
        args: ["app", "an argument"],
        env: ["A=b"],
        dirs: [
          ...dirs.map((_, i) => ({ name: `/d${i}`, shared: false })),
          ...shared.map((_, i) => ({ name: `/s${i}`, shared: true })),
        ],
        intents: true,
        listeners: listeners.length,
        stdio: [2, 2, 2],
        schedule: scheduleOf(undefined, undefined),
      },
      handles: { dirs: [...dirs, ...shared].map(openDirectory), listeners },
      host: this.host,
      data,
      outputs: new QueuedOutputs(
        this.outbox,
        this.slots,
        () => this.messages.following ? this.messages.seq : 0,
        () => {},
        () => {},
      ),
      flush: () => {},
    }, (row, kernel) => {
      const made = replicated(row, kernel, this.messages);
      call[row.name] = made;
      return made;
    });
    this.kernel = kernel;
    this.call = call;
    for (const slot of [1, 2]) this.slots.open(slot);
  }

  get memory(): Uint8Array<ArrayBuffer> {
    return this.kernel.memory.bytes;
  }

  /** The messages that the outbox holds, numbered; stream records go to the sink. */
  drain(): Uint8Array[] {
    const messages: Uint8Array[] = [];
    for (let more = true; more;) {
      const { batch, more: again } = drain(this.outbox, this.#next, this.#sink);
      this.#next += batch?.count ?? 0;
      if (batch !== undefined) messages.push(...split(batch.bytes));
      more = again;
    }
    return messages;
  }

  /** Puts messages into the inbox. */
  feed(messages: readonly Uint8Array[]): void {
    for (const message of messages) {
      const at = this.inbox.reserve(message.length);
      if (at < 0) throw new Error("the inbox is full");
      this.inbox.bytes.set(message, at);
      this.inbox.advance(message.length);
    }
    this.inbox.publish();
  }

  /** Ends the log: the next call is live. */
  goLive(): void {
    this.feed([liveRecord()]);
  }

  /** Closes what it has open of files and directories, as the end of its process does. */
  close(): void {
    const { fds, roots } = this.kernel;
    const open = new Set(roots.slice(this.#mirrored));
    for (const [, d] of fds) {
      if (d.kind === "file" || d.kind === "directory") open.add(d.handle);
    }
    for (const handle of open) if (handle >= 0) this.host.close(handle);
  }

  /** Writes to the guest's memory. */
  poke(at: number, bytes: Uint8Array | string): number {
    const raw = typeof bytes === "string"
      ? new TextEncoder().encode(bytes)
      : bytes;
    this.kernel.memory.write(at, raw);
    return raw.length;
  }

  /** Writes iovecs `[address, size]…` at `at`, and gives their count. */
  iovecs(at: number, ...iovecs: (readonly [number, number])[]): number {
    for (const [i, [address, size]] of iovecs.entries()) {
      this.kernel.memory.setU32(at + 8 * i, address);
      this.kernel.memory.setU32(at + 8 * i + 4, size);
    }
    return iovecs.length;
  }

  u32(at: number): number {
    return this.kernel.memory.u32(at);
  }

  text(at: number, size: number): string {
    return new TextDecoder().decode(this.kernel.memory.slice(at, size));
  }
}

/** A batch's messages, one by one. */
export function split(batch: Uint8Array): Uint8Array[] {
  const view = new DataView(batch.buffer, batch.byteOffset, batch.length);
  const messages: Uint8Array[] = [];
  for (let at = 0; at < batch.length;) {
    const size = view.getUint32(at, true);
    messages.push(batch.subarray(at, at + size));
    at += size;
  }
  return messages;
}

/** A copy of a message with another number. */
export function numbered(message: Uint8Array, seq: number): Uint8Array {
  const copy = message.slice();
  setU64(new DataView(copy.buffer), MessageHeader.at.seq, seq);
  return copy;
}

const PATH = 60_000, PATH_2 = 61_000, OUT = 62_000;

/** The calls of a rig that take paths, with the paths as text. */
export class Paths {
  readonly #rig: Rig;

  constructor(rig: Rig) {
    this.#rig = rig;
  }

  /** Opens `path` below `dir`; gives the descriptor, or the errno negated. */
  open(
    path: string,
    { dir = DIR, oflags = 0, rights = READ_ONLY, fdflags = 0, follow = 1 } = {},
  ): number {
    const n = this.#rig.poke(PATH, path);
    const errno = this.#rig.call.path_open!(
      ...[dir, follow, PATH, n, oflags, rights, READ_WRITE, fdflags, OUT],
    );
    return errno === 0 ? this.#rig.u32(OUT) : -errno;
  }

  /** Calls one that takes a directory and a path alone. */
  at(name: string, path: string, dir = DIR): number {
    return this.#rig.call[name]!(dir, PATH, this.#rig.poke(PATH, path));
  }

  stat(path: string, follow = 0, dir = DIR): number {
    const n = this.#rig.poke(PATH, path);
    return this.#rig.call.path_filestat_get!(dir, follow, PATH, n, OUT);
  }

  rename(path: string, to: string, dir = DIR): number {
    const n = this.#rig.poke(PATH, path);
    const m = this.#rig.poke(PATH_2, to);
    return this.#rig.call.path_rename!(dir, PATH, n, dir, PATH_2, m);
  }
}

/** All that a directory hands on. */
export const READ_WRITE = BigInt(INHERITABLE_RIGHTS);

/** The same without those for which a file is opened for writing. */
export const READ_ONLY = BigInt(
  INHERITABLE_RIGHTS & ~Right.fd_write & ~Right.fd_allocate &
    ~Right.fd_filestat_set_size,
);
