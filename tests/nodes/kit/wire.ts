/** The other end of a replication port, in the hands of a test. @module */
import { FrameReader } from "../../../src/engine/decode.ts";
import { type Epoch, type RunTag } from "../../../src/engine/epoch.ts";
import {
  type Body,
  encodeFrame,
  type Frame,
  NO_CLOCKS,
} from "../../../src/engine/frame.ts";
import type { Hello } from "../../../src/runtime/node/handshake.ts";
import { thisMachine } from "../../../src/runtime/host/machine.ts";
import { PATIENCE_MS } from "../../kit/node.ts";
import { guest } from "../../kit/node.ts";
import { Waiters } from "../../kit/waiters.ts";

/** What a frame says of run and epoch. */
export interface Origin {
  readonly run: RunTag;
  readonly epoch: Epoch;
}

/** Of a node that has no run yet. */
export const NOWHERE: Origin = {
  run: { low: 0, high: 0 },
  epoch: { number: 0, node: 0 },
};

const open = new Set<Wire>();

/** One connection that carries frames, or whatever a test puts on it. */
export class Wire {
  /** Goes around every body that is sent. */
  origin: Origin = NOWHERE;
  readonly frames: Frame[] = [];
  readonly #conn: Deno.Conn;
  readonly #waiters = new Waiters(
    PATIENCE_MS,
    () => `a connection that got ${this.frames.map((f) => f.body.kind)}`,
  );
  #taken = 0;
  /** Resolves when the other side has closed. */
  readonly closed: Promise<void>;
  /** Gets every frame as it comes. */
  onFrame: (frame: Frame) => void = () => {};

  constructor(conn: Deno.Conn) {
    this.#conn = conn;
    open.add(this);
    this.closed = this.#read();
  }

  static async to(address: string): Promise<Wire> {
    const [, hostname = "", port] = /^(.*):(\d+)$/.exec(address) ?? [];
    return new Wire(await Deno.connect({ hostname, port: Number(port) }));
  }

  /** Sends bytes as they are; a connection that is closed takes them to nowhere. */
  async bytes(bytes: Uint8Array): Promise<void> {
    try {
      for (let at = 0; at < bytes.length;) {
        at += await this.#conn.write(bytes.subarray(at));
      }
    } catch {
      // The other side has closed: `closed` says so.
    }
  }

  /** Sends a frame. */
  send(body: Body): Promise<void> {
    return this.bytes(this.frame(body));
  }

  /** The bytes of a frame as this side would send it. */
  frame(body: Body): Uint8Array {
    return encodeFrame({ ...this.origin, clocks: NO_CLOCKS }, body);
  }

  /** The next frame that was not given before. @throws {Error} when none comes. */
  next(): Promise<Frame> {
    return this.#waiters.until("a frame", () => {
      const frame = this.frames[this.#taken];
      if (frame !== undefined) this.#taken++;
      return frame;
    });
  }

  close(): void {
    open.delete(this);
    try {
      this.#conn.close();
    } catch {
      // It is closed.
    }
  }

  async #read(): Promise<void> {
    const reader = new FrameReader();
    const buffer = new Uint8Array(1 << 16);
    try {
      for (;;) {
        const n = await this.#conn.read(buffer);
        if (n === null) break;
        for (const frame of reader.push(buffer.slice(0, n))) {
          this.frames.push(frame);
          this.onFrame(frame);
        }
        this.#waiters.look();
      }
    } catch {
      // A reset is an end like any other.
    }
    this.#waiters.end();
    this.close();
  }
}

/** Closes all connections that a test left. */
export function closeWires(): void {
  for (const wire of open) wire.close();
}

/** SHA-256 of a guest, as a HELLO names it. */
export async function hashOf(name: string): Promise<string> {
  const bytes = await Deno.readFile(guest(name));
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return [...hash].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The HELLO of a backup of the guest `name` that fits. */
export async function goodHello(name: string): Promise<Hello> {
  return {
    phase: "join",
    node: 77,
    address: "127.0.0.1:9",
    run: undefined,
    epoch: undefined,
    next: 0,
    module: await hashOf(name),
    machine: thisMachine(),
    args: [],
    env: [],
    dirs: [],
    listeners: 0,
  };
}
