import type { ParkedWord, Thread } from "./thread.ts";

/** The threads that wait for words of memory, by address, each in the order in which they came. */
export class WaitingWords {
  readonly #queues = new Map<number, Thread[]>();

  add(thread: Thread, { address }: ParkedWord): void {
    const queue = this.#queues.get(address);
    if (queue === undefined) this.#queues.set(address, [thread]);
    else queue.push(thread);
  }

  /** Takes up to `count` threads that wait for the word at `address`. */
  take(address: number, count: number): readonly Thread[] {
    const queue = this.#queues.get(address);
    if (queue === undefined) return [];
    const taken = queue.splice(0, count);
    if (queue.length === 0) this.#queues.delete(address);
    return taken;
  }

  /** Takes a thread whose time is over. */
  remove(thread: Thread, { address }: ParkedWord): void {
    const queue = this.#queues.get(address) as Thread[];
    queue.splice(queue.indexOf(thread), 1);
    if (queue.length === 0) this.#queues.delete(address);
  }
}
