/** A client of the Redis protocol, no larger than the demo needs. @module */
import { type Address, formatAddress } from "../../src/runtime/options.ts";

/** What a server answers; an error of the server is thrown instead. */
export type Reply = string | number | null | readonly Reply[];

/** The connection is over; what was not answered may have happened or not. */
export class ConnectionLost extends Error {}

const encoder = new TextEncoder();
const decoder = new TextDecoder("latin1");

/** One connection to a server. Texts are latin1. */
export class Connection {
  readonly #socket: Deno.TcpConn;
  readonly #chunk = new Uint8Array(64 << 10);
  #text = "";
  #at = 0;

  private constructor(socket: Deno.TcpConn) {
    this.#socket = socket;
  }

  /** @throws {ConnectionLost} when nobody answers there. */
  static async open({ host, port }: Address): Promise<Connection> {
    try {
      const socket = await Deno.connect({ hostname: host, port });
      socket.setNoDelay(true);
      return new Connection(socket);
    } catch (error) {
      throw lost(`cannot connect to ${formatAddress({ host, port })}`, error);
    }
  }

  /**
   * Sends all commands at once and gives each reply to `take` as it comes, in their order.
   *
   * @throws {ConnectionLost} when the connection ends before the last reply.
   * @throws {Error} for an error that the server answers, and for what is no reply.
   */
  async pipeline(
    commands: readonly (readonly string[])[],
    take: (reply: Reply, at: number) => void,
  ): Promise<void> {
    await this.#send(encoder.encode(commands.map(encodeCommand).join("")));
    for (const at of commands.keys()) take(await this.#reply(), at);
  }

  /** Sends one command and gives its reply. @throws {Error} as {@linkcode pipeline}. */
  async call(...command: readonly string[]): Promise<Reply> {
    let answer: Reply = null;
    await this.pipeline([command], (reply) => answer = reply);
    return answer;
  }

  /** Ends the connection; what waits for it is told that it is lost. */
  close(): void {
    try {
      this.#socket.close();
    } catch (error) {
      if (!(error instanceof Deno.errors.BadResource)) throw error;
    }
  }

  async #send(bytes: Uint8Array): Promise<void> {
    try {
      for (let at = 0; at < bytes.length;) {
        at += await this.#socket.write(bytes.subarray(at));
      }
    } catch (error) {
      throw lost("cannot send", error);
    }
  }

  async #reply(): Promise<Reply> {
    const line = await this.#line();
    const rest = line.slice(1);
    switch (line[0]) {
      case "+":
        return rest;
      case ":":
        return Number(rest);
      case "$":
        return rest === "-1" ? null : await this.#bulk(Number(rest));
      case "*": {
        const replies: Reply[] = [];
        for (let n = Number(rest); n > 0; n--) {
          replies.push(await this.#reply());
        }
        return replies;
      }
      case "-":
        throw new Error(`the server refused a command: ${rest}`);
      default:
        throw new Error(`cannot read a reply: ${JSON.stringify(line)}`);
    }
  }

  async #line(): Promise<string> {
    for (;;) {
      const end = this.#text.indexOf("\r\n", this.#at);
      if (end >= 0) {
        const line = this.#text.slice(this.#at, end);
        this.#at = end + 2;
        return line;
      }
      await this.#more();
    }
  }

  async #bulk(size: number): Promise<string> {
    while (this.#text.length - this.#at < size + 2) await this.#more();
    const text = this.#text.slice(this.#at, this.#at + size);
    this.#at += size + 2;
    return text;
  }

  async #more(): Promise<void> {
    let n: number | null;
    try {
      n = await this.#socket.read(this.#chunk);
    } catch (error) {
      throw lost("cannot receive", error);
    }
    if (n === null) throw new ConnectionLost("the server closed");
    this.#text = this.#text.slice(this.#at) +
      decoder.decode(this.#chunk.subarray(0, n));
    this.#at = 0;
  }
}

function encodeCommand(words: readonly string[]): string {
  const parts = words.map((word) => `$${word.length}\r\n${word}\r\n`);
  return `*${words.length}\r\n${parts.join("")}`;
}

function lost(what: string, error: unknown): ConnectionLost {
  const reason = error instanceof Error ? error.message : String(error);
  return new ConnectionLost(`${what}: ${reason}`);
}
