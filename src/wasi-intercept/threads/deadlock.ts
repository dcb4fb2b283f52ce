import type { Thread } from "./thread.ts";

/** Threads that the text of a deadlock names. */
const NAMED = 8;

/** Every thread of a guest waits for a word of memory for ever, so that none can wake another: the end of the process, on every node alike. */
export class Deadlock extends Error {
  /** What a thread's wait gives to make it trap. */
  static readonly TRAP = -1;
  /** What each thread trapped with, by its number. */
  readonly traps = new Map<number, Error>();
  readonly #count: number;

  /** @param threads all there are. */
  constructor(threads: readonly Thread[]) {
    super(`deadlock: ${describe(threads)}`);
    this.#count = threads.length;
  }

  add(tid: number, trap: unknown): void {
    this.traps.set(tid, trap as Error);
  }

  get complete(): boolean {
    return this.traps.size === this.#count;
  }
}

function describe(threads: readonly Thread[]): string {
  const waits = threads.slice(0, NAMED).map(({ tid, parked }) =>
    `thread ${tid} waits for the word at 0x${
      parked?.kind === "word" ? parked.address.toString(16) : "?"
    }`
  );
  const more = threads.length - waits.length;
  return [...waits, ...more > 0 ? [`${more} more wait`] : []].join(", ");
}
