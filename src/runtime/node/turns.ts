import { bootMs } from "../host/clock.ts";

/** An engine: events in, actions out. */
interface Engine<E, A> {
  on(event: E): A[];
}

/** An event without its time. */
export type Untimed<E> = E extends unknown ? Omit<E, "now"> : never;

/** Drives an engine: one event at a time, its actions in their order, those that come of them after. */
export class Turns<E extends { readonly now: number }, A> {
  readonly #engine: Engine<E, A>;
  readonly #perform: (action: A) => void;
  readonly #waiting: Untimed<E>[] = [];
  #busy = false;
  #stopped = false;

  constructor(engine: Engine<E, A>, perform: (action: A) => void) {
    this.#engine = engine;
    this.#perform = perform;
  }

  /** Takes an event; nothing happens once stopped. */
  on(event: Untimed<E>): void {
    this.#waiting.push(event);
    if (this.#busy) return;
    this.#busy = true;
    for (
      let next = this.#waiting.shift();
      next !== undefined && !this.#stopped;
      next = this.#waiting.shift()
    ) {
      const actions = this.#engine.on(
        { ...next, now: bootMs() } as unknown as E,
      );
      for (const action of actions) this.#perform(action);
    }
    this.#busy = false;
  }

  /** Takes no events any more. */
  stop(): void {
    this.#stopped = true;
  }
}
