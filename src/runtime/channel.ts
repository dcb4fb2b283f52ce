import { FrameReader } from "../engine/decode.ts";
import {
  type Body,
  encodeFrame,
  type Envelope,
  type Frame,
} from "../engine/frame.ts";
import {
  type Connection,
  type ConnectProblem,
  connectTcp,
} from "../engine/transports/tcp.ts";
import type { Address } from "./options.ts";

/** What a channel does with what comes in; may be exchanged as the conversation goes on. */
export interface ChannelEvents {
  frame(frame: Frame): void;
  /** The connection is over: `reason` in words. Called once. */
  closed(reason: string): void;
}

/** A connection that carries frames. One that sends garbage is dropped, and the node goes on. */
export class Channel {
  events: ChannelEvents = { frame: () => {}, closed: () => {} };
  readonly #connection: Connection;
  readonly #reader = new FrameReader();
  readonly #envelope: () => Envelope;
  #closed = false;

  /** `envelope` is what this node puts around a body: its run, epoch and clocks at that moment. */
  constructor(connection: Connection, envelope: () => Envelope) {
    this.#connection = connection;
    this.#envelope = envelope;
    connection.onData((bytes) => this.#take(bytes));
    connection.onClose((reason) => this.#close(reason));
  }

  /** The other side's `HOST:PORT`. */
  get remote(): string {
    return this.#connection.remote;
  }

  send(body: Body): void {
    this.#connection.send(encodeFrame(this.#envelope(), body));
  }

  /** Sends what is queued, then closes. */
  end(): void {
    this.#connection.end();
  }

  /** Closes at once; `closed` is not called for it. */
  destroy(): void {
    this.#closed = true;
    this.#connection.destroy();
  }

  /** Resolves when the connection is over. */
  get over(): Promise<void> {
    return new Promise((resolve) => this.#connection.onClose(() => resolve()));
  }

  #take(bytes: Uint8Array): void {
    for (const frame of this.#reader.push(bytes)) {
      if (this.#closed) return;
      this.events.frame(frame);
    }
    if (this.#reader.problem === undefined) return;
    this.#close(`sent no valid frame: ${this.#reader.problem}`);
    this.#connection.destroy();
  }

  #close(reason: string): void {
    if (this.#closed) return;
    this.#closed = true;
    this.events.closed(reason);
  }
}

/** A channel to `address`, or why there is none. */
export async function openChannel(
  address: Address,
  timeoutMs: number,
  envelope: () => Envelope,
): Promise<Channel | ConnectProblem> {
  const connection = await connectTcp(address.host, address.port, timeoutMs);
  return typeof connection === "string"
    ? connection
    : new Channel(connection, envelope);
}

/** What came of a question: its answer, or how it failed; `problem` says what the other side sent instead of frames. */
export type Answer = { readonly kind: "frame"; readonly frame: Frame } | {
  readonly kind: ConnectProblem;
} | { readonly kind: "problem"; readonly reason: string };

/** The next frame of a channel within `timeoutMs`. A connection that is closed without one counts as refused: the process is gone or going. */
export function nextFrame(
  channel: Channel,
  timeoutMs: number,
): Promise<Answer> {
  return new Promise((resolve) => {
    const done = (answer: Answer) => {
      clearTimeout(timer);
      channel.events = { frame: () => {}, closed: () => {} };
      resolve(answer);
    };
    const timer = setTimeout(() => done({ kind: "silent" }), timeoutMs);
    channel.events = {
      frame: (frame) => done({ kind: "frame", frame }),
      closed: (reason) =>
        done(
          reason.startsWith("sent no")
            ? { kind: "problem", reason }
            : { kind: "refused" },
        ),
    };
  });
}

/** Asks `address` one thing over a connection of its own. */
export async function ask(
  address: Address,
  timeoutMs: number,
  envelope: () => Envelope,
  body: Body,
): Promise<Answer> {
  const channel = await openChannel(address, timeoutMs, envelope);
  if (typeof channel === "string") return { kind: channel };
  channel.send(body);
  const answer = await nextFrame(channel, timeoutMs);
  channel.destroy();
  return answer;
}
