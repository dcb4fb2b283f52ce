/** Between two live lines where they can't be replaced, in ms. */
const SLOW_MS = 1000;

/** Stdout; on a terminal the live line is replaced in place, elsewhere it is printed once a second. */
export class Screen {
  readonly #terminal = Deno.stdout.isTerminal();
  #live = false;
  #liveAt = -Infinity;

  /** Prints a line that stays. */
  say(line: string): void {
    this.#clear();
    console.log(line);
  }

  /** Shows the present state. */
  live(line: string): void {
    if (this.#terminal) {
      this.#print(`\r\x1b[2K${line}`);
      this.#live = true;
      return;
    }
    if (performance.now() - this.#liveAt < SLOW_MS) return;
    this.#liveAt = performance.now();
    console.log(line);
  }

  #clear(): void {
    if (this.#live) this.#print("\r\x1b[2K");
    this.#live = false;
  }

  #print(text: string): void {
    Deno.stdout.writeSync(new TextEncoder().encode(text));
  }
}
