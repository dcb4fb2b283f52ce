/** All clients of the demo together. @module */
import type { Address } from "../../src/runtime/options.ts";
import { Client } from "./load.ts";

/** Clients by the writes that each sends at once. */
const DEPTHS = [1, 1, 1, 1, 4, 16];

/** Clients that know both nodes' addresses, and what they were answered where. */
export class Crowd {
  readonly clients: readonly Client[];
  readonly #survivor: Address;
  readonly #running: Promise<unknown>;
  #acked = 0;
  #ackedAfter = 0;
  #failure: unknown;
  #onFirst: (at: number) => void = () => {};
  /** Time of the survivor's first answer. */
  readonly #first = new Promise<number>((resolve) => this.#onFirst = resolve);

  /** Starts the load on the node at `primary`; `survivor` answers once it is primary. */
  constructor(primary: Address, survivor: Address) {
    this.#survivor = survivor;
    this.clients = DEPTHS.map((depth, i) =>
      new Client(
        `client${i}`,
        depth,
        [primary, survivor],
        (from) => this.#take(from),
      )
    );
    this.#running = Promise.all(this.clients.map((client) => client.run()))
      .catch((error) => this.#failure = error);
  }

  /** Writes acknowledged so far. */
  get acked(): number {
    return this.#acked;
  }

  /** Those of them that the survivor acknowledged. */
  get ackedAfter(): number {
    return this.#ackedAfter;
  }

  /** Time of the survivor's first acknowledgement; undefined when none comes in `patienceMs`. */
  async firstAfter(patienceMs: number): Promise<number | undefined> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => resolve(undefined), patienceMs);
    });
    const first = await Promise.race([this.#first, late]);
    clearTimeout(timer);
    return first;
  }

  /** Ends the load; answers on their way are waited for, at most `patienceMs`. @throws {unknown} what a client met. */
  async stop(patienceMs: number): Promise<void> {
    for (const client of this.clients) client.stop(false);
    const late = setTimeout(() => {
      for (const client of this.clients) client.stop(true);
    }, patienceMs);
    await this.#running;
    clearTimeout(late);
    if (this.#failure !== undefined) throw this.#failure;
  }

  #take(from: Address): void {
    this.#acked++;
    if (from !== this.#survivor) return;
    if (this.#ackedAfter++ === 0) this.#onFirst(performance.now());
  }
}
