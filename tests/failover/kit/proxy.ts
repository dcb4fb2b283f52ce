/** A TCP proxy that does to connections what networks do. @module */
import * as net from "node:net";
import type { AddressInfo } from "node:net";

/** What happens to connections; each field may be changed while they are open. */
export interface Weather {
  /** Bytes rest so long before they go on, in ms. */
  delayMs: number;
  /** Bytes from the target after which a new connection is reset, drawn for each; undefined: never. */
  cutAfter: (() => number) | undefined;
  /** New connections are reset as soon as they are open. */
  resetNew: boolean;
}

interface Pair {
  readonly client: net.Socket;
  readonly target: net.Socket;
  left: number;
}

const proxies = new Set<Proxy>();

/** Ends all proxies of a test, for `test.after`. */
export function closeProxies(): void {
  for (const proxy of proxies) proxy.close();
}

/** Stands between whoever connects to `address` and a target. */
export class Proxy implements Weather {
  delayMs = 0;
  cutAfter: (() => number) | undefined;
  resetNew = false;
  /** Connections taken, and bytes that the target sent. */
  taken = 0;
  passed = 0;
  readonly #target: { host: string; port: number };
  readonly #server: net.Server;
  readonly #pairs = new Set<Pair>();
  #stalled = false;

  private constructor(target: string) {
    const [host, port] = target.split(":") as [string, string];
    this.#target = { host, port: Number(port) };
    this.#server = net.createServer((client) => this.#take(client));
    proxies.add(this);
  }

  /** Stands before `target` from now on. */
  static async before(target: string): Promise<Proxy> {
    const proxy = new Proxy(target);
    await new Promise<void>((resolve) =>
      proxy.#server.listen(0, "127.0.0.1", resolve)
    );
    return proxy;
  }

  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Resets all connections. */
  reset(): void {
    for (const pair of this.#pairs) this.#break(pair);
  }

  /** Passes nothing on, in neither direction; connections are taken. */
  stall(): void {
    this.#stalled = true;
    for (const { client, target } of this.#pairs) {
      client.pause();
      target.pause();
    }
  }

  /** Passes nothing on to the target over the connections there are; what it sends goes on. */
  hush(): void {
    for (const { client } of this.#pairs) client.pause();
  }

  /** Ends a stall: what rested goes on. */
  flow(): void {
    this.#stalled = false;
    for (const { client, target } of this.#pairs) {
      client.resume();
      target.resume();
    }
  }

  close(): void {
    this.reset();
    this.#server.close();
    proxies.delete(this);
  }

  #take(client: net.Socket): void {
    this.taken++;
    if (this.resetNew) {
      client.on("error", () => {});
      client.resetAndDestroy();
      return;
    }
    const target = net.connect(this.#target);
    const pair = { client, target, left: this.cutAfter?.() ?? Infinity };
    this.#pairs.add(pair);
    for (const socket of [client, target]) {
      socket.setNoDelay(true);
      if (this.#stalled) socket.pause();
      socket.on("error", () => this.#break(pair));
      socket.on("close", () => this.#break(pair));
    }
    client.on("data", (bytes) => this.#pass(pair, target, bytes));
    target.on("data", (bytes) => {
      const some = bytes.subarray(0, pair.left);
      pair.left -= some.length;
      this.passed += some.length;
      this.#pass(pair, client, some);
      if (pair.left === 0) client.end(() => this.#break(pair));
    });
  }

  #pass(pair: Pair, to: net.Socket, bytes: Uint8Array): void {
    if (this.delayMs === 0) return void to.write(bytes);
    setTimeout(() => {
      if (this.#pairs.has(pair)) to.write(bytes);
    }, this.delayMs);
  }

  #break(pair: Pair): void {
    if (!this.#pairs.delete(pair)) return;
    pair.client.resetAndDestroy();
    pair.target.resetAndDestroy();
  }
}
