import type { Batch } from "../../engine/batch.ts";
import { viewOf } from "../../engine/batch.ts";
import { Control, MessageHeader } from "../../engine/message.ts";
import { callOf } from "../../wasi-intercept/describe.ts";
import { decodeEnd, sameEnd } from "../guest/end.ts";
import { OpenFds, type SeenCall } from "./print_fds.ts";
import { CUT, type Recording, type RecordingEnd } from "./recording.ts";

/** A message of a recording, with what its row makes of it. */
export interface Entry {
  readonly seq: number;
  readonly method: number;
  readonly errno: number;
  readonly pid: number;
  readonly tid: number;
  readonly digest: number;
  readonly data: Uint8Array;
  /** Bytes that it takes in the log. */
  readonly size: number;
  /** Undefined for a control message, and for a method that has no row. */
  readonly seen: SeenCall | undefined;
  /** The guest's monotonic clock when its frame was written, in ns. */
  readonly monotonic: bigint;
  /** Its share of the time since the frame before, in ns: all messages of a frame have the same. */
  readonly ns: number;
}

const { at: AT, size: HEAD } = MessageHeader;

/** A message's head and DATA; the bytes are shared. */
type Raw = Omit<Entry, "seen" | "monotonic" | "ns">;

function* messagesOf({ first, bytes }: Batch): Generator<Raw> {
  const view = viewOf(bytes);
  let seq = first;
  for (let at = 0; at < bytes.length; seq++) {
    const size = view.getUint32(at + AT.size, true);
    const dataSize = view.getUint32(at + AT.dataSize, true);
    yield {
      seq,
      method: view.getUint16(at + AT.method, true),
      errno: view.getUint16(at + AT.errno, true),
      pid: view.getUint32(at + AT.pid, true),
      tid: view.getUint32(at + AT.tid, true),
      digest: view.getUint32(at + AT.digest, true),
      data: bytes.subarray(at + HEAD, at + HEAD + dataSize),
      size,
    };
    at += size;
  }
}

/** All messages in order, as far as the recording is good; one frame at a time is in memory. @throws {ReplrtError} when the disk fails. */
export function* entriesOf(
  recording: Recording,
): Generator<Entry, RecordingEnd> {
  const fds = new OpenFds(recording.init.config);
  const frames = recording.frames();
  let before = 0n;
  for (;;) {
    const step = frames.next();
    if (step.done) return endOf(recording, step.value);
    const { batch, clocks: { monotonic } } = step.value;
    const since = before === 0n ? 0 : Number(monotonic - before);
    const ns = Math.max(0, since) / batch.count;
    if (monotonic !== 0n) before = monotonic;
    for (const raw of messagesOf(batch)) {
      const call = callOf(raw.method, raw.errno, raw.data);
      yield { ...raw, seen: call && fds.see(call), monotonic, ns };
    }
  }
}

/** An end that looks like a cut is none when good frames stand behind it. */
function endOf(recording: Recording, end: RecordingEnd): RecordingEnd {
  return end.damage === CUT && recording.hasFrameAfter(end.size + 1)
    ? { ...end, damage: "the size of a frame does not fit" }
    : end;
}

/** Whether two arguments, outcomes or DATA are the same. */
export function same(a: unknown, b: unknown): boolean {
  return a instanceof Uint8Array && b instanceof Uint8Array
    ? a.length === b.length && a.every((byte, i) => byte === b[i])
    : a === b;
}

/** Whether two control messages of one method say the same. */
export function sameControl(a: Entry, b: Entry): boolean {
  if (a.method !== Control.processExit) return same(a.data, b.data);
  const first = decodeEnd(a.data), second = decodeEnd(b.data);
  return first && second ? sameEnd(first, second) : same(a.data, b.data);
}

/** Where a recording ends before the end of its file, and why. */
export function whereOf({ next, size, damage }: RecordingEnd): string {
  return `at byte ${size}, after message ${next - 1}: ${damage}`;
}
