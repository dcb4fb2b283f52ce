/** Threads of a guest as Workers of Deno: real threads, which the system runs at once. @module */
import { Errno } from "../../src/wasi-intercept/errno.ts";

/** What a Worker is given at its start: then it runs the threads that its words tell of, one after another. */
export interface WorkerStart {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly words: Int32Array<SharedArrayBuffer>;
  /** Whether it ends after the first. */
  readonly once: boolean;
}

/** The words of a Worker. */
export const Word = { state: 0, tid: 1, argument: 2 } as const;
/** Its states: it waits for a thread, or has one. */
export const State = { idle: 0, given: 1 } as const;

const WORKER = new URL("./plain_worker.ts", import.meta.url);

/** `thread-spawn` of wasi-threads, for the first thread of a guest: takes a Worker that is idle, or makes one. */
export class PlainThreads {
  readonly #workers: Int32Array<SharedArrayBuffer>[] = [];
  #lastTid = 0;

  /** @param reused whether a Worker runs another thread after its first. */
  constructor(
    private readonly module: WebAssembly.Module,
    private readonly memory: WebAssembly.Memory,
    private readonly reused: boolean,
  ) {}

  /** Gives the number of a new thread. */
  spawn(argument: number): number {
    const words = this.#idle() ?? this.#make();
    words[Word.tid] = ++this.#lastTid;
    words[Word.argument] = argument;
    Atomics.store(words, Word.state, State.given);
    Atomics.notify(words, Word.state);
    return this.#lastTid;
  }

  #idle(): Int32Array<SharedArrayBuffer> | undefined {
    return this.#workers.find((words) =>
      Atomics.load(words, Word.state) === State.idle
    );
  }

  #make(): Int32Array<SharedArrayBuffer> {
    const bytes = Object.keys(Word).length * Int32Array.BYTES_PER_ELEMENT;
    const words = new Int32Array(new SharedArrayBuffer(bytes));
    const { module, memory } = this;
    const start: WorkerStart = { module, memory, words, once: !this.reused };
    new Worker(WORKER, { type: "module" }).postMessage(start);
    if (this.reused) this.#workers.push(words);
    return words;
  }
}

/** `thread-spawn` in a thread that is not the first: guests of the bench never do that. */
export function refuseSpawn(): number {
  return -Errno.notsup;
}
