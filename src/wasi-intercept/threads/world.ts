import { Data } from "../data.ts";
import type { Host, PollEntry } from "../host.ts";
import type { Outputs } from "../kernel.ts";
import type { Asked, Thread } from "./thread.ts";

const MONOTONIC = 1;

/** Asks the world, in one poll(2), for all threads that wait for it. */
export class World {
  readonly #host: Host;
  readonly #outputs: Outputs;
  readonly #time = new Data();

  constructor(host: Host, outputs: Outputs) {
    this.#host = host;
    this.#outputs = outputs;
    const bytes = new Uint8Array(8);
    this.#time.place(new DataView(bytes.buffer), bytes, 0, 0);
  }

  /** The guest's monotonic clock in ns. */
  now(): bigint {
    this.#host.clock(MONOTONIC, this.#time, 0);
    return this.#time.u64(0);
  }

  /** Whether the host reports one of `entries` now. */
  shows(entries: readonly PollEntry[]): boolean {
    return entries.length > 0 && this.#host.poll(entries, 0n) > 0;
  }

  /** Those of `threads` that can go on, in their order; `wait` says to wait until there is one. */
  ask(threads: readonly Thread[], wait: boolean): Thread[] {
    const all = threads.map((thread) => this.#askedBy(thread));
    const entries = all.flatMap((asked) => asked?.entries ?? []);
    const outputs = all.some((asked) => asked?.ready !== undefined);
    if (outputs) this.#outputs.polling(true);
    for (;;) {
      const left = this.#timeLeft(all);
      if (wait && left !== 0n) this.#host.poll(entries, left);
      else if (entries.length > 0) this.#host.poll(entries, 0n);
      const now = all.some(hasDeadline) ? this.now() : 0n;
      const found = threads.filter((_, i) => isOver(all[i], now));
      if (wait && found.length === 0) continue;
      if (outputs) this.#outputs.polling(false);
      return found;
    }
  }

  /** A wait for time alone, from now on. */
  until(timeoutNs: bigint): Asked {
    const deadline = this.now() + timeoutNs;
    return { entries: [], deadline, ready: undefined };
  }

  #askedBy({ parked }: Thread): Asked | undefined {
    if (parked?.kind === "word") {
      parked.asked ??= this.until(parked.timeoutNs);
    }
    return parked?.asked;
  }

  /** Time to the nearest deadline in ns: 0 when one thread can go on already, negative when there is none. */
  #timeLeft(all: readonly (Asked | undefined)[]): bigint {
    if (all.some((asked) => asked === undefined || asked.ready?.())) return 0n;
    let nearest: bigint | undefined;
    for (const asked of all) {
      const deadline = asked?.deadline;
      if (deadline === undefined) continue;
      if (nearest === undefined || deadline < nearest) nearest = deadline;
    }
    if (nearest === undefined) return -1n;
    const left = nearest - this.now();
    return left > 0n ? left : 0n;
  }
}

function hasDeadline(asked: Asked | undefined): boolean {
  return asked?.deadline !== undefined;
}

function isOver(asked: Asked | undefined, now: bigint): boolean {
  if (asked === undefined) return true;
  const { entries, deadline, ready } = asked;
  return entries.some(({ revents }) => revents !== 0) ||
    (deadline !== undefined && deadline <= now) || (ready?.() ?? false);
}
