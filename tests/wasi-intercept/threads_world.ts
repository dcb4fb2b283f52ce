import type { Data } from "../../src/wasi-intercept/data.ts";
import { Errno } from "../../src/wasi-intercept/errno.ts";
import type { Handle, PollEntry } from "../../src/wasi-intercept/host.ts";
import { PollEvent } from "../../src/wasi-intercept/host.ts";
import { GuestHost } from "../../src/runtime/host/guest_host.ts";
import { WouldWait } from "./rig.ts";

/** Milliseconds in ns. */
export const MS = 1_000_000n;

/** Something that happens at a time; true ends a poll early, as a waker does. */
interface Event {
  readonly at: bigint;
  readonly happen: () => boolean;
}

/** What a handle has for a guest. */
interface Input {
  readonly parts: Uint8Array[];
  ended: boolean;
}

/** A world whose time passes in waits alone, and in which what a test has planned happens. */
export class PlannedWorld extends GuestHost {
  /** All of its clocks, in ns. */
  now: bigint;
  /** Each poll that waited: its handles and its time-out. */
  readonly waits: { readonly handles: Handle[]; readonly timeoutNs: bigint }[] =
    [];
  readonly #planned: Event[] = [];
  readonly #inputs = new Map<Handle, Input>();

  constructor(now = 1000n * MS) {
    super(0, undefined);
    this.now = now;
  }

  /** Plans something for `afterNs` from now. */
  plan(afterNs: bigint, happen: () => boolean): void {
    this.#planned.push({ at: this.now + afterNs, happen });
    this.#planned.sort((a, b) => Number(a.at - b.at));
  }

  /** Bytes come on a handle; undefined: its end. */
  come(afterNs: bigint, handle: Handle, text: string | undefined): void {
    this.plan(afterNs, () => {
      const input = this.#input(handle);
      if (text === undefined) input.ended = true;
      else input.parts.push(new TextEncoder().encode(text));
      return false;
    });
  }

  override clock(_id: number, data: Data, at: number): void {
    data.setU64(at, this.now);
  }

  override poll(entries: readonly PollEntry[], timeoutNs: bigint): number {
    if (timeoutNs !== 0n) {
      this.waits.push({ handles: entries.map((e) => e.handle), timeoutNs });
    }
    const deadline = timeoutNs < 0n ? undefined : this.now + timeoutNs;
    for (;;) {
      const woken = this.#happen();
      const ready = this.#ready(entries);
      if (ready > 0 || woken || this.now === deadline) return ready;
      this.#pass(deadline);
    }
  }

  /** What time has come for; true when some of it wakes a poll. */
  #happen(): boolean {
    let woken = false;
    while (this.#planned.length > 0 && this.#planned[0]!.at <= this.now) {
      woken = this.#planned.shift()!.happen() || woken;
    }
    return woken;
  }

  #ready(entries: readonly PollEntry[]): number {
    for (const entry of entries) {
      const input = this.#input(entry.handle);
      const some = input.parts.length > 0 || input.ended;
      entry.revents = some ? entry.events & PollEvent.in : 0;
    }
    return entries.filter(({ revents }) => revents !== 0).length;
  }

  /** Lets time pass up to what comes next. @throws {WouldWait} when that is nothing. */
  #pass(deadline: bigint | undefined): void {
    const next = this.#planned[0]?.at;
    if (next === undefined && deadline === undefined) throw new WouldWait();
    const first = next === undefined || deadline !== undefined &&
        deadline < next
      ? deadline!
      : next;
    this.now = first;
  }

  #input(handle: Handle): Input {
    const known = this.#inputs.get(handle);
    if (known !== undefined) return known;
    const made = { parts: [], ended: false };
    this.#inputs.set(handle, made);
    return made;
  }

  override read(handle: Handle, target: Uint8Array): number {
    const input = this.#input(handle);
    const [part] = input.parts;
    if (part === undefined) return input.ended ? 0 : -Errno.again;
    const n = Math.min(part.length, target.length);
    target.set(part.subarray(0, n));
    if (n === part.length) input.parts.shift();
    else input.parts[0] = part.subarray(n);
    return n;
  }

  override recv(handle: Handle, target: Uint8Array): number {
    return this.read(handle, target);
  }

  /** A part that came on a listener is a connection: its text is the handle. */
  override accept(listener: Handle): number {
    const part = this.#input(listener).parts.shift();
    return part === undefined
      ? -Errno.again
      : Number(new TextDecoder().decode(part));
  }

  override readable(handle: Handle): number {
    return this.#input(handle).parts[0]?.length ?? 0;
  }

  override close(): void {}

  override yield(): void {}
}
