import { Control } from "../../engine/message.ts";
import type {
  ThreadCreated,
  ThreadMessages,
  ThreadsWoken,
  Told,
} from "../messages.ts";

/** What a scheduler logs of threads, or holds against the log while it follows. */
export class ThreadLog {
  readonly #messages: ThreadMessages;

  constructor(messages: ThreadMessages) {
    this.#messages = messages;
  }

  /** Thread `parent` made thread `tid`, with this argument. */
  created(tid: number, parent: number, argument: number): void {
    const made: ThreadCreated = { parent };
    const what =
      `thread-spawn(${argument}) of thread ${tid} by thread ${parent}`;
    this.#agree(Control.threadCreate, tid, { ...made }, what);
  }

  returned(tid: number): void {
    this.#agree(Control.threadExit, tid, {}, `the return of thread ${tid}`);
  }

  /** Says who can go on; undefined when this node has to ask the world itself. Waits for the log. */
  told(all: boolean): readonly number[] | undefined {
    if (!this.#messages.following) return undefined;
    const told = this.#messages.told(Control.threadsWoken, 0, lookOf(all));
    if (told === undefined) return undefined;
    const tids = (told.value as Partial<ThreadsWoken> | null)?.tids;
    if (!Array.isArray(tids)) this.#messages.refuse(lookOf(all));
    return tids;
  }

  /** The log wakes a thread that does not wait. Throws always. */
  refuse(all: boolean, tid: number): never {
    this.#messages.refuse(`${lookOf(all)}, thread ${tid} not among them`);
  }

  /** The world lets these threads go on, in this order. */
  woken(tids: readonly number[]): void {
    const value: ThreadsWoken = { tids };
    this.#messages.tell(Control.threadsWoken, 0, value);
  }

  #agree(
    method: number,
    tid: number,
    value: Readonly<Record<string, unknown>>,
    what: string,
  ): void {
    const messages = this.#messages;
    const told = messages.following
      ? messages.told(method, tid, what)
      : undefined;
    if (told === undefined) messages.tell(method, tid, value);
    else if (!has(told, value)) messages.refuse(what);
  }
}

function has(
  { value }: Told,
  expected: Readonly<Record<string, unknown>>,
): boolean {
  const found = value as Readonly<Record<string, unknown>> | null;
  return Object.entries(expected).every(([name, own]) => found?.[name] === own);
}

/** What a look at the world is called in a divergence; `all`: all threads wait for it. */
function lookOf(all: boolean): string {
  return all ? "a wait of all threads" : "a look at the world";
}
