/** A guest with threads and without WebAssembly: its threads are functions of a test, over a real kernel and real rings. @module */
import { Assertion } from "uvu/assert";
import type { Stream } from "../../src/wasi-intercept/descriptors.ts";
import { Data } from "../../src/wasi-intercept/data.ts";
import { FileType } from "../../src/wasi-intercept/descriptors.ts";
import type { Kernel } from "../../src/wasi-intercept/kernel.ts";
import { GuestMemory } from "../../src/wasi-intercept/memory.ts";
import { replicated } from "../../src/wasi-intercept/specialise.ts";
import { STREAM_RIGHTS } from "../../src/wasi-intercept/rights.ts";
import { TABLE } from "../../src/wasi-intercept/table.ts";
import { threaded } from "../../src/wasi-intercept/threads/imports.ts";
import {
  type Schedule,
  scheduleOf,
} from "../../src/wasi-intercept/threads/schedule.ts";
import {
  type Parking,
  Scheduler,
} from "../../src/wasi-intercept/threads/scheduler.ts";
import { drain, type StreamSink } from "../../src/runtime/drain.ts";
import { encodeEnd, endOf } from "../../src/runtime/guest/end.ts";
import { kernelOf } from "../../src/runtime/guest/process.ts";
import { QueuedOutputs } from "../../src/runtime/guest/queued_outputs.ts";
import {
  liveRecord,
  RingMessages,
} from "../../src/runtime/guest/ring_messages.ts";
import { Slots } from "../../src/runtime/guest/slots.ts";
import type { GuestHost } from "../../src/runtime/host/guest_host.ts";
import { Ring } from "../../src/runtime/ring.ts";
import { split, WouldWait } from "./rig.ts";
import { type Around, GuestThread } from "./threads_thread.ts";
import { PlannedWorld } from "./threads_world.ts";

/** The code of a thread, which may give a promise. */
export type Body = (thread: GuestThread) => unknown;

/** The memory of a rig's rings. */
export interface Rings {
  readonly outbox: SharedArrayBuffer;
  readonly inbox: SharedArrayBuffer;
}

/** Empty rings. */
export function newRings(): Rings {
  return {
    outbox: Ring.of(OUTBOX_BYTES).shared,
    inbox: Ring.of(INBOX_BYTES).shared,
  };
}

/** What a rig stands on. */
export interface ThreadRigOptions {
  readonly host?: GuestHost;
  /** A very long quantum without them, and the world is asked when all wait. */
  readonly schedule?: Partial<Schedule>;
  /** Handles of listening sockets, from descriptor 3 on. */
  readonly listeners?: readonly number[];
  /** Handles of streams that can be read, behind them. */
  readonly inputs?: readonly number[];
  readonly slots?: Slots;
  /** Rings that no other rig uses any more. */
  readonly rings?: Rings;
  readonly following?: boolean;
  /** Whether another thread takes what it makes. */
  readonly surrounded?: boolean;
}

/** An inbox that ends: who would wait for more is told. */
class HastyRing extends Ring {
  override waitReadable(): void {
    if (this.empty) throw new WouldWait();
  }
}

/** An outbox that is emptied when it is full: by another thread, or by `relieve`. */
class RelievedRing extends Ring {
  readonly #relieve: (() => void) | undefined;

  constructor(shared: SharedArrayBuffer, relieve: (() => void) | undefined) {
    super(shared);
    this.#relieve = relieve;
  }

  override reserveWaiting(size: number): number {
    if (this.#relieve !== undefined && this.reserve(size) < 0) this.#relieve();
    return super.reserveWaiting(size);
  }
}

const OUTBOX_BYTES = 4 << 20, INBOX_BYTES = 1 << 20;

/** The calls that the threads of tests make: each costs time to be made, for each rig. */
const CALLS: ReadonlySet<string> = new Set([
  ...["fd_read", "fd_write", "poll_oneoff", "fd_close", "fd_renumber"],
  ...["sock_accept", "sock_recv", "sock_send", "sock_shutdown"],
  ...["clock_time_get", "sched_yield", "proc_exit", "proc_raise"],
]);

/** No thread is made to give way, and the world is not asked between, in a test that does not want to. */
const PATIENT: Schedule = {
  ...scheduleOf(0x7fff_ffff, undefined),
  pollEvery: 0x7fff_ffff,
};

/** One process whose threads are functions. */
export class ThreadRig implements Around {
  readonly scheduler: Scheduler;
  readonly kernel: Kernel;
  readonly messages: RingMessages;
  readonly slots: Slots;
  readonly outbox: Ring;
  readonly inbox: Ring;
  readonly host: GuestHost;
  readonly call: Readonly<Record<string, (...args: never[]) => Parking>>;
  readonly said: string[] = [];
  readonly #bodies: readonly Body[];
  /** What was taken from the outbox while it was full. */
  readonly #drained: Uint8Array[] = [];
  #next = 1;

  /** `bodies` are by number: main, which is 0, and what `thread-spawn` may name. */
  constructor(bodies: readonly Body[], options: ThreadRigOptions = {}) {
    const { listeners = [], following = false } = options;
    this.#bodies = bodies;
    this.slots = options.slots ?? new Slots();
    const { outbox, inbox } = options.rings ?? newRings();
    this.inbox = new HastyRing(inbox);
    const relieve = () => void this.#drained.push(...this.drain());
    this.outbox = new RelievedRing(
      outbox,
      options.surrounded ? undefined : relieve,
    );
    this.host = options.host ?? new PlannedWorld();
    const data = new Data();
    const flush = () => this.messages.flush();
    this.messages = new RingMessages(data, this.outbox, this.inbox, following, {
      takeover: () => true,
      live: () => {
        this.#next = this.messages.seq + 1;
      },
    });
    const outputs = new QueuedOutputs(
      this.outbox,
      this.slots,
      () => this.messages.following ? this.messages.seq : 0,
      flush,
      () => {
        this.messages.urgent = true;
      },
    );
    const schedule = { ...PATIENT, ...options.schedule };
    this.scheduler = new Scheduler({
      ...{ host: this.host, outputs, messages: this.messages, schedule },
      make: (tid, argument, quantum) => () =>
        this.#run(new GuestThread(this, tid, quantum), argument),
    });
    const kernel = kernelOf({
      config: {
        ...{ args: ["app"], env: [], dirs: [], intents: false },
        ...{ listeners: listeners.length, stdio: [2, 2, 2], schedule },
      },
      handles: { dirs: [], listeners },
      ...{ host: this.host, data, outputs, flush },
    }, this.scheduler);
    kernel.memory = new GuestMemory(new WebAssembly.Memory({ initial: 16 }));
    for (const slot of [1, 2]) this.slots.open(slot);
    for (const handle of options.inputs ?? []) kernel.fds.add(input(handle));
    this.kernel = kernel;
    const rows = TABLE.filter(({ name }) => CALLS.has(name));
    this.call = Object.fromEntries(rows.map((row) => {
      const call = replicated(row, kernel, this.messages);
      return [row.name, threaded(row, call, this.scheduler).run];
    }));
  }

  async #run(thread: GuestThread, body: number): Promise<void> {
    await this.#bodies[body]!(thread);
  }

  /** Runs all threads; what ended the process, undefined after main's return. @throws {Error} when nothing goes on any more, and nothing has ended it; what a test asserts in a thread. */
  async run(): Promise<unknown> {
    const { scheduler } = this;
    const main = new GuestThread(this, 1, scheduler.firstQuantum);
    scheduler.start(() => this.#run(main, 0));
    let timer: ReturnType<typeof setTimeout> | undefined;
    const hangs = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Error("the threads hang")));
    });
    try {
      const error = await Promise.race([scheduler.ended, hangs]);
      if (error instanceof Assertion) throw error;
      return error;
    } finally {
      clearTimeout(timer);
    }
  }

  /** As {@linkcode run}, with the end of the process logged, or taken from the log, unless it is the log's that is missing. */
  async live(): Promise<unknown> {
    const error = await this.run();
    const end = endOf(error);
    if (end === undefined) return error;
    const logged = this.messages.following &&
      this.messages.takeEnd(JSON.stringify(end)) !== undefined;
    if (!logged) this.messages.processExit(encodeEnd(end));
    return error;
  }

  /** The messages that the outbox holds, numbered; records of streams are dropped, as by a peer that takes all. */
  drain(): Uint8Array[] {
    const messages = this.#drained.splice(0);
    const drop: StreamSink = (_seq, slot, _op, bytes) => {
      if (slot < 3) this.slots.take(slot, bytes.length);
    };
    for (let more = true; more;) {
      const { batch, more: again } = drain(this.outbox, this.#next, drop);
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

  /** Ends the log: what comes next is live. */
  goLive(): void {
    this.feed([liveRecord()]);
  }
}

/** A stream that any node can read. */
function input(handle: number): Stream {
  return {
    ...{ kind: "stream", filetype: FileType.characterDevice, flags: 0 },
    ...{ rights: STREAM_RIGHTS, inheriting: 0, output: -1, ended: false },
    handle,
  };
}
