/** A Worker that is what surrounds a rig with threads: its main isolate, and the clients of its guest. @module */
import { drain } from "../../src/runtime/drain.ts";
import { Slots } from "../../src/runtime/guest/slots.ts";
import { wake } from "../../src/runtime/host/poll.ts";
import { OutputQueues } from "../../src/runtime/outputs.ts";
import { Ring } from "../../src/runtime/ring.ts";
import { Random } from "../kit/random.ts";
import { split } from "./rig.ts";

/** What a rig has that its Worker needs. */
export interface Surrounded {
  readonly outbox: SharedArrayBuffer;
  readonly slots: SharedArrayBuffer;
  readonly waker: number;
  /** Where its guest listens. */
  readonly port: number;
  /** How many clients want their bytes back; one more takes nothing until they are gone. */
  readonly echoes: number;
  /** A pipe that lines are written to. */
  readonly pipe: string;
}

/** What came of it, once the guest has ended. */
export interface Surroundings {
  readonly messages: readonly Uint8Array[];
  /** Bytes that came back to each client. */
  readonly echoed: readonly number[];
  /** Bytes that the late client got. */
  readonly taken: number;
}

const ROUNDS = 12, LARGEST = 3000;

const scope = self as unknown as {
  onmessage: (event: MessageEvent<Surrounded>) => void;
  postMessage(message: "ready" | Surroundings): void;
};

scope.onmessage = async ({ data }) => {
  let ended = false;
  const end = new Promise<void>((resolve) => {
    scope.onmessage = () => {
      ended = true;
      resolve();
    };
  });
  const messages = surround(data, () => ended, end);
  scope.postMessage("ready");
  const clients = Array.from(
    { length: data.echoes },
    (_, i) => echo(data.port, new Random(i)),
  );
  const late = lateClient(data.port, Promise.all(clients));
  await writeLines(data.pipe);
  const [echoed, taken] = [await Promise.all(clients), await late];
  scope.postMessage({ messages: await messages, echoed, taken });
};

/** Takes what the guest makes, numbers its messages and lets its bytes leave; gives the messages at its end. */
async function surround(
  { outbox, slots, waker }: Surrounded,
  ended: () => boolean,
  end: Promise<void>,
): Promise<Uint8Array[]> {
  const ring = new Ring(outbox);
  const queues = new OutputQueues(new Slots(slots), () => wake(waker));
  queues.mayRelease = () => true;
  const messages: Uint8Array[] = [];
  for (;;) {
    const last = ended();
    for (let more = true; more;) {
      const next = messages.length + 1;
      const drained = drain(ring, next, queues.add);
      if (drained.batch !== undefined) {
        messages.push(...split(drained.batch.bytes));
      }
      queues.release(messages.length + 1);
      more = drained.more;
    }
    if (last && queues.idle) return messages;
    await Promise.race([
      ring.readable(),
      last ? new Promise((resolve) => setTimeout(resolve, 1)) : end,
    ]);
  }
}

/** Sends parts of all sizes, each when the one before has come back; how many bytes did. */
async function echo(port: number, random: Random): Promise<number> {
  const conn = await Deno.connect({ port });
  await conn.write(new TextEncoder().encode("e"));
  let all = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const part = random.bytes(1 + random.below(LARGEST));
    if (random.chance(30)) await new Promise((go) => setTimeout(go, 1));
    await conn.write(part);
    const back = await readExactly(conn, part.length);
    if (back.some((byte, i) => byte !== part[i])) break;
    all += part.length;
  }
  conn.close();
  return all;
}

async function readExactly(
  conn: Deno.Conn,
  size: number,
): Promise<Uint8Array> {
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size;) {
    const n = await conn.read(bytes.subarray(at));
    if (n === null) break;
    at += n;
  }
  return bytes;
}

/** Takes nothing before `others` are done, then all there is; how many bytes that was. */
async function lateClient(
  port: number,
  others: Promise<unknown>,
): Promise<number> {
  const conn = await Deno.connect({ port });
  await conn.write(new TextEncoder().encode("s"));
  await others;
  const buffer = new Uint8Array(1 << 16);
  let all = 0;
  for (let n; (n = await conn.read(buffer)) !== null;) all += n;
  conn.close();
  return all;
}

async function writeLines(path: string): Promise<void> {
  using pipe = await Deno.open(path, { write: true });
  for (const line of ["one\n", "two\n", "three\n", "end\n"]) {
    await new Promise((go) => setTimeout(go, 2));
    await pipe.write(new TextEncoder().encode(line));
  }
}
