import { drain } from "../drain.ts";
import type { GuestThread } from "../node/thread.ts";
import { breathe } from "../node/unhurried.ts";
import { OutputQueues } from "../outputs.ts";

/** What a replayed guest writes to stdout and stderr, shown or not; all else that it sends goes nowhere. */
export class Shown {
  readonly #thread: GuestThread;
  readonly #outputs: OutputQueues;
  readonly #quiet: boolean;
  #over = false;

  constructor(thread: GuestThread, quiet: boolean) {
    this.#thread = thread;
    this.#quiet = quiet;
    this.#outputs = new OutputQueues(thread.slots, () => thread.wake());
    this.#outputs.mayRelease = () => true;
  }

  /** Shows what comes from now on. */
  async pump(): Promise<void> {
    while (!this.#over) {
      await this.#thread.outbox.readable();
      while (this.#drain());
      await breathe();
    }
  }

  /** Shows all that there is; resolves when it has left. */
  async flush(): Promise<void> {
    while (this.#drain());
    while (!this.#outputs.idle) {
      await new Promise((resolve) => setTimeout(resolve, 1));
      this.#outputs.retry();
    }
    this.#over = true;
    this.#outputs.close();
  }

  #drain(): boolean {
    if (this.#over) return false;
    const { more } = drain(this.#thread.outbox, 0, this.#outputs.add);
    if (this.#quiet) this.#outputs.forget(Infinity);
    else this.#outputs.release(Infinity);
    return more;
  }
}
