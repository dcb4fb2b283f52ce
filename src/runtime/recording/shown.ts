import { drain } from "../drain.ts";
import type { GuestThread } from "../node/thread.ts";
import { OutputQueues } from "../outputs.ts";

/** How often it is looked what the guest has written, and whether a reader has taken it, in ms: a guest that follows wakes nobody. */
const LOOK_MS = 5;

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

  /** Shows what comes from now on; a guest whose outputs nobody takes waits, so that memory stays bounded. */
  async pump(): Promise<void> {
    while (!this.#over) {
      while (this.#drain()) await this.#taken();
      await look();
    }
  }

  /** Shows all that there is; resolves when it has left. */
  async flush(): Promise<void> {
    while (this.#drain()) await this.#taken();
    await this.#taken();
    this.#over = true;
    this.#outputs.close();
  }

  /** Resolves when all that was drained has left. */
  async #taken(): Promise<void> {
    while (!this.#outputs.idle) {
      await look();
      this.#outputs.retry();
    }
  }

  #drain(): boolean {
    if (this.#over) return false;
    const { more } = drain(this.#thread.outbox, 0, this.#outputs.add);
    if (this.#quiet) this.#outputs.forget(Infinity);
    else this.#outputs.release(Infinity);
    return more;
  }
}

function look(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, LOOK_MS));
}
