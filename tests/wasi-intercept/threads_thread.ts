import { errnoName } from "../../src/wasi-intercept/errno.ts";
import { Deadlock } from "../../src/wasi-intercept/threads/deadlock.ts";
import type {
  Parking,
  Scheduler,
} from "../../src/wasi-intercept/threads/scheduler.ts";
import type { Kernel } from "../../src/wasi-intercept/kernel.ts";
import type { RingMessages } from "../../src/runtime/guest/ring_messages.ts";
import type { GuestHost } from "../../src/runtime/host/guest_host.ts";

/** Places in what each thread has of memory. */
const IOVS = 0, COUNT = 16, EVENTS = 64, SUBSCRIPTIONS = 256, BUFFER = 512;
const OWN = 1024;

/** Size of preview1's `subscription` and `event`. */
const SUBSCRIPTION_SIZE = 48, EVENT_SIZE = 32;

const MONOTONIC = 1;

/** What a thread polls for. */
export type Subscription =
  | { readonly afterNs: bigint }
  | { readonly read: number }
  | { readonly write: number };

/** The process of a thread. */
export interface Around {
  readonly scheduler: Scheduler;
  readonly kernel: Kernel;
  readonly host: GuestHost;
  readonly messages: RingMessages;
  /** The imports by name. */
  readonly call: Readonly<Record<string, (...args: never[]) => Parking>>;
  /** What the threads said, in order. */
  readonly said: string[];
}

/** What the function of a thread calls, with a piece of memory of its own. */
export class GuestThread {
  readonly tid: number;
  readonly rig: Around;
  readonly #at: number;
  /** What is left of the quantum. */
  #quantum: number;
  /** Each quantum that it was given. */
  readonly quanta: number[];

  constructor(rig: Around, tid: number, quantum: number) {
    this.rig = rig;
    this.tid = tid;
    this.#at = OWN * tid;
    this.#quantum = quantum;
    this.quanta = [quantum];
  }

  /** Adds to what the threads said. */
  say(text: string): void {
    this.rig.said.push(`${this.tid} ${text}`);
  }

  /** Makes a call; its errno's name. */
  async call(name: string, ...args: (number | bigint)[]): Promise<string> {
    return errnoName(await this.rig.call[name]!(...args as never[]));
  }

  /** Reads up to `size` bytes; the text, or the errno's name. */
  async read(fd: number, size = 100): Promise<string> {
    this.#iovec(size);
    const at = this.#at;
    const errno = await this.call("fd_read", fd, at + IOVS, 1, at + COUNT);
    if (errno !== "success") return errno;
    const { memory } = this.rig.kernel;
    const bytes = memory.slice(at + BUFFER, memory.u32(at + COUNT));
    return new TextDecoder().decode(bytes);
  }

  /** Writes a text; the errno's name. */
  write(fd: number, text: string): Promise<string> {
    const bytes = new TextEncoder().encode(text);
    this.rig.kernel.memory.write(this.#at + BUFFER, bytes);
    this.#iovec(bytes.length);
    const at = this.#at;
    return this.call("fd_write", fd, at + IOVS, 1, at + COUNT);
  }

  /** Writes so many bytes of the start of memory. */
  flood(fd: number, size: number): Promise<string> {
    const { memory } = this.rig.kernel;
    memory.setU32(this.#at + IOVS, 0);
    memory.setU32(this.#at + IOVS + 4, size);
    const at = this.#at;
    return this.call("fd_write", fd, at + IOVS, 1, at + COUNT);
  }

  #iovec(size: number): void {
    const { memory } = this.rig.kernel;
    memory.setU32(this.#at + IOVS, this.#at + BUFFER);
    memory.setU32(this.#at + IOVS + 4, size);
  }

  /** Accepts a connection; its descriptor, or the errno's name. */
  async accept(fd: number): Promise<number | string> {
    const at = this.#at + COUNT;
    const errno = await this.call("sock_accept", fd, 0, at);
    return errno === "success" ? this.rig.kernel.memory.u32(at) : errno;
  }

  /** Polls; for each event the number of its subscription, with an errno that is not 0. */
  async poll(...subscriptions: Subscription[]): Promise<string> {
    const { memory } = this.rig.kernel;
    const at = this.#at;
    for (const [i, subscription] of subscriptions.entries()) {
      const place = at + SUBSCRIPTIONS + SUBSCRIPTION_SIZE * i;
      memory.slice(place, SUBSCRIPTION_SIZE).fill(0);
      memory.setU64(place, BigInt(i));
      if ("afterNs" in subscription) {
        memory.setU32(place + 16, MONOTONIC);
        memory.setU64(place + 24, subscription.afterNs);
      } else {
        const reads = "read" in subscription;
        memory.setU64(place + 8, reads ? 1n : 2n);
        memory.setU32(
          place + 16,
          reads ? subscription.read : subscription.write,
        );
      }
    }
    const args = [at + SUBSCRIPTIONS, at + EVENTS, subscriptions.length];
    const errno = await this.call("poll_oneoff", ...args, at + COUNT);
    if (errno !== "success") return errno;
    return Array.from({ length: memory.u32(at + COUNT) }, (_, i) => {
      const event = at + EVENTS + EVENT_SIZE * i;
      const bad = memory.u16(event + 8);
      return `${memory.u64(event)}${bad === 0 ? "" : ` ${errnoName(bad)}`}`;
    }).join(", ");
  }

  /** The guest's monotonic clock. */
  async clock(): Promise<bigint> {
    const at = this.#at + COUNT;
    await this.call("clock_time_get", MONOTONIC, 1n, at);
    return this.rig.kernel.memory.u64(at);
  }

  /** `memory.atomic.wait` on a word that has the expected value. @throws {WebAssembly.RuntimeError} at a deadlock. */
  async wait(address: number, timeoutNs = -1n): Promise<number> {
    const woken = await this.rig.scheduler.wait(address, timeoutNs);
    if (woken === Deadlock.TRAP) this.trap();
    return woken;
  }

  /** `memory.atomic.notify`. */
  notify(address: number, count = 0xffff_ffff): number {
    return this.rig.scheduler.notify(address, count);
  }

  /** `thread-spawn` of the rig's `body`. */
  spawn(body: number): number {
    return this.rig.scheduler.spawn(body);
  }

  /** Gives way. */
  pass(): Promise<string> {
    return this.call("sched_yield");
  }

  /** Counts as code does between calls. */
  async compute(count: number): Promise<void> {
    let left = count;
    while (left > this.#quantum) {
      left -= this.#quantum;
      this.#quantum = await this.rig.scheduler.quantumOver();
      this.quanta.push(this.#quantum);
    }
    this.#quantum -= left;
  }

  /** Ends the process with `code`. */
  async exit(code: number): Promise<never> {
    await this.rig.call.proc_exit!(...[code] as never[]);
    throw new Error("proc_exit has returned");
  }

  /** @throws {WebAssembly.RuntimeError} */
  trap(): never {
    throw new WebAssembly.RuntimeError("unreachable");
  }
}
