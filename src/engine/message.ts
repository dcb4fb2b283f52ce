/**
 * The replication message `<method id, pid, tid, sequence number, DATA>` (US 9,128,787).
 *
 * A message is the same bytes in the guest's outbox, on the wire, in the log on disk and in a backup's inbox.
 * Messages are numbered over the whole application, from 0, one higher for each; message 0 is PROCESS_INIT.
 *
 * @module
 */
import { getU64, layout } from "../bytes/layout.ts";

/** The head of every message; DATA follows, then zeroes up to a multiple of 8. */
export const MessageHeader = layout("MessageHeader", 32, [
  [0, "u32", "size", "bytes of the whole message, a multiple of 8"],
  [4, "u16", "method", "method id: a control message or a syscall"],
  [6, "u16", "errno", "errno of the outcome, 0 for success"],
  [
    8,
    "u32",
    "pid",
    "virtual process that called; 0 where the node itself speaks",
  ],
  [
    12,
    "u32",
    "tid",
    "virtual thread that called, or that was made, or returned; else 0",
  ],
  [16, "u64", "seq", "sequence number over the whole application"],
  [
    24,
    "u32",
    "digest",
    "digest of the call's arguments; 0 in control messages",
  ],
  [28, "u32", "dataSize", "bytes of DATA that follow this head"],
]);

/** Methods of the runtime itself; syscalls are numbered from {@linkcode FIRST_SYSCALL}. */
export const Control = {
  /** Message 0: the configuration of the run (CBOR). */
  processInit: 1,
  /** The guest ended: its exit code or trap (CBOR). The log ends here. */
  processExit: 2,
  /** A backup is in sync from this message on (CBOR: {@linkcode Member}). */
  memberJoined: 3,
  /** A backup no longer counts from this message on (CBOR: {@linkcode Member}). */
  memberRemoved: 4,
  /** A backup became primary: the first message of its epoch (CBOR). */
  takeover: 5,
  /** A thread was made, which is the head's tid (CBOR: its parent). */
  threadCreate: 6,
  /** The head's thread returned (CBOR, empty). */
  threadExit: 7,
  /** The scheduler asked the world and made these threads runnable, in this order; perhaps none (CBOR). */
  threadsWoken: 8,
} as const;

/** The lowest method id of a syscall. */
export const FIRST_SYSCALL = 256;

/** Largest DATA of one message; `execute` never gives more. */
export const MAX_DATA = 1 << 20;

/** Bytes that a message with `dataSize` bytes of DATA takes. */
export function messageSize(dataSize: number): number {
  return MessageHeader.size + ((dataSize + 7) & ~7);
}

/** Why the bytes at `at` are no message, or `undefined` when a whole message stands there. */
export function messageProblem(
  view: DataView,
  at: number,
  end: number,
): string | undefined {
  if (end - at < MessageHeader.size) {
    return `${end - at} bytes are too few for a message`;
  }
  const size = view.getUint32(at + MessageHeader.at.size, true);
  const dataSize = view.getUint32(at + MessageHeader.at.dataSize, true);
  if (dataSize > MAX_DATA) return `DATA of ${dataSize} bytes is too long`;
  if (size !== messageSize(dataSize)) {
    return `size ${size} does not fit DATA of ${dataSize} bytes`;
  }
  if (size > end - at) return `${size - (end - at)} bytes are missing`;
  if (getU64(view, at + MessageHeader.at.seq) === Infinity) {
    return "the sequence number is above 2^53";
  }
  return undefined;
}
