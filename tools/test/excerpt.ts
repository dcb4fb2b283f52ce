// deno-lint-ignore no-control-regex
const COLOURS = /\u001b\[[0-9;?]*[ -/]*[@-~]/g;

/** The beginning and the end of a stream of bytes, in bounded memory. */
export class Excerpt {
  readonly #half: number;
  #head = new Uint8Array();
  #tail = new Uint8Array();
  #length = 0;

  /** @param bytesMax how much is kept, half from either end. */
  constructor(bytesMax: number) {
    this.#half = bytesMax / 2;
  }

  /** Takes the next bytes of the stream. */
  add(bytes: Uint8Array) {
    this.#length += bytes.length;
    const space = this.#half - this.#head.length;
    if (space > 0) this.#head = joined(this.#head, bytes.subarray(0, space));
    const rest = bytes.subarray(Math.max(0, space));
    this.#tail = joined(this.#tail, rest).slice(-this.#half);
  }

  /** What was kept, without colours, with a line that counts what was left out. */
  text(): string {
    const decoder = new TextDecoder();
    const left = this.#length - this.#head.length - this.#tail.length;
    const gap = left > 0 ? `\n[… ${left} bytes left out …]\n` : "";
    const text = left > 0
      ? decoder.decode(this.#head) + gap + decoder.decode(this.#tail)
      : decoder.decode(joined(this.#head, this.#tail));
    return text.replace(COLOURS, "");
  }
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(a.length + b.length);
  bytes.set(a);
  bytes.set(b, a.length);
  return bytes;
}
