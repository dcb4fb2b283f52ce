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
  readonly #connection: Connection;
  readonly #reader = new FrameReader();
  readonly #envelope: () => Envelope;
  #events: ChannelEvents | undefined;
  /** What came in while nobody listened. */
  #frames: Frame[] = [];
  #reason: string | undefined;
  #told = false;

  /** `envelope` is what this node puts around a body: its run, epoch and clocks at that moment. */
  constructor(connection: Connection, envelope: () => Envelope) {
    this.#connection = connection;
    this.#envelope = envelope;
    connection.onData((bytes) => this.#take(bytes));
    connection.onClose((reason) => this.#end(reason));
  }

  /** The other side's `HOST:PORT`. */
  get remote(): string {
    return this.#connection.remote;
  }

  /** Why the connection is over; undefined while it is not. */
  get reason(): string | undefined {
    return this.#reason;
  }

  /** Gives what comes in to `events`, first of all what has come in already; undefined keeps it for later. */
  listen(events: ChannelEvents | undefined): void {
    this.#events = events;
    this.#tell();
  }

  send(body: Body): void {
    this.sendBytes(encodeFrame(this.#envelope(), body));
  }

  /** Sends a frame that is encoded already. */
  sendBytes(frame: Uint8Array): void {
    this.#connection.send(frame);
  }

  /** Sends what is queued, then closes. */
  end(): void {
    this.#connection.end();
  }

  /** Sends what is queued, takes nothing more, and closes after `graceMs` whatever the other side does. */
  dismiss(graceMs: number): void {
    this.#told = true;
    this.#events = { frame: () => {}, closed: () => {} };
    this.#frames = [];
    this.#connection.end();
    const timer = setTimeout(() => this.#connection.destroy(), graceMs);
    this.#connection.onClose(() => clearTimeout(timer));
  }

  /** Closes at once; `closed` is not called for it. */
  destroy(): void {
    this.#told = true;
    this.#events = undefined;
    this.#frames = [];
    this.#connection.destroy();
  }

  #take(bytes: Uint8Array): void {
    this.#frames.push(...this.#reader.push(bytes));
    this.#tell();
    if (this.#reader.problem === undefined) return;
    this.#end(`${GARBAGE}: ${this.#reader.problem}`);
    this.#connection.destroy();
  }

  #end(reason: string): void {
    this.#reason ??= reason;
    this.#tell();
  }

  #tell(): void {
    while (this.#events !== undefined && this.#frames.length > 0) {
      this.#events.frame(this.#frames.shift() as Frame);
    }
    if (
      this.#events === undefined || this.#reason === undefined || this.#told
    ) return;
    this.#told = true;
    this.#events.closed(this.#reason);
  }
}

/** How the reason of a channel begins whose other side does not speak the protocol. */
const GARBAGE = "sent no valid frame";

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

/** The next frame of a channel within `timeoutMs`; what comes after it is kept. A connection closed without one is broken: by the network, or since the process is going. */
export function nextFrame(
  channel: Channel,
  timeoutMs: number,
): Promise<Answer> {
  return new Promise((resolve) => {
    const done = (answer: Answer) => {
      clearTimeout(timer);
      channel.listen(undefined);
      resolve(answer);
    };
    const timer = setTimeout(() => done({ kind: "silent" }), timeoutMs);
    channel.listen({
      frame: (frame) => done({ kind: "frame", frame }),
      closed: (reason) =>
        done(
          reason.startsWith(GARBAGE)
            ? { kind: "problem", reason }
            : { kind: "broken" },
        ),
    });
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
