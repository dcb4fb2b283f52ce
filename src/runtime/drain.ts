import { getU64, setU64 } from "../bytes/layout.ts";
import type { Batch } from "../engine/batch.ts";
import { MessageHeader } from "../engine/message.ts";
import { Local } from "./guest/local.ts";
import { PAD, type Ring } from "./ring.ts";

/** Most bytes that one drain takes; a batch has to fit in a frame. */
const MAX_DRAIN = 1 << 20;

/** Something a guest's stream does, as it stood in the outbox. DATA shares its buffer with that of other streams. */
export type StreamSink = (
  seq: number,
  slot: number,
  op: number,
  bytes: Uint8Array<ArrayBuffer>,
) => void;

const { method: METHOD, seq: SEQ, dataSize: DATA_SIZE, pid: PID, tid: TID } =
  MessageHeader.at;

/** Whole records at the start of the outbox: where they end, what they hold. */
interface Span {
  readonly start: number;
  readonly end: number;
  readonly messages: number;
  readonly messageBytes: number;
  /** DATA of all stream records together. */
  readonly streamBytes: number;
}

/**
 * Takes what a guest has published from its outbox: numbers its messages from `next` and gives them as one batch, gives its
 * stream records to `sink`. The batch is undefined when there were no messages; `more` says whether to come again at once.
 */
export function drain(
  outbox: Ring,
  next: number,
  sink: StreamSink,
): { readonly batch: Batch | undefined; readonly more: boolean } {
  const span = survey(outbox);
  if (span.end === span.start) return { batch: undefined, more: false };
  const bytes = sort(outbox, span, next, sink);
  outbox.consume(span.end);
  const batch = span.messages > 0
    ? { first: next, count: span.messages, bytes }
    : undefined;
  return { batch, more: true };
}

/** Measures first, so that a drain allocates twice and not for every record, which would cost more than all else here. */
function survey(outbox: Ring): Span {
  const { view, tail: start } = outbox;
  const spanEnd = outbox.spanEnd();
  let end = start, messages = 0, messageBytes = 0, streamBytes = 0;
  while (end < spanEnd && end - start < MAX_DRAIN) {
    const size = view.getUint32(end, true);
    const method = view.getUint16(end + METHOD, true);
    if (method === Local.stream) {
      streamBytes += view.getUint32(end + DATA_SIZE, true);
    } else if (method !== PAD) {
      messages++;
      messageBytes += size;
    }
    end += size;
  }
  return { start, end, messages, messageBytes, streamBytes };
}

/** Numbers the messages of a span and gives them back to back; the stream records go to `sink`. */
function sort(
  { view, bytes }: Ring,
  { start, end, messageBytes, streamBytes }: Span,
  next: number,
  sink: StreamSink,
): Uint8Array {
  const messages = new Uint8Array(messageBytes);
  const streams = new Uint8Array(streamBytes);
  let seq = next, from = start, kept = 0, copied = 0;
  const keep = (to: number) => {
    if (to > from) messages.set(bytes.subarray(from, to), kept);
    kept += to - from;
  };
  for (let at = start, size = 0; at < end; at += size) {
    size = view.getUint32(at, true);
    const method = view.getUint16(at + METHOD, true);
    if (method !== PAD && method !== Local.stream) {
      setU64(view, at + SEQ, seq++);
      continue;
    }
    keep(at);
    from = at + size;
    if (method === PAD) continue;
    const data = at + MessageHeader.size;
    const dataEnd = data + view.getUint32(at + DATA_SIZE, true);
    const copy = streams.subarray(copied, copied += dataEnd - data);
    copy.set(bytes.subarray(data, dataEnd));
    const own = getU64(view, at + SEQ);
    sink(
      own > 0 ? own : seq - 1,
      view.getUint32(at + PID, true),
      view.getUint32(at + TID, true),
      copy,
    );
  }
  keep(end);
  return messages;
}
