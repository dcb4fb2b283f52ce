/**
 * A module's bytes break the binary format (WebAssembly 3.0, chapter 5).
 *
 * Never leaves this folder: `moduleProblem` turns it into a reason for the operator.
 */
export class Malformed extends Error {
  override readonly name = "Malformed";

  /** @param message what is wrong and at which byte of the module, no full stop. */
  constructor(message: string) {
    super(message);
  }
}

const CONTINUES = 0x80;
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/**
 * Reads a module forwards, between two of its bytes and never past the second.
 *
 * Each method throws {@linkcode Malformed} when what it reads goes past `end` or is too long for its type.
 */
export class Reader {
  /** Offset in the module of the next byte. */
  at: number;
  /** Offset after the last byte that may be read. */
  readonly end: number;

  constructor(readonly bytes: Uint8Array, start: number, end: number) {
    this.at = start;
    this.end = end;
  }

  /** One byte. */
  byte(): number {
    if (this.at >= this.end) throw this.#short(this.at);
    return this.bytes[this.at++] as number;
  }

  /** An unsigned LEB128 number of 32 bits. */
  u32(): number {
    const first = this.byte();
    if (first < CONTINUES) return first;
    const start = this.at - 1;
    let value = first & 0x7f;
    for (let shift = 7; shift < 28; shift += 7) {
      const next = this.byte();
      value |= (next & 0x7f) << shift;
      if (next < CONTINUES) return value;
    }
    const last = this.byte();
    if (last > 0x0f) throw tooLong(start);
    return (value | last << 28) >>> 0;
  }

  /** An unsigned LEB128 number of 64 bits; above 2^53 it is rounded. */
  u64(): number {
    const start = this.at;
    this.skipNumber(10);
    let value = 0;
    for (let at = this.at - 1; at >= start; at--) {
      value = value * 0x80 + ((this.bytes[at] as number) & 0x7f);
    }
    return value;
  }

  /** A signed LEB128 number of 33 bits. */
  s33(): number {
    const start = this.at;
    this.skipNumber(5);
    const last = this.bytes[this.at - 1] as number;
    let value = last & 0x40 ? -1 : 0;
    for (let at = this.at - 1; at >= start; at--) {
      value = value * 0x80 + ((this.bytes[at] as number) & 0x7f);
    }
    return value;
  }

  /** Goes past a LEB128 number, signed or not, of at most `most` bytes. */
  skipNumber(most: number): void {
    if (this.byte() < CONTINUES) return;
    const start = this.at - 1;
    while (this.byte() >= CONTINUES) {
      if (this.at - start >= most) throw tooLong(start);
    }
  }

  /** Goes past `size` bytes. */
  skip(size: number): void {
    if (size > this.end - this.at) throw this.#short(this.at);
    this.at += size;
  }

  /** A name: its size and its UTF-8; what is not UTF-8 shows as U+FFFD. */
  text(): string {
    const size = this.u32();
    const start = this.at;
    this.skip(size);
    return decoder.decode(this.bytes.subarray(start, this.at));
  }

  #short(at: number): Malformed {
    return new Malformed(
      `what starts at byte ${at} goes past its end at byte ${this.end}`,
    );
  }
}

function tooLong(at: number): Malformed {
  return new Malformed(`the number at byte ${at} is too long for its type`);
}
