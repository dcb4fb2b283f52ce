/** The guest `calls -`, which measures itself as it is ordered, in any process that runs WASI. @module */
import { startBackup, startPrimary } from "../tests/failover/kit/cluster.ts";
import { guest, type RunningNode, startNode } from "../tests/kit/node.ts";
import { tempDir } from "../tests/kit/place.ts";
import { type Command, spawn } from "./stage.ts";

const encoder = new TextEncoder();
/** Bytes of the file that is read. */
const FILE_BYTES = 1 << 20;

/** The built guest. */
export const CALLS = guest("calls");
/** Nodes that starve on a busy machine are not to take each other for dead. */
export const PATIENT = ["--timeout", "3000"];

/** A running guest that takes orders. */
export class Ordered {
  #answers = 0;

  constructor(
    readonly pid: number,
    private readonly orders: WritableStreamDefaultWriter<Uint8Array>,
    /** Its answer of this number, from 0. */
    private readonly answer: (n: number) => Promise<string>,
    private readonly ended: Promise<unknown>,
  ) {}

  /** Gives an order, such as `clocks 20000`, and ns a call. @throws {Error} when a call failed or the guest died. */
  async run(order: string): Promise<number> {
    await this.orders.write(encoder.encode(`${order}\n`));
    const text = await this.answer(this.#answers++);
    if (!(Number(text) > 0)) throw new Error(`cannot take ${text} for a time`);
    return Number(text);
  }

  /** Ends the guest, and with it its node and the node's backup. */
  async end(): Promise<void> {
    await this.orders.close();
    await this.ended;
  }
}

/** A directory for a guest, with the file `read`. */
export function plant(): string {
  const dir = tempDir();
  Deno.writeFileSync(`${dir}/read`, new Uint8Array(FILE_BYTES));
  return dir;
}

/** The guest in a process that is no node. */
export function peerGuest(command: Command): Ordered {
  const child = spawn(command);
  const lines = linesOf(child.stdout);
  const next = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error(`cannot go on: ${command.join(" ")} died`);
    return value;
  };
  return new Ordered(child.pid, child.stdin.getWriter(), next, child.status);
}

/** The guest alone in a node. */
export function soloGuest(): Ordered {
  const place = ["--dir", `${plant()}::/`];
  return orderedNode(["run", CALLS, "--json", ...place, "--", "-"]);
}

/** A guest that takes orders, in a node of these words. */
export function orderedNode(words: readonly string[]): Ordered {
  const { stdin, orders } = pipe();
  return nodeGuest(startNode(words, { stdin }), orders);
}

/** A primary's guest, with its log in `state`. */
export async function primaryGuest(
  state: string,
): Promise<{ readonly guest: Ordered; readonly bind: string }> {
  const { stdin, orders } = pipe();
  const place = ["--dir", `${plant()}::/`, "--state-dir", state];
  const options = [...PATIENT, ...place];
  const primary = await startPrimary("calls", { options, args: ["-"], stdin });
  return { guest: nodeGuest(primary.node, orders), bind: primary.bind };
}

/** A primary's guest, and the process of a backup in sync. */
export async function replicatedGuest(): Promise<
  { readonly guest: Ordered; readonly backup: number }
> {
  const { guest, bind } = await primaryGuest(tempDir());
  const options = [...PATIENT, "--dir", `${plant()}::/`];
  const backup = startBackup("calls", bind, { options });
  await backup.waitForEvent("following");
  return { guest, backup: backup.pid };
}

function nodeGuest(
  node: RunningNode,
  orders: WritableStreamDefaultWriter<Uint8Array>,
): Ordered {
  const answer = async (n: number) => {
    const line = new RegExp(`^(?:.*\\n){${n}}(.*)\\n`);
    return (await node.waitForOutput(line))[1] as string;
  };
  return new Ordered(node.pid, orders, answer, node.exit);
}

function pipe() {
  const { readable, writable } = new TransformStream<
    Uint8Array<ArrayBuffer>,
    Uint8Array<ArrayBuffer>
  >();
  return { stdin: readable, orders: writable.getWriter() };
}

async function* linesOf(stream: ReadableStream<Uint8Array<ArrayBuffer>>) {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop() as string;
    yield* lines;
  }
}
