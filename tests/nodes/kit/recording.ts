/** Logs of real runs, taken down by a follower that is a test, to be given out again with changes. @module */
import { encode } from "cbor-x";
import { setU64 } from "../../../src/bytes/layout.ts";
import { type Batch, viewOf } from "../../../src/engine/batch.ts";
import {
  Control,
  MessageHeader,
  messageSize,
} from "../../../src/engine/message.ts";
import type { Welcome } from "../../../src/runtime/node/handshake.ts";
import { freePort } from "../../kit/place.ts";
import { launchPrimary, until, within } from "./nodes.ts";
import { goodHello, Wire } from "./wire.ts";

/** One message of a log, whole. */
export type Message = Uint8Array;

/** A run from PROCESS_INIT to PROCESS_EXIT. */
export interface Recording {
  readonly welcome: Welcome;
  /** Without those that concern the follower. */
  readonly messages: readonly Message[];
}

/** The method of a message. */
export function methodOf(message: Message): number {
  return viewOf(message).getUint16(MessageHeader.at.method, true);
}

/** Runs the guest `name` to its end and takes its log down. */
export async function record(
  name: string,
  args: readonly string[] = [],
): Promise<Recording> {
  const bind = `127.0.0.1:${freePort()}`;
  const node = launchPrimary(name, {
    args,
    flags: ["--bind", bind, "--wait-backups", "1"],
  });
  await node.waitForEvent("waitingForBackups");
  const wire = await Wire.to(bind);
  const messages: Message[] = [];
  let welcome: Welcome | undefined;
  let next = 0, heard = 0, over = false;
  wire.onFrame = ({ body, run, epoch }) => {
    if (body.kind === "welcome") {
      welcome = body.value as Welcome;
      wire.origin = { run, epoch };
    }
    if (body.kind === "data") {
      next = body.batch.first + body.batch.count;
      messages.push(...messagesOf(body.batch));
    }
    if (body.kind === "heartbeat") heard = body.sent;
    over ||= body.kind === "bye";
    void wire.send({ kind: "ack", next, heard });
  };
  const hello = { ...await goodHello(name), phase: "follow" as const };
  await wire.send({ kind: "hello", value: hello });
  await until("the end of the log", () => over);
  await within(node.exit, "the end of the run");
  wire.close();
  if (welcome === undefined) throw new Error("there was no welcome");
  return {
    welcome,
    messages: messages.filter((message) =>
      methodOf(message) !== Control.memberJoined
    ),
  };
}

function messagesOf(batch: Batch): Message[] {
  const view = viewOf(batch.bytes);
  const found: Message[] = [];
  for (let at = 0; at < batch.bytes.length;) {
    const size = view.getUint32(at + MessageHeader.at.size, true);
    found.push(batch.bytes.slice(at, at + size));
    at += size;
  }
  return found;
}

/** A copy of a message with one thing changed. */
export function changed(
  message: Message,
  change: (view: DataView, bytes: Uint8Array) => void,
): Message {
  const bytes = message.slice();
  change(viewOf(bytes), bytes);
  return bytes;
}

/** A control message of the first thread, or of another one. */
export function control(method: number, value: unknown, tid = 1): Message {
  const data = new Uint8Array(encode(value));
  const bytes = new Uint8Array(messageSize(data.length));
  const view = viewOf(bytes);
  view.setUint32(MessageHeader.at.size, bytes.length, true);
  view.setUint16(MessageHeader.at.method, method, true);
  view.setUint32(MessageHeader.at.pid, 1, true);
  view.setUint32(MessageHeader.at.tid, tid, true);
  view.setUint32(MessageHeader.at.dataSize, data.length, true);
  bytes.set(data, MessageHeader.size);
  return bytes;
}

/** Messages as one batch, numbered from `first`. */
export function batchOf(messages: readonly Message[], first = 0): Batch {
  const bytes = new Uint8Array(messages.reduce((n, m) => n + m.length, 0));
  let at = 0;
  for (const [i, message] of messages.entries()) {
    bytes.set(message, at);
    setU64(viewOf(bytes), at + MessageHeader.at.seq, first + i);
    at += message.length;
  }
  return { first, count: messages.length, bytes };
}
