/** A guest that makes hostile calls, and what must hold of each. @module */
import * as assert from "uvu/assert";
import { Buffer } from "node:buffer";
import { mixBytes } from "../../src/bytes/digest.ts";
import { MAX_DATA } from "../../src/engine/message.ts";
import { SoloOutputs } from "../../src/runtime/guest/solo_outputs.ts";
import { openDirectory } from "../../src/runtime/host/open_directory.ts";
import type { Stream } from "../../src/wasi-intercept/descriptors.ts";
import { FileType } from "../../src/wasi-intercept/descriptors.ts";
import type { PollEntry } from "../../src/wasi-intercept/host.ts";
import { GuestExit } from "../../src/wasi-intercept/kernel.ts";
import { GuestMemory } from "../../src/wasi-intercept/memory.ts";
import { type Import, solo } from "../../src/wasi-intercept/specialise.ts";
import { TABLE } from "../../src/wasi-intercept/table.ts";
import type { Random } from "../kit/random.ts";
import { type HostileCall, PAGE, placesOf } from "./hostile.ts";
import { HastyHost, Rig, type RigOptions, WouldWait } from "./rig.ts";
import { type Region, writtenBy } from "./written.ts";

/** An errno; or that the call would wait for longer than a test does, or ended the process. */
export type Outcome = number | "waits" | "ends";

/** What a guest is. */
export interface GuestKind {
  /** Pages of memory at first and at most. */
  readonly pages: readonly [first: number, most: number];
  /** Whether nobody follows it. */
  readonly solo: boolean;
}

/** A part of memory. */
type Span = readonly [start: number, end: number];

const LAST_ERRNO = 76;
/** Around a place that pointers lead to, what is still looked at. */
const MARGIN = PAGE;
const ZEROES = Buffer.alloc(1 << 20);

/** One guest. */
export class FuzzGuest {
  readonly rig: Rig;
  /** Pages by which the memory grew while the last call waited. */
  grown = 0;
  readonly #memory: WebAssembly.Memory;
  readonly #calls: Readonly<Record<string, Import>>;
  readonly #before: Buffer[];

  /** @param growth says when the memory grows while a call waits, as another thread would have it; never without it. */
  constructor(kind: GuestKind, options: RigOptions, growth?: Random) {
    const [initial, maximum] = kind.pages;
    this.rig = new Rig(options);
    this.#memory = new WebAssembly.Memory({ initial, maximum });
    const { kernel, host } = this.rig;
    Object.assign(kernel, { memory: new GuestMemory(this.#memory) });
    this.#useDevices();
    this.#calls = kind.solo ? soloCalls(this.rig) : this.rig.call;
    this.#before = this.#places().map(([start, end]) =>
      Buffer.alloc(end - start)
    );
    if (growth === undefined) return;
    host.poll = (entries: readonly PollEntry[], timeoutNs: bigint) => {
      if (growth.chance(5)) this.#growInCall();
      return HastyHost.prototype.poll.call(host, entries, timeoutNs);
    };
  }

  /** Bytes of memory. */
  get size(): number {
    return this.rig.memory.length;
  }

  /** Enlarges the memory, if it may have as much. */
  grow(pages: number): void {
    try {
      this.#memory.grow(pages);
    } catch {
      return; // it is as large as it may be
    }
  }

  #growInCall(): void {
    const before = this.size;
    this.grow(1);
    this.grown += (this.size - before) / PAGE;
  }

  /** Does to memory what comes before a call. */
  prepare({ pokes, pages }: HostileCall): void {
    if (pages > 0) this.grow(pages);
    for (const [at, bytes] of pokes) {
      this.rig.memory.set(bytes.subarray(0, this.size - at), at);
    }
  }

  /** What the call's descriptor stands for, if it has one. */
  kindOf({ row, args }: HostileCall): string | undefined {
    if (row.params[0]?.[0] !== "fd") return undefined;
    const d = this.rig.kernel.fds.get(Number(args[0]) >>> 0);
    const connection = d?.kind === "stream" &&
      d.filetype === FileType.socketStream;
    return connection ? "connection" : d?.kind ?? "closed";
  }

  /** Makes a call that is prepared, and holds that it gives an errno and writes where it may alone, and nothing if it fails. */
  make(call: HostileCall, where: string): Outcome {
    this.grown = 0;
    const written = writtenBy(call, this.rig.kernel.memory);
    const places = this.#places();
    this.#keep(places);
    const outcome = this.#call(call);
    const known = typeof outcome === "string" ||
      (Number.isInteger(outcome) && outcome >= 0 && outcome <= LAST_ERRNO);
    assert.ok(known, `${where} gives ${outcome}`);
    const allowed = outcome === 0 ? written() : [];
    this.#compare(places, allowed, `${where} = ${outcome}`);
    return outcome;
  }

  /** A digest of what pointers lead to. */
  hash(): number {
    const { buffer } = this.#memory;
    return this.#places().reduce((digest, [start, end]) => {
      const size = end - start;
      return mixBytes(digest, new DataView(buffer, start, size), 0, size);
    }, this.size);
  }

  /** Holds that nothing was written where no pointer leads. */
  checkGaps(where: string): void {
    for (const [start, end] of this.#gaps()) {
      for (let at = start; at < end; at += ZEROES.length) {
        const part = Buffer.from(
          this.#memory.buffer,
          at,
          Math.min(ZEROES.length, end - at),
        );
        const zero = part.equals(ZEROES.subarray(0, part.length));
        assert.ok(zero, `${where}: something is written at ${at} or behind`);
      }
    }
  }

  #call({ row, args }: HostileCall): Outcome {
    try {
      return this.#calls[row.name]!(...args);
    } catch (error) {
      if (error instanceof WouldWait) return "waits";
      if (error instanceof GuestExit && row.name.startsWith("proc_")) {
        return "ends";
      }
      throw error;
    }
  }

  #keep(places: readonly Span[]): void {
    for (const [i, [start, end]] of places.entries()) {
      const now = Buffer.from(this.#memory.buffer, start, end - start);
      if (this.#before[i]!.length < now.length) {
        this.#before[i] = Buffer.alloc(now.length);
      }
      now.copy(this.#before[i]!);
    }
  }

  /** Holds that the places are as they were, except for `allowed`. */
  #compare(
    places: readonly Span[],
    allowed: readonly Region[],
    where: string,
  ): void {
    for (const [i, [start, end]] of places.entries()) {
      const now = Buffer.from(this.#memory.buffer, start, end - start);
      const before = this.#before[i]!.subarray(0, now.length);
      for (const [at, size] of allowed) {
        const from = Math.max(at, start), to = Math.min(at + size, end);
        if (from < to) now.copy(before, from - start, from - start, to - start);
      }
      assert.ok(before.equals(now), `${where} writes where it may not`);
    }
    for (const [start, end] of this.#gaps()) {
      for (const [at, size] of allowed) {
        const from = Math.max(at, start), to = Math.min(at + size, end);
        if (from < to) this.rig.memory.fill(0, from, to);
      }
    }
  }

  /** The parts of memory that are looked at. */
  #places(): Span[] {
    const { size } = this;
    return placesOf(size).map(([start, end]) => [
      Math.max(0, start - MARGIN),
      Math.min(size, end + MARGIN),
    ]);
  }

  /** The parts between. */
  #gaps(): Span[] {
    const places = this.#places();
    return places.slice(1).map(([start], i) => [places[i]![1], start]);
  }

  /** Stdin is a device without an end, stdout and stderr one that takes all: not those of the test. */
  #useDevices(): void {
    const { kernel, host } = this.rig;
    const devices = openDirectory("/dev");
    for (const [fd, name] of ["zero", "null", "null"].entries()) {
      const how = { oflags: 0, fdflags: 0, read: true, follow: true };
      (kernel.fds.get(fd) as Stream).handle = host.open(
        devices,
        new TextEncoder().encode(name),
        { ...how, write: fd > 0 },
      );
    }
    host.close(devices);
  }
}

/** The imports of a node that neither logs nor follows, over a rig's kernel. */
function soloCalls({ kernel, host }: Rig): Record<string, Import> {
  const bytes = new Uint8Array(MAX_DATA);
  kernel.data.place(new DataView(bytes.buffer), bytes, 0, 0);
  Object.assign(kernel, { outputs: new SoloOutputs(host) });
  return Object.fromEntries(
    TABLE.map((row) => [row.name, solo(row, kernel)]),
  );
}
