import type { ErrorEvent } from "../cli/report.ts";
import type { StatusEvent } from "../runtime/status.ts";

/**
 * What a node says: the status lines of `--json` and, last, the error that ended it, if one did.
 *
 * @example
 * ```ts
 * import { type NodeEvent, startNode } from "replrt";
 *
 * const node = startNode({ module: "guests/dist/trap.wasm", stdout: "null" });
 * const events: NodeEvent[] = [];
 * for await (const event of node.events) events.push(event);
 * const last = events.at(-1);
 * if (last?.event !== "ended" || last.trap === null) throw new Error("no trap");
 * ```
 */
export type NodeEvent = StatusEvent | ErrorEvent;

/** How many events are kept for those who read late. */
export const EVENTS_KEPT = 1_000;

/**
 * The events of one node, for any number of readers at any time: each gets all from the first on.
 *
 * Of those that nobody needs to keep, the oldest are dropped; a reader that comes too late for `n` events gets
 * `{ event: "dropped", lines: n }` in their place.
 */
export class EventLog implements AsyncIterable<NodeEvent> {
  readonly #kept: NodeEvent[] = [];
  /** Number of the first that is kept. */
  #first = 0;
  #ended = false;
  #more = Promise.withResolvers<void>();

  /** Takes the next event. */
  add(event: NodeEvent): void {
    this.#kept.push(event);
    if (this.#kept.length > EVENTS_KEPT) {
      this.#kept.shift();
      this.#first++;
    }
    this.#wake();
  }

  /** Says that this was all. */
  end(): void {
    this.#ended = true;
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<NodeEvent, void> {
    for (let next = 0;;) {
      const lines = this.#first - next;
      if (lines > 0) {
        next = this.#first;
        yield { event: "dropped", lines };
      } else if (-lines < this.#kept.length) {
        next++;
        yield this.#kept[-lines]!;
      } else if (this.#ended) return;
      else await this.#more.promise;
    }
  }

  #wake(): void {
    this.#more.resolve();
    this.#more = Promise.withResolvers();
  }
}
