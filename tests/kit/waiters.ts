/** Waits for conditions that something else makes true, without sleeping. */
export class Waiters {
  readonly #patienceMs: number;
  readonly #story: () => string;
  readonly #waiting = new Set<{ look(): void; fail(why: string): void }>();
  #ended = false;

  /** `story` tells what is known when a wait fails; a wait fails after `patienceMs`. */
  constructor(patienceMs: number, story: () => string) {
    this.#patienceMs = patienceMs;
    this.#story = story;
  }

  /** Resolves with what `found` gives once that is not `undefined`. @throws {Error} at the deadline, or when nothing more can come. */
  until<T>(what: string, found: () => T | undefined): Promise<T> {
    const already = found();
    if (already !== undefined) return Promise.resolve(already);
    return new Promise((resolve, reject) => {
      const done = () => {
        clearTimeout(timer);
        this.#waiting.delete(waiter);
      };
      const waiter = {
        look: () => {
          const value = found();
          if (value === undefined) return;
          done();
          resolve(value);
        },
        fail: (why: string) => {
          done();
          reject(
            new Error(`cannot see ${what}: ${why}\n${this.#story()}`),
          );
        },
      };
      const timer = setTimeout(
        () => waiter.fail(`not within ${this.#patienceMs} ms`),
        this.#patienceMs,
      );
      this.#waiting.add(waiter);
      if (this.#ended) waiter.fail("the process has ended");
    });
  }

  /** Looks again at all conditions. */
  look(): void {
    for (const waiter of [...this.#waiting]) waiter.look();
  }

  /** Says that nothing more will come. */
  end(): void {
    this.look();
    this.#ended = true;
    for (const waiter of [...this.#waiting]) {
      waiter.fail("the process has ended");
    }
  }
}
