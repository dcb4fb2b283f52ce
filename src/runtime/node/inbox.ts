import { type Batch, nextOf, viewOf } from "../../engine/batch.ts";
import { MessageHeader } from "../../engine/message.ts";
import type { Ring } from "../ring.ts";

/** Batches that wait in memory for a guest that is slower than its log; what is beyond is read from the log again. */
const MEMORY_BYTES = 32 << 20;

/** Reads a batch that holds message `from` from the log on disk; undefined where there is none. */
export type ReadLog = (from: number) => Batch | undefined;

/** Feeds a following guest's inbox in order, with bounded memory where the log is on disk. */
export class InboxFeeder {
  readonly #inbox: Ring;
  readonly #read: ReadLog;
  readonly #lost: () => void;
  #waiting: Batch[] = [];
  #bytes = 0;
  /** First number that the log has and `#waiting` does not hold. */
  #spilled: number | undefined;
  /** The first number after all that was pushed. */
  #end = 0;
  #last: Uint8Array | undefined;
  #running = false;

  /** `lost` is called when the log does not give back what was left to it. */
  constructor(inbox: Ring, read: ReadLog, lost: () => void) {
    this.#lost = lost;
    this.#inbox = inbox;
    this.#read = read;
  }

  /** Takes the next batch; `logged` says whether it can be read from the log later. */
  push(batch: Batch, logged: boolean): void {
    this.#end = nextOf(batch);
    if (this.#spilled !== undefined || (logged && this.#bytes > MEMORY_BYTES)) {
      this.#spilled ??= batch.first;
    } else {
      this.#waiting.push(batch);
      this.#bytes += batch.bytes.length;
    }
    this.#start();
  }

  /** Takes the record that ends the feed. */
  close(record: Uint8Array): void {
    this.#last = record;
    this.#start();
  }

  #start(): void {
    if (this.#running) return;
    this.#running = true;
    this.#run();
  }

  /** Writes all there is. Between finding nothing and ending there is no `await`, so that no push goes unseen. */
  async #run(): Promise<void> {
    for (;;) {
      const bytes = this.#next()?.bytes ?? this.#last;
      if (bytes === undefined) break;
      if (bytes === this.#last) this.#last = undefined;
      await fillInbox(this.#inbox, bytes);
    }
    this.#running = false;
  }

  #next(): Batch | undefined {
    const batch = this.#waiting.shift();
    if (batch !== undefined) {
      this.#bytes -= batch.bytes.length;
      return batch;
    }
    if (this.#spilled === undefined) return undefined;
    if (this.#spilled === this.#end) {
      this.#spilled = undefined;
      return undefined;
    }
    const read = this.#read(this.#spilled);
    if (read === undefined) this.#lost();
    else this.#spilled = nextOf(read);
    return read;
  }
}

/** Copies whole messages into a guest's inbox, as many at a time as find room. */
export async function fillInbox(
  inbox: Ring,
  bytes: Uint8Array,
): Promise<void> {
  const view = viewOf(bytes);
  for (let at = 0; at < bytes.length;) {
    const size = view.getUint32(at + MessageHeader.at.size, true);
    const place = inbox.reserve(size);
    if (place < 0) {
      inbox.publish();
      inbox.wakeReader();
      await inbox.consumed();
      continue;
    }
    inbox.bytes.set(bytes.subarray(at, at + size), place);
    inbox.advance(size);
    at += size;
  }
  inbox.publish();
  inbox.wakeReader();
}
