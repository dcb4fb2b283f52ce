import { type NodeId, runTag, sameRun } from "../../engine/epoch.ts";
import type { Frame } from "../../engine/frame.ts";
import { listenTcp } from "../../engine/transports/tcp.ts";
import { Channel, nextFrame } from "../channel.ts";
import { ReplrtError } from "../errors.ts";
import { systemFailure } from "../host/failure.ts";
import { formatAddress } from "../options.ts";
import type { Core } from "./core.ts";
import { checkHello, type Hello, type Refuse } from "./handshake.ts";

/** What a node does with those who come to its `--bind` address. */
export interface Visitors {
  /** A node asked what this one is: `frame` names its run and epoch. */
  probed(frame: Frame, node: NodeId, address: string): void;
  /** A node asks to follow; the channel is the callee's from now on. */
  hello(channel: Channel, hello: Hello, frame: Frame): void;
}

/** Takes connections at `--bind`, in either role: answers probes itself, drops who sends anything but a probe or a hello. */
export class Server {
  readonly #core: Core;
  visitors: Visitors | undefined;

  constructor(core: Core) {
    this.#core = core;
  }

  /** @throws {ReplrtError} when the address can't be had. */
  async listen(): Promise<void> {
    const { host, port } = this.#core.bind;
    try {
      const listener = await listenTcp(host, port, (connection) => {
        this.#greet(new Channel(connection, this.#core.envelope));
      });
      this.#core.bind = { host, port: listener.port };
    } catch (error) {
      const failure = systemFailure(
        `take backups at ${formatAddress(this.#core.bind)}`,
        error,
      );
      throw new ReplrtError(
        failure.message,
        "give another address with --bind",
      );
    }
  }

  async #greet(channel: Channel): Promise<void> {
    const answer = await nextFrame(channel, this.#core.options.timeoutMs);
    if (answer.kind === "frame") return this.#meet(channel, answer.frame);
    channel.destroy();
    if (answer.kind === "problem") this.#refused(channel, answer.reason);
    if (answer.kind === "silent") {
      const { timeoutMs } = this.#core.options;
      this.#refused(channel, `sent no whole frame within ${timeoutMs} ms`);
    }
  }

  #meet(channel: Channel, frame: Frame): void {
    const { body } = frame;
    if (body.kind === "probe") {
      channel.send({ kind: "status", value: this.#core.status() });
      channel.end();
      this.#probed(channel, frame, body.value);
      return;
    }
    const hello = body.kind === "hello" ? checkHello(body.value) : undefined;
    if (hello !== undefined && this.visitors !== undefined) {
      return this.visitors.hello(channel, hello, frame);
    }
    channel.destroy();
    if (hello === undefined) {
      this.#refused(channel, `sent ${body.kind} where hello was expected`);
    }
  }

  /** A probe of this run is a sign of life, and tells an epoch. */
  #probed(channel: Channel, frame: Frame, value: unknown): void {
    const { node, address } = (value ?? {}) as {
      node?: unknown;
      address?: unknown;
    };
    if (typeof node !== "number" || typeof address !== "string") return;
    if (!sameRun(frame.run, runTag(this.#core.run))) return;
    this.visitors?.probed(frame, node, reachable(address, channel.remote));
  }

  #refused(channel: Channel, reason: string): void {
    this.#core.say.event({ event: "refused", peer: channel.remote, reason });
  }
}

/** The address of a peer as this node reaches it: a wildcard host is replaced by where it came from. */
export function reachable(address: string, remote: string): string {
  const [, host = "", port = ""] = /^(.*):(\d+)$/.exec(address) ?? [];
  if (host !== "0.0.0.0" && host !== "[::]") return address;
  const [, from = ""] = /^(.*):\d+$/.exec(remote) ?? [];
  return `${from}:${port}`;
}

/** Turns a node away that asked to follow. */
export function refuse(channel: Channel, refusal: Refuse): void {
  channel.send({ kind: "refuse", value: refusal });
  channel.end();
}
