import type { RunningNode } from "../../kit/node.ts";

const PAUSE_MS = 5;
const SERVES = /^serving: yes$/m;

/**
 * A client of the family `sockets` that comes again and again until it is stopped.
 *
 * Each time it connects where the nodes say that they serve, reads the number that the program is at, sends the text of that number, and
 * reads until the program ends the connection. Whatever breaks is tried again: whether it was done, the program knows.
 */
export class Client {
  readonly #nodes: readonly RunningNode[];
  readonly #done: Promise<void>;
  #stopped = false;

  /** Starts once one of `nodes` says that it serves, so that the program first finds nobody. */
  constructor(nodes: readonly RunningNode[]) {
    this.#nodes = nodes;
    this.#done = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#done;
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      const served = this.#nodes.some(({ stdout }) => SERVES.test(stdout));
      const addresses = served ? this.#nodes.flatMap(addressesOf) : [];
      const talks = addresses.map((address) =>
        talk(address).catch(() => false)
      );
      if (!(await Promise.all(talks)).includes(true)) {
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      }
    }
  }
}

/** Where a node's program has been served, as its status lines say. */
function addressesOf({ stderr }: RunningNode): string[] {
  return stderr.flatMap((line) =>
    /^\{"event":"(?:serving|taken)".*"listen":\["([^"]+)"/.exec(line)?.[1] ?? []
  );
}

/** One conversation; whether it came to an end. */
async function talk(address: string): Promise<boolean> {
  const [hostname, port] = address.split(":") as [string, string];
  using connection = await Deno.connect({ hostname, port: Number(port) });
  const number = await readUntil(connection, "\n");
  const text = `text of ${number.trim()}`.padEnd(19, ".") + "\n";
  await connection.write(new TextEncoder().encode(text));
  const answer = await readUntil(connection, undefined);
  return answer.startsWith(`${number.trim()} ${text.trim()}`);
}

/** What comes up to `end`, or up to the end of the connection. */
async function readUntil(
  connection: Deno.Conn,
  end: string | undefined,
): Promise<string> {
  const bytes = new Uint8Array(256);
  let text = "";
  while (end === undefined || !text.endsWith(end)) {
    const n = await connection.read(bytes);
    if (n === null) return text;
    text += new TextDecoder().decode(bytes.subarray(0, n));
  }
  return text;
}
