import { Errno } from "../wasi-intercept/errno.ts";
import { exitCodeOf, type GuestEnd, trapLines } from "./guest/end.ts";
import { writeNow } from "./host/pipe.ts";
import {
  divergenceLines,
  type StatusEvent,
  statusLine,
  type StatusStyle,
} from "./status.ts";

const STDERR = 2;
const RETRY_MS = 20;
/** Bytes of status lines that wait for a reader; more are dropped and counted. */
const LIMIT = 32 << 10;

const encoder = new TextEncoder();

/** Writes status lines without ever blocking (rule 9). */
export class Say {
  readonly #style: StatusStyle;
  readonly #handle: number;
  #waiting: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  #dropped = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param handle where the lines go: stderr, or the socket to an embedding program. */
  constructor(style: StatusStyle, handle = STDERR) {
    this.#style = style;
    this.#handle = handle;
  }

  /** Says what happened, in one line; a divergence with its whole report. */
  event(event: StatusEvent): void {
    const line = statusLine(event, this.#style);
    if (line === undefined) return;
    const lines = event.event === "divergence" && !this.#style.json
      ? divergenceLines(event.report)
      : [line];
    this.lines(lines);
  }

  /** Says how the guest ended: a trap with its stack, an exit only to programs. */
  end(end: GuestEnd): void {
    const trap = end.kind === "trap" ? end.reason : null;
    if (this.#style.json) {
      const frames = end.kind === "trap" ? [...end.frames] : [];
      this.event({ event: "ended", code: exitCodeOf(end), trap, frames });
    } else if (end.kind === "trap") this.lines(trapLines(end));
  }

  /** Says lines as they stand. */
  lines(lines: readonly string[]): void {
    const bytes = encoder.encode(lines.map((line) => `${line}\n`).join(""));
    if (this.#waiting.length + bytes.length > LIMIT) {
      this.#dropped += lines.length;
    } else this.#append(bytes);
    this.#write();
  }

  /** Resolves when all is written, or after `limitMs`. */
  async flush(limitMs: number): Promise<void> {
    for (
      let waited = 0;
      this.#waiting.length > 0 && waited < limitMs;
      waited += RETRY_MS
    ) {
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
    clearTimeout(this.#timer);
  }

  #append(bytes: Uint8Array): void {
    const all = new Uint8Array(this.#waiting.length + bytes.length);
    all.set(this.#waiting);
    all.set(bytes, this.#waiting.length);
    this.#waiting = all;
  }

  #write(): void {
    while (this.#waiting.length > 0) {
      const n = writeNow(this.#handle, this.#waiting);
      if (n === -Errno.again) return this.#later();
      this.#waiting = n < 0 ? new Uint8Array(0) : this.#waiting.subarray(n);
    }
    if (this.#dropped > 0) {
      const lines = this.#dropped;
      this.#dropped = 0;
      this.event({ event: "dropped", lines });
    }
  }

  #later(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#write();
    }, RETRY_MS);
  }
}
