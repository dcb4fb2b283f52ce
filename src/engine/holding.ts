/**
 * What a backup holds of the log, and what the log says of the backup.
 *
 * @module
 */
import { type Batch, controlsOf, nextOf } from "./batch.ts";
import type { NodeId } from "./epoch.ts";
import type { BackupAction } from "./events.ts";
import { Gather } from "./gather.ts";
import { Membership } from "./membership.ts";

/** The held log. Its changes are written as actions to `out`. */
export class Holding {
  readonly membership = new Membership();
  readonly #self: NodeId;
  readonly #gather: Gather;
  /** End of the primary's log, as far as it told. */
  end: number;
  #released = 0;

  constructor(self: NodeId, next: number) {
    this.#self = self;
    this.#gather = new Gather(next);
    this.end = next;
  }

  /** The first number it lacks. */
  get next(): number {
    return this.#gather.next;
  }

  /** Later messages are here, but not `next`. */
  get gap(): boolean {
    return this.#gather.gap;
  }

  /** Outputs below this are held and have left at the primary. */
  get released(): number {
    return Math.min(this.#released, this.next);
  }

  /** The log names this node as a member. */
  get inSync(): boolean {
    return this.membership.find(this.#self) !== undefined;
  }

  /** Outputs below `next` have left at the primary. */
  release(next: number, out: BackupAction[]): void {
    if (next <= this.#released) return;
    this.#released = next;
    out.push({ kind: "released", next });
  }

  /** Takes a batch, wherever it belongs, and stores what is next in order. */
  take(batch: Batch, out: BackupAction[]): void {
    this.end = Math.max(this.end, nextOf(batch));
    for (const ready of this.#gather.take(batch)) {
      out.push({ kind: "store", batch: ready });
      this.#follow(ready, out);
    }
  }

  #follow(batch: Batch, out: BackupAction[]): void {
    for (const message of controlsOf(batch)) {
      const before = this.membership.find(this.#self);
      this.membership.apply(message);
      const after = this.membership.find(this.#self);
      if (before === after) continue;
      const kind = after === undefined ? "removed" : "synced";
      out.push({ kind: "note", note: { kind, at: message.seq } });
    }
  }
}
