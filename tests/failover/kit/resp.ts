/** A small client of the Redis protocol: every command is sent at once, replies come in order. @module */

/** A reply; an error reply rejects instead. */
export type Reply = string | number | null | Reply[];

/** The connection ended before the reply came: the command may have happened. */
export class Lost extends Error {}

interface Asked {
  resolve(reply: Reply): void;
  reject(error: Error): void;
}

const CRLF = 2;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** One connection. */
export class Resp {
  /** Resolves when the connection is over. */
  readonly ended: Promise<void>;
  /** Bytes that came in. */
  received = 0;
  readonly #connection: Deno.TcpConn;
  readonly #onBytes: (bytes: number) => void;
  readonly #asked: Asked[] = [];
  #out: string[] = [];
  #in = new Uint8Array(0);
  #over = false;

  private constructor(
    connection: Deno.TcpConn,
    onBytes: (bytes: number) => void,
  ) {
    this.#connection = connection;
    this.#onBytes = onBytes;
    connection.setNoDelay(true);
    this.ended = this.#read();
  }

  /** `onBytes` is told of all that comes in. @throws {Error} when nobody listens there. */
  static async connect(
    address: string,
    onBytes: (bytes: number) => void = () => {},
  ): Promise<Resp> {
    const [hostname, port] = address.split(":") as [string, string];
    return new Resp(
      await Deno.connect({ hostname, port: Number(port) }),
      onBytes,
    );
  }

  /** Sends a command; commands of one turn leave together. @throws {Lost} as its name says. */
  send(...words: string[]): Promise<Reply> {
    if (this.#over) return Promise.reject(new Lost("not connected"));
    if (this.#out.length === 0) queueMicrotask(() => this.#flush());
    const parts = words.map((word) =>
      `$${encoder.encode(word).length}\r\n${word}\r\n`
    );
    this.#out.push(`*${words.length}\r\n${parts.join("")}`);
    return new Promise((resolve, reject) =>
      this.#asked.push({ resolve, reject })
    );
  }

  close(): void {
    if (!this.#over) this.#connection.close();
    this.#end();
  }

  async #flush(): Promise<void> {
    const bytes = encoder.encode(this.#out.join(""));
    this.#out = [];
    try {
      for (let at = 0; at < bytes.length;) {
        at += await this.#connection.write(bytes.subarray(at));
      }
    } catch {
      this.close();
    }
  }

  async #read(): Promise<void> {
    try {
      for await (const part of this.#connection.readable) this.#take(part);
    } catch {
      // The other side is gone: what is asked for stays without an answer.
    }
    this.#end();
  }

  #end(): void {
    this.#over = true;
    for (const { reject } of this.#asked.splice(0)) {
      reject(new Lost("the connection ended"));
    }
  }

  #take(part: Uint8Array): void {
    this.received += part.length;
    this.#onBytes(part.length);
    const all = new Uint8Array(this.#in.length + part.length);
    all.set(this.#in);
    all.set(part, this.#in.length);
    let at = 0;
    for (
      let found = parse(all, 0);
      found !== undefined;
      found = parse(all, at)
    ) {
      at = found.end;
      const asked = this.#asked.shift();
      if (found.reply instanceof Error) asked?.reject(found.reply);
      else asked?.resolve(found.reply);
    }
    this.#in = all.subarray(at);
  }
}

/** The reply at `at` and where it ends; undefined while it is not whole. */
function parse(
  bytes: Uint8Array,
  at: number,
): { reply: Reply | Error; end: number } | undefined {
  const eol = bytes.indexOf(13, at);
  if (eol < 0 || eol + CRLF > bytes.length) return undefined;
  const text = decoder.decode(bytes.subarray(at + 1, eol));
  const end = eol + CRLF;
  switch (String.fromCharCode(bytes[at] as number)) {
    case "+":
      return { reply: text, end };
    case "-":
      return { reply: new Error(text), end };
    case ":":
      return { reply: Number(text), end };
    case "$":
      return bulk(bytes, end, Number(text));
    case "*":
      return list(bytes, end, Number(text));
    default:
      throw new Error(`no reply: ${JSON.stringify(text)}`);
  }
}

function bulk(bytes: Uint8Array, at: number, size: number) {
  if (size < 0) return { reply: null, end: at };
  const end = at + size + CRLF;
  if (end > bytes.length) return undefined;
  return { reply: decoder.decode(bytes.subarray(at, at + size)), end };
}

function list(bytes: Uint8Array, at: number, count: number) {
  const reply: Reply[] = [];
  let end = at;
  for (let i = 0; i < count; i++) {
    const item = parse(bytes, end);
    if (item === undefined) return undefined;
    if (item.reply instanceof Error) {
      return { reply: item.reply, end: item.end };
    }
    reply.push(item.reply);
    end = item.end;
  }
  return { reply, end };
}
