/** The load: clients that write, remember what was acknowledged, and find the survivor by themselves. @module */
import type { Address } from "../../src/runtime/options.ts";
import { Connection, ConnectionLost, type Reply } from "./resp.ts";

/** Of so many writes of a client one is an INCR of its counter; the others are keys of their own. */
const COUNTED = 10;
/** Between two attempts to connect, in ms. */
const PAUSE_MS = 5;

/** What a client knows of its writes. Write `n` sets the key `keyOf(n)` to `n`, or counts. */
export interface Ledger {
  readonly name: string;
  /** Writes sent so far; they are numbered from 0. */
  readonly sent: number;
  readonly acked: number;
  /** Numbers of writes that got no answer: each may have happened or not. */
  readonly open: ReadonlySet<number>;
}

/** Whether write `n` is an INCR of the client's counter. */
export function counts(n: number): boolean {
  return n % COUNTED === COUNTED - 1;
}

/** The key that write `n` of a client sets. */
export function keyOf(name: string, n: number): string {
  return `${name}:${n}`;
}

/** The counter of a client. */
export function counterOf(name: string): string {
  return `${name}:counter`;
}

/** One client: writes `depth` commands at a time until it is stopped, wherever a server answers. */
export class Client implements Ledger {
  sent = 0;
  acked = 0;
  readonly open = new Set<number>();
  readonly #depth: number;
  readonly #addresses: readonly Address[];
  readonly #onAck: (from: Address) => void;
  #connection: Connection | undefined;
  #stopped = false;

  /** @param onAck called for each write that is acknowledged, with the server's address */
  constructor(
    readonly name: string,
    depth: number,
    addresses: readonly Address[],
    onAck: (from: Address) => void,
  ) {
    this.#depth = depth;
    this.#addresses = addresses;
    this.#onAck = onAck;
  }

  /** Writes until {@linkcode stop}. @throws {Error} when a server answers anything but the acknowledgement. */
  async run(): Promise<void> {
    for (let at = 0; !this.#stopped; at++) {
      const address = this.#addresses[at % this.#addresses.length] as Address;
      try {
        this.#connection = await Connection.open(address);
        while (!this.#stopped) {
          await this.#write(this.#connection, address);
        }
      } catch (error) {
        if (!(error instanceof ConnectionLost)) throw error;
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      } finally {
        this.#connection?.close();
      }
    }
  }

  /** Ends after the answers that are on their way; `now` does not wait for them. */
  stop(now: boolean): void {
    this.#stopped = true;
    if (now) this.#connection?.close();
  }

  async #write(connection: Connection, address: Address): Promise<void> {
    const first = this.sent;
    const commands = Array.from(
      { length: this.#depth },
      (_, i) => this.#command(first + i),
    );
    this.sent += commands.length;
    for (let n = first; n < this.sent; n++) this.open.add(n);
    await connection.pipeline(commands, (reply, i) => {
      this.#check(first + i, reply);
      this.open.delete(first + i);
      this.acked++;
      this.#onAck(address);
    });
  }

  #command(n: number): string[] {
    return counts(n)
      ? ["INCR", counterOf(this.name)]
      : ["SET", keyOf(this.name, n), `${n}`];
  }

  #check(n: number, reply: Reply): void {
    const right = counts(n) ? typeof reply === "number" : reply === "OK";
    if (!right) {
      throw new Error(
        `cannot go on: write ${n} of ${this.name} got ${JSON.stringify(reply)}`,
      );
    }
  }
}
