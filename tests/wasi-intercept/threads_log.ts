/** Logs of guests with threads: read, made and changed by tests. @module */
import { decode, encode } from "cbor-x";
import { viewOf } from "../../src/engine/batch.ts";
import {
  Control,
  MessageHeader,
  messageSize,
} from "../../src/engine/message.ts";
import {
  controlName,
  describeMessage,
} from "../../src/wasi-intercept/describe.ts";
import { numbered } from "./rig.ts";

/** What a message is: its thread, its call, and what a scheduler's says. */
export function lineOf(message: Uint8Array): string {
  const view = viewOf(message);
  const method = view.getUint16(MessageHeader.at.method, true);
  const tid = view.getUint32(MessageHeader.at.tid, true);
  const data = message.subarray(
    MessageHeader.size,
    MessageHeader.size + view.getUint32(MessageHeader.at.dataSize, true),
  );
  const name = controlName(method) ??
    describeMessage(method, data).split("(")[0];
  const said = method === Control.threadsWoken
    ? ` ${decode(data).tids.join(",")}`
    : method === Control.threadCreate
    ? ` by ${decode(data).parent}`
    : "";
  return `${tid} ${name}${said}`;
}

/** The messages as {@linkcode lineOf} has them. */
export function linesOf(messages: readonly Uint8Array[]): string[] {
  return messages.map(lineOf);
}

/** A message with this DATA. */
export function message(
  method: number,
  tid: number,
  data: Uint8Array,
): Uint8Array {
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

/** A control message that says `value`. */
export function control(
  method: number,
  tid: number,
  value: unknown,
): Uint8Array {
  return message(method, tid, new Uint8Array(encode(value)));
}

/** The messages, numbered from 1 on. */
export function renumbered(messages: readonly Uint8Array[]): Uint8Array[] {
  return messages.map((bytes, i) => numbered(bytes, i + 1));
}
