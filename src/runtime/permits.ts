import type { Slots } from "./guest/slots.ts";

/** What has to be true right before a shared directory is changed. */
export interface MayChange {
  /** Looks at the directories' locks, which may take a while. */
  readonly looked: () => Promise<boolean>;
  /** Whether this node may still act, asked behind that. */
  readonly may: () => boolean;
}

/** The guest's waits before it changes a shared directory: until every member holds the intent, and this node may still act. */
export class Permits {
  readonly #slots: Slots;
  readonly #change: MayChange;
  /** The message that has to be held. */
  #asked: number | undefined;
  #looking = false;

  constructor(slots: Slots, change: MayChange) {
    this.#slots = slots;
    this.#change = change;
  }

  /** The guest waits until message `seq` is held. */
  ask(seq: number): void {
    this.#asked = seq;
  }

  /** Lets the guest go on if what it waits for is below `held`; to be called again while it may not. */
  async give(held: number): Promise<void> {
    if (this.#looking || this.#asked === undefined || this.#asked >= held) {
      return;
    }
    this.#looking = true;
    const may = await this.#change.looked() && this.#change.may();
    this.#looking = false;
    if (!may) return;
    this.#asked = undefined;
    this.#slots.givePermit();
  }
}
