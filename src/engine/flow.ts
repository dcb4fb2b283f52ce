/**
 * What was sent to one peer over one link, and what of it is held there.
 *
 * @module
 */
import { type Batch, nextOf } from "./batch.ts";

/** The cursor, the ack and the bytes between them. */
export class Flow {
  /** First number that the peer lacks, as far as it told. */
  acked: number;
  /** First number not sent yet. */
  cursor: number;
  /** Number that the log on disk was asked for; `undefined` when nothing is awaited. */
  feeding: number | undefined;
  readonly #pieceBytes: number;
  #pieces: { next: number; bytes: number }[] = [];
  #inFlight = 0;
  #nak = { next: -1, at: -Infinity };

  /** @param pieceBytes sent batches are counted together up to this size, so that many small ones cost little */
  constructor(next: number, pieceBytes: number) {
    this.#pieceBytes = pieceBytes;
    this.acked = next;
    this.cursor = next;
  }

  /** Unacked bytes on the way. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** Counts a batch that starts at the cursor as sent. */
  sent(batch: Batch): void {
    const bytes = batch.bytes.byteLength;
    const last = this.#pieces.at(-1);
    this.cursor = nextOf(batch);
    this.#inFlight += bytes;
    if (last !== undefined && last.bytes < this.#pieceBytes) {
      last.next = this.cursor;
      last.bytes += bytes;
    } else this.#pieces.push({ next: this.cursor, bytes });
  }

  /** Takes an ack; older ones change nothing. */
  ack(next: number): void {
    if (next <= this.acked) return;
    this.acked = next;
    let held = 0;
    for (const piece of this.#pieces) {
      if (piece.next > next) break;
      this.#inFlight -= piece.bytes;
      held++;
    }
    this.#pieces.splice(0, held);
    if (next >= this.cursor) this.#rewind(next);
  }

  /** Goes back to `next` and sends from there again, at most once per `pauseMs` for one number. */
  nak(next: number, now: number, pauseMs: number): void {
    if (next < this.acked || next > this.cursor) return;
    if (next === this.#nak.next && now - this.#nak.at < pauseMs) return;
    this.#nak = { next, at: now };
    this.ack(next);
    this.#rewind(next);
  }

  #rewind(next: number): void {
    this.cursor = next;
    this.#pieces = [];
    this.#inFlight = 0;
  }
}
