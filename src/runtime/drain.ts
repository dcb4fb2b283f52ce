import { getU64, setU64 } from "../bytes/layout.ts";
import type { Batch } from "../engine/batch.ts";
import { MessageHeader } from "../engine/message.ts";
import { Local } from "./guest/local.ts";
import { PAD, type Ring } from "./ring.ts";

/** Most bytes that one drain takes; a batch has to fit in a frame. */
const MAX_DRAIN = 1 << 20;

/** Something a guest's stream does, as it stands in the outbox: DATA is copied by who keeps it. */
export type StreamSink = (
  seq: number,
  slot: number,
  op: number,
  bytes: Uint8Array<ArrayBuffer>,
) => void;

const { method: METHOD, seq: SEQ, dataSize: DATA_SIZE, pid: PID, tid: TID } =
  MessageHeader.at;

/**
 * Takes what a guest has published from its outbox: numbers its messages from `next` and gives them as one batch, gives its
 * stream records to `sink`. The batch is undefined when there were no messages; `more` says whether to come again at once.
 */
export function drain(
  outbox: Ring,
  next: number,
  sink: StreamSink,
): { readonly batch: Batch | undefined; readonly more: boolean } {
  const { view, bytes } = outbox;
  const start = outbox.tail;
  const spanEnd = outbox.spanEnd();
  const parts: Uint8Array[] = [];
  let seq = next, at = start, from = start;
  const cut = (end: number) => {
    if (end > from) parts.push(bytes.subarray(from, end));
  };
  while (at < spanEnd && at - start < MAX_DRAIN) {
    const size = view.getUint32(at, true);
    const method = view.getUint16(at + METHOD, true);
    if (method === PAD || method === Local.stream) {
      cut(at);
      from = at + size;
      if (method === Local.stream) {
        const data = at + MessageHeader.size;
        const copy = bytes.slice(
          data,
          data + view.getUint32(at + DATA_SIZE, true),
        );
        const own = getU64(view, at + SEQ);
        sink(
          own > 0 ? own : seq - 1,
          view.getUint32(at + PID, true),
          view.getUint32(at + TID, true),
          copy,
        );
      }
    } else {
      setU64(view, at + SEQ, seq++);
    }
    at += size;
  }
  cut(at);
  const batch = seq > next
    ? { first: next, count: seq - next, bytes: joined(parts) }
    : undefined;
  if (at > start) outbox.consume(at);
  return { batch, more: at > start };
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((n, part) => n + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
