/** A client that counts the bytes it gets. @module */

const sinks = new Set<Sink>();

/** Connects to a guest's address. */
export async function connectSink(address: string): Promise<Sink> {
  const [, hostname = "", port] = /^(.*):(\d+)$/.exec(address) ?? [];
  return new Sink(await Deno.connect({ hostname, port: Number(port) }));
}

/** Drops all connections, for `test.after`. */
export function dropSinks(): void {
  for (const sink of sinks) sink.close();
}

/** One connection. */
export class Sink {
  /** Bytes that came in. */
  received = 0;
  readonly #conn: Deno.Conn;

  constructor(conn: Deno.Conn) {
    this.#conn = conn;
    sinks.add(this);
    void this.#read();
  }

  /** Sends all of `text`. @throws {Error} when the connection is over. */
  async write(text: string): Promise<void> {
    const bytes = new TextEncoder().encode(text);
    for (let at = 0; at < bytes.length;) {
      at += await this.#conn.write(bytes.subarray(at));
    }
  }

  close(): void {
    sinks.delete(this);
    try {
      this.#conn.close();
    } catch {
      // It is closed.
    }
  }

  async #read(): Promise<void> {
    const buffer = new Uint8Array(1 << 16);
    try {
      for (;;) {
        const n = await this.#conn.read(buffer);
        if (n === null) break;
        this.received += n;
      }
    } catch {
      // The connection ended.
    }
    this.close();
  }
}
