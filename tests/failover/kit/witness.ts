/** Clients that remember every write that was acknowledged to them. @module */
import * as assert from "uvu/assert";
import { PATIENCE_MS } from "../../kit/node.ts";
import { Random } from "../../kit/random.ts";
import { Waiters } from "../../kit/waiters.ts";
import { Lost, Resp } from "./resp.ts";

/** Keys that one MGET asks for. */
const CHUNK = 500;

/** What one client knows. */
class Client {
  readonly counter: string;
  /** INCRs sent, and the highest reply. */
  sent = 0;
  counted = 0;
  keys = 0;

  constructor(readonly name: string, readonly random: Random) {
    this.counter = `count:${name}`;
  }
}

/** A load of writes on whichever node serves; every acknowledged write can be asked for afterwards. */
export class Witness {
  /** Writes acknowledged so far. */
  acked = 0;
  /** Connections that ended under a client. */
  breaks = 0;
  /** Bytes of replies. */
  received = 0;
  /** How long a client rests between two turns, in ms. */
  paceMs = 0;
  readonly #clients: Client[];
  readonly #depth: number;
  readonly #written = new Map<string, string>();
  #unchecked: string[] = [];
  #address: string;
  #moves = 0;
  #stopped = false;
  #running: Promise<unknown> = Promise.resolve();
  readonly #waiters = new Waiters(
    PATIENCE_MS,
    () => `${this.acked} acknowledged, ${this.breaks} connections lost`,
  );

  /** `depth` is the most commands that a client has on the way. */
  constructor(address: string, seed: number, clients = 4, depth = 8) {
    this.#address = address;
    this.#depth = depth;
    this.#clients = Array.from(
      { length: clients },
      (_, i) => new Client(`${i}`, new Random(seed * 31 + i)),
    );
  }

  start(): void {
    this.#stopped = false;
    this.#running = Promise.all(
      this.#clients.map((client) => this.#live(client)),
    );
    this.#running.catch(() => this.#waiters.end());
  }

  /** Lets the commands on the way end, and the clients with them. @throws {Error} what a client saw that must not be. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#waiters.look();
    await this.#running;
  }

  /** Sends the clients to another node. */
  moveTo(address: string): void {
    this.#address = address;
    this.#moves++;
    this.#waiters.look();
  }

  /** Resolves when `count` more writes were acknowledged. */
  more(count: number): Promise<true> {
    const goal = this.acked + count;
    return this.#waiters.until(
      `${count} more acknowledged writes`,
      () => this.acked >= goal || undefined,
    );
  }

  /** Asks the present node for every acknowledged write (`all`), or those since the last time. @throws {Error} when one is lost or doubled. */
  async verify(all = false): Promise<void> {
    const keys = all ? [...this.#written.keys()] : this.#unchecked;
    if (!all) this.#unchecked = [];
    const written = new Map(keys.map((key) => [key, this.#written.get(key)]));
    const counted = this.#clients.map(({ counted }) => counted);
    const connection = await Resp.connect(this.#address);
    const lost: string[] = [];
    for (let at = 0; at < keys.length; at += CHUNK) {
      const asked = keys.slice(at, at + CHUNK);
      const values = await connection.send("MGET", ...asked) as string[];
      asked.forEach((key, i) => {
        if (values[i] !== written.get(key)) lost.push(`${key}: ${values[i]}`);
      });
    }
    for (const [i, client] of this.#clients.entries()) {
      const value = Number(await connection.send("GET", client.counter) ?? 0);
      const least = counted[i] as number;
      if (value < least || value > client.sent) {
        lost.push(
          `${client.counter}: ${value}, not ${least} to ${client.sent}`,
        );
      }
    }
    connection.close();
    assert.equal(lost.slice(0, 5), [], `lost of ${keys.length} writes`);
  }

  async #live(client: Client): Promise<void> {
    while (!this.#stopped) {
      const moves = this.#moves;
      const connection = await Resp.connect(
        this.#address,
        (bytes) => this.received += bytes,
      ).catch(() => undefined);
      if (connection !== undefined) {
        await this.#load(client, connection);
        connection.close();
      }
      if (this.#stopped) return;
      this.breaks++;
      await this.#waiters.until(
        "another node to go to",
        () => this.#moves > moves || this.#stopped || undefined,
      );
    }
  }

  /** Writes until the connection ends. */
  async #load(client: Client, connection: Resp): Promise<void> {
    while (!this.#stopped) {
      const depth = 1 + client.random.below(this.#depth);
      const turn = Array.from(
        { length: depth },
        () => this.#write(client, connection),
      );
      const ends = await Promise.allSettled(turn);
      for (const end of ends) {
        if (end.status === "fulfilled") continue;
        if (end.reason instanceof Lost) return;
        throw end.reason;
      }
      this.#waiters.look();
      if (this.paceMs > 0) await rest(this.paceMs);
    }
  }

  async #write(client: Client, connection: Resp): Promise<void> {
    const { random, name, counter } = client;
    if (random.chance(30)) {
      client.sent++;
      const value = await connection.send("INCR", counter) as number;
      if (value <= client.counted || value > client.sent) {
        throw new Error(
          `${counter} is ${value} after ${client.counted}, of ${client.sent} sent`,
        );
      }
      client.counted = value;
    } else {
      const key = `key:${name}:${client.keys++}`;
      const value = `${random.u32()}`.repeat(1 + random.below(12));
      const other = `${key}:b`;
      const both = random.chance(20);
      await (both
        ? connection.send("MSET", key, value, other, value)
        : connection.send("SET", key, value));
      this.#acknowledge(key, value);
      if (both) this.#acknowledge(other, value);
    }
    this.acked++;
  }

  #acknowledge(key: string, value: string): void {
    this.#written.set(key, value);
    this.#unchecked.push(key);
  }
}

function rest(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
