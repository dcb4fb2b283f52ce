/** Thrown when nobody reads what a command prints any more, as behind `| head`. */
export class ReaderGone extends Error {}

/** Characters that are gathered before they are written. */
const GATHERED = 64 << 10;

const encoder = new TextEncoder();

/** Lines for stdout, in bounded memory. */
export class Lines {
  #text = "";

  /** Adds a line; resolves once there is room for more. @throws {ReaderGone} */
  async add(line: string): Promise<void> {
    this.#text += `${line}\n`;
    if (this.#text.length >= GATHERED) await this.flush();
  }

  /** Resolves when all is written. @throws {ReaderGone} */
  async flush(): Promise<void> {
    const bytes = encoder.encode(this.#text);
    this.#text = "";
    try {
      for (let at = 0; at < bytes.length;) {
        at += await Deno.stdout.write(bytes.subarray(at));
      }
    } catch (error) {
      if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
      throw new ReaderGone();
    }
  }
}
