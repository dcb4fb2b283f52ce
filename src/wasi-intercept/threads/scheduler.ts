/**
 * Runs the threads of a guest, one at a time, in an order that follows from the program, its log and the schedule alone.
 *
 * Each thread is a coroutine: an import that it calls may give a promise, with which it is parked. A switch happens there and nowhere
 * else. What the world decides is logged: outcomes of calls with the thread that made them, and, each time the world is asked while
 * threads wait for it, which of them can go on. So a thread that follows the log knows whether its call waited on the primary: it
 * did unless the next message is its own.
 *
 * @module
 */
import { Errno } from "../errno.ts";
import type { Host, PollEntry } from "../host.ts";
import type { Outputs } from "../kernel.ts";
import { FIRST_TID, type ThreadMessages } from "../messages.ts";
import { type Waiting, WAITS } from "../waiting.ts";
import { Deadlock } from "./deadlock.ts";
import { ThreadLog } from "./log.ts";
import { type Schedule, SWITCH_COUNT, Turns } from "./schedule.ts";
import { type Asked, Thread } from "./thread.ts";
import { WaitingWords } from "./words.ts";
import { World } from "./world.ts";

/** Most threads at once; the next one gets `again`. */
export const MAX_THREADS = 2048;

/** The largest number of a thread (wasi-threads). */
const MAX_TID = 0x1fff_ffff;

/** What `memory.atomic.wait` gives. */
const WOKEN = 0, TIMED_OUT = 2;

/** What a scheduler stands on. */
export interface SchedulerParts {
  readonly host: Host;
  readonly outputs: Outputs;
  readonly messages: ThreadMessages;
  readonly schedule: Schedule;
  /** Makes the instance of a new thread, with its first quantum; what it gives runs it, from a job of its own. */
  readonly make: (
    tid: number,
    argument: number,
    quantum: number,
  ) => () => Promise<unknown>;
}

/** What an import gives that may park its thread. */
export type Parking = number | Promise<number>;

/** The threads of one guest process. */
export class Scheduler implements Waiting {
  readonly alone = false;
  kept: unknown;
  /** Resolves with what ended the process: undefined when its first thread returned, else what was thrown. */
  readonly ended: Promise<unknown>;
  readonly #parts: SchedulerParts;
  readonly #turns: Turns;
  readonly #world: World;
  readonly #log: ThreadLog;
  readonly #words = new WaitingWords();
  readonly #threads = new Map<number, Thread>();
  /** Those that can run, in the order in which they came. */
  readonly #ready: Thread[] = [];
  /** Those that wait for the world, in the order in which they came. */
  readonly #waiting = new Set<Thread>();
  readonly #end: (error: unknown) => void;
  #deadlock: Deadlock | undefined;
  #current: Thread;
  #nextTid = FIRST_TID + 1;
  /** What was counted since the world was asked. */
  #counted = 0;
  /** What the attempt at hand waits for. */
  #asked: Asked | undefined;

  constructor(parts: SchedulerParts) {
    this.#parts = parts;
    this.#turns = new Turns(parts.schedule);
    this.#world = new World(parts.host, parts.outputs);
    this.#log = new ThreadLog(parts.messages);
    const { promise, resolve } = Promise.withResolvers<unknown>();
    this.ended = promise;
    this.#end = resolve;
    const quantum = this.#turns.quantum();
    this.#current = new Thread(FIRST_TID, quantum, () => {});
    this.#threads.set(FIRST_TID, this.#current);
  }

  /** The quantum that the first thread begins with. */
  get firstQuantum(): number {
    return this.#current.quantum;
  }

  /** Runs the first thread. */
  start(run: () => Promise<unknown>): void {
    this.#run(this.#current, run);
  }

  /** Ends the process: no thread goes on any more. */
  end(error: unknown): Promise<never> {
    this.#end(error);
    return NEVER;
  }

  /** Makes a call that may wait: `attempt` gives its errno or {@linkcode WAITS}; `fd` is the descriptor that it acts on, undefined for several. */
  call(attempt: () => number, fd: number | undefined): Parking {
    try {
      const result = this.#attempt(attempt, undefined);
      if (result !== WAITS) return result;
    } catch (error) {
      return this.end(error);
    }
    const { kept } = this;
    const asked = this.#asked;
    this.#current.parked = { kind: "call", attempt, fd, kept, asked };
    this.#waiting.add(this.#current);
    return this.#park();
  }

  #attempt(attempt: () => number, kept: unknown): number {
    this.kept = kept;
    this.#asked = undefined;
    return attempt();
  }

  until(
    entries: readonly PollEntry[],
    timeoutNs: bigint,
    ready?: () => boolean,
  ): boolean {
    if (this.#world.shows(entries) || ready?.()) return true;
    const deadline = timeoutNs < 0n ? undefined : this.#world.now() + timeoutNs;
    this.#asked = { entries, deadline, ready };
    return false;
  }

  giveWay(): void {
    if (this.#ready.length === 0) this.#parts.host.yield();
  }

  /** Lets threads that wait for descriptor `fd` find that it is gone, or another. */
  closed(fd: number): void {
    for (const thread of this.#waiting) {
      const { parked } = thread;
      if (parked?.kind !== "call") continue;
      if (parked.fd === fd || parked.fd === undefined) this.#wake(thread);
    }
  }

  /** Lets others run before the calling thread, whose import then gives `result`. */
  pass(result: number): Parking {
    return this.#yield(SWITCH_COUNT, result);
  }

  /** The running thread has used up its quantum; gives the next one. */
  quantumOver(): Parking {
    const used = this.#current.quantum;
    const next = this.#turns.quantum();
    this.#current.quantum = next;
    return this.#yield(used, next);
  }

  #yield(count: number, result: number): Parking {
    try {
      this.#count(count);
    } catch (error) {
      return this.end(error);
    }
    if (this.#ready.length === 0) return result;
    this.#makeReady(this.#current, result);
    return this.#park();
  }

  /** `memory.atomic.wait`, where the word has the expected value. */
  wait(address: number, timeoutNs: bigint): Parking {
    if (timeoutNs === 0n) return TIMED_OUT;
    const thread = this.#current;
    const asked = timeoutNs < 0n || this.#parts.messages.following
      ? undefined
      : this.#world.until(timeoutNs);
    thread.parked = { kind: "word", address, timeoutNs, asked };
    this.#words.add(thread, thread.parked);
    if (timeoutNs > 0n) this.#waiting.add(thread);
    return this.#park();
  }

  /** `memory.atomic.notify`. */
  notify(address: number, count: number): number {
    const woken = this.#words.take(address, count);
    for (const thread of woken) {
      this.#waiting.delete(thread);
      thread.parked = undefined;
      this.#makeReady(thread, WOKEN);
    }
    return woken.length;
  }

  /** `thread-spawn`: gives the new thread's number, or `again` negated. */
  spawn(argument: number): number {
    const tid = this.#nextTid;
    if (this.#threads.size >= MAX_THREADS || tid > MAX_TID) return -Errno.again;
    this.#log.created(tid, this.#current.tid, argument >>> 0);
    this.#nextTid++;
    const quantum = this.#turns.quantum();
    const run = this.#parts.make(tid, argument, quantum);
    const thread = new Thread(tid, quantum, () => this.#run(thread, run));
    this.#threads.set(tid, thread);
    this.#makeReady(thread, 0);
    return tid;
  }

  #run(thread: Thread, run: () => Promise<unknown>): void {
    run().then(
      () => this.#returned(thread),
      (error) => this.#threw(thread, error),
    );
  }

  #returned({ tid }: Thread): void {
    if (tid === FIRST_TID) return void this.end(undefined);
    this.#threads.delete(tid);
    try {
      this.#log.returned(tid);
      this.#dispatch();
    } catch (error) {
      this.end(error);
    }
  }

  #threw({ tid }: Thread, error: unknown): void {
    if (this.#deadlock === undefined) return void this.end(error);
    this.#deadlock.add(tid, error);
    if (this.#deadlock.complete) this.end(this.#deadlock);
  }

  #park(): Promise<number> {
    const thread = this.#current;
    const { promise, resolve } = Promise.withResolvers<number>();
    thread.resume = resolve;
    try {
      this.#dispatch();
    } catch (error) {
      this.end(error);
    }
    return promise;
  }

  #makeReady(thread: Thread, result: number): void {
    thread.result = result;
    this.#ready.push(thread);
  }

  /** Makes a thread ready that waited for the world: its call is attempted again, its wait for a word has timed out. */
  #wake(thread: Thread): void {
    this.#waiting.delete(thread);
    const { parked } = thread;
    if (parked?.kind === "word") {
      this.#words.remove(thread, parked);
      thread.parked = undefined;
    }
    this.#makeReady(thread, TIMED_OUT);
  }

  /** Lets the next thread run once the calling job ends. */
  #dispatch(): void {
    while (this.#deadlock === undefined) {
      this.#count(SWITCH_COUNT);
      const thread = this.#next();
      if (thread === undefined) {
        if (this.#waiting.size > 0) this.#askWorld(true);
        else this.#lock();
        continue;
      }
      this.#current = thread;
      this.#parts.messages.tid = thread.tid;
      if (this.#again(thread)) return thread.resume(thread.result);
    }
  }

  #next(): Thread | undefined {
    if (this.#ready.length === 0) return undefined;
    const place = this.#turns.pick(this.#ready.length);
    return this.#ready.splice(place, 1)[0];
  }

  /** Makes the call again that a thread is parked in; false when it still waits. */
  #again(thread: Thread): boolean {
    const { parked } = thread;
    if (parked?.kind !== "call") return true;
    const result = this.#attempt(parked.attempt, parked.kept);
    if (result === WAITS) {
      parked.kept = this.kept;
      parked.asked = this.#asked;
      this.#waiting.add(thread);
      return false;
    }
    thread.parked = undefined;
    thread.result = result;
    return true;
  }

  /** Adds to what was counted; asks the world when it is time and a thread waits for it. */
  #count(count: number): void {
    this.#counted += count;
    if (this.#counted < this.#parts.schedule.pollEvery) return;
    if (this.#waiting.size > 0) this.#askWorld(false);
    else this.#counted = 0;
  }

  #askWorld(wait: boolean): void {
    this.#counted = 0;
    const told = this.#log.told(wait);
    if (told !== undefined) {
      for (const tid of told) this.#wake(this.#waiter(tid, wait));
      return;
    }
    if (wait) this.#parts.messages.flush();
    const woken = this.#world.ask([...this.#waiting], wait);
    this.#log.woken(woken.map(({ tid }) => tid));
    for (const thread of woken) this.#wake(thread);
  }

  /** The thread that the log wakes. */
  #waiter(tid: number, wait: boolean): Thread {
    const thread = this.#threads.get(tid);
    return thread !== undefined && this.#waiting.has(thread)
      ? thread
      : this.#log.refuse(wait, tid);
  }

  /** All threads wait for each other: each traps where it stands, so that its stack is known. */
  #lock(): void {
    this.#deadlock = new Deadlock([...this.#threads.values()]);
    for (const { resume } of this.#threads.values()) resume(Deadlock.TRAP);
  }
}

/** The promise of a thread that does not go on. */
const NEVER = new Promise<never>(() => {});
