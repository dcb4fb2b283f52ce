/**
 * A client process: `load.ts JSON`, the JSON being a {@linkcode Load}; prints a {@linkcode Outcome}.
 *
 * SET and GET take turns over some keys; each connection has one request under way.
 *
 * @module
 */
import { quantile } from "./area.ts";
import { spent, threadTimes, total } from "./proc.ts";
import { connect, Poll, receive, send } from "./wire.ts";

/** What to do. */
export interface Load {
  /** Of 127.0.0.1. */
  readonly port: number;
  readonly connections: number;
  /** Not counted. */
  readonly warmUpMs: number;
  readonly ms: number;
  /** Processes whose CPU time is taken. */
  readonly pids: readonly number[];
}

/** What came of it. */
export interface Outcome {
  /** In `seconds`, which may be a little more than was asked for. */
  readonly requests: number;
  readonly seconds: number;
  /** All requests, with those of the warm-up. */
  readonly sent: number;
  /** Latency in µs. */
  readonly p50: number;
  readonly p99: number;
  /** CPU time in ns: of this process, and of each of `pids`. */
  readonly client: number;
  readonly servers: readonly number[];
}

const KEYS = 1_000;
const VALUE = "v".repeat(64);

interface Request {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly reply: string;
}

function request(words: readonly string[], reply: string): Request {
  const parts = words.map((word) => `$${word.length}\r\n${word}\r\n`);
  const text = `*${words.length}\r\n${parts.join("")}`;
  return { bytes: new TextEncoder().encode(text), reply };
}

/** Each key is set right before it is read. */
const REQUESTS = Array.from({ length: KEYS }, (_, n) => [
  request(["SET", `key:${n}`, VALUE], "+OK\r\n"),
  request(["GET", `key:${n}`], `$${VALUE.length}\r\n${VALUE}\r\n`),
]).flat();

/** Connections that all wait for a reply at any time. */
class Clients {
  sent = 0;
  latencies: number[] = [];
  readonly #fds: readonly number[];
  readonly #poll: Poll;
  readonly #at: number[];
  readonly #since: number[] = [];
  readonly #got: number[];
  readonly #chunk = new Uint8Array(4096);

  constructor({ port, connections }: Load) {
    this.#fds = Array.from({ length: connections }, () => connect(port));
    this.#poll = new Poll(this.#fds);
    this.#got = this.#fds.map(() => 0);
    const apart = 2 * Math.floor(KEYS / connections);
    this.#at = this.#fds.map((_, i) => i * apart);
    for (const i of this.#fds.keys()) this.#send(i);
  }

  /** Serves all connections until `end`, a time of `performance.now()`. */
  run(end: number): void {
    while (performance.now() < end) {
      this.#poll.wait();
      for (let i = 0; i < this.#fds.length; i++) {
        if (this.#poll.ready(i)) this.#receive(i);
      }
    }
  }

  #send(i: number): void {
    this.#since[i] = performance.now();
    this.#got[i] = 0;
    send(this.#fds[i]!, REQUESTS[this.#at[i]!]!.bytes);
    this.sent++;
  }

  #receive(i: number): void {
    const { reply } = REQUESTS[this.#at[i]!]!;
    const n = receive(this.#fds[i]!, this.#chunk);
    const got = this.#got[i]! + n;
    if (
      got > reply.length || this.#chunk[n - 1] !== reply.charCodeAt(got - 1)
    ) {
      const text = new TextDecoder().decode(this.#chunk.subarray(0, n));
      throw new Error(`cannot take a reply: ${JSON.stringify(text)}`);
    }
    this.#got[i] = got;
    if (got < reply.length) return;
    this.latencies.push(performance.now() - this.#since[i]!);
    this.#at[i] = (this.#at[i]! + 1) % REQUESTS.length;
    this.#send(i);
  }
}

function run(load: Load): Outcome {
  const clients = new Clients(load);
  clients.run(performance.now() + load.warmUpMs);
  clients.latencies = [];
  const pids = [Deno.pid, ...load.pids];
  const before = pids.map(threadTimes);
  const start = performance.now();
  clients.run(start + load.ms);
  const seconds = (performance.now() - start) / 1_000;
  const [client, ...servers] = pids.map((pid, i) =>
    total(spent(before[i]!, threadTimes(pid)))
  );
  const { latencies, sent } = clients;
  return {
    requests: latencies.length,
    seconds,
    sent,
    p50: quantile(latencies, 0.5) * 1_000,
    p99: quantile(latencies, 0.99) * 1_000,
    client: client!,
    servers,
  };
}

if (import.meta.main) {
  console.log(JSON.stringify(run(JSON.parse(Deno.args[0] as string))));
  Deno.exit(0);
}
