/** Clients of the guest `mixed`, which answers a line with the count of its other thread. @module */
import { PATIENCE_MS } from "../../kit/node.ts";

/** The connection ended before an answer came. */
export class Ended extends Error {}

const encoder = new TextEncoder();

/** One client. */
export class Asker {
  readonly #connection: Deno.TcpConn;
  readonly #lines: AsyncGenerator<string>;

  private constructor(connection: Deno.TcpConn) {
    this.#connection = connection;
    this.#lines = linesOf(connection);
  }

  /** Waits for the server to take it. @throws {Error} when nobody listens there. */
  static async connect(address: string): Promise<Asker> {
    const [hostname, port] = address.split(":") as [string, string];
    return new Asker(await Deno.connect({ hostname, port: Number(port) }));
  }

  /** The count with which the server answers `line`. @throws {Ended} as its name says. @throws {Error} for another answer, and for none. */
  async ask(line: string): Promise<number> {
    await this.say(line);
    const step = await within(line, this.#lines.next());
    if (step.done) throw new Ended("the connection ended");
    const [, said, count] = /^(.*) at (\d+)$/.exec(step.value) ?? [];
    if (said !== line) throw new Error(`${line}: answered with ${step.value}`);
    return Number(count);
  }

  /** Sends a line that has no answer. @throws {Ended} as its name says. */
  async say(line: string): Promise<void> {
    try {
      await this.#connection.write(encoder.encode(`${line}\n`));
    } catch (error) {
      throw new Ended("the connection ended", { cause: error });
    }
  }

  close(): void {
    this.#connection.close();
  }
}

/** @throws {Error} when it does not come in time. */
async function within<T>(line: string, wanted: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    const error = new Error(`${line}: no answer within ${PATIENCE_MS} ms`);
    timer = setTimeout(() => reject(error), PATIENCE_MS);
  });
  return await Promise.race([wanted, late]).finally(() => clearTimeout(timer));
}

/** The whole lines that come, until the connection ends, however it does. */
async function* linesOf(connection: Deno.TcpConn): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  const bytes = new Uint8Array(4096);
  for (let rest = "";;) {
    const size = await connection.read(bytes).catch(() => null);
    if (size === null) return;
    const parts = (rest + decoder.decode(bytes.subarray(0, size))).split("\n");
    rest = parts.pop() as string;
    yield* parts;
  }
}
