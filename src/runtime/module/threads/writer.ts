/** Copies of fewer bytes are made one by one. */
const SHORT = 48;
/** Bytes of the longest LEB128 number of 32 bits. */
const U32_BYTES = 5;

/** Writes a module forwards, into one buffer that grows. */
export class Writer {
  #bytes: Uint8Array<ArrayBuffer>;
  #size = 0;

  /** @param room how many bytes are expected. */
  constructor(room: number) {
    this.#bytes = new Uint8Array(room);
  }

  /** One byte. */
  byte(value: number): void {
    this.#need(1);
    this.#bytes[this.#size++] = value;
  }

  /** An unsigned LEB128 number of 32 bits. */
  u32(value: number): void {
    this.#need(U32_BYTES);
    let rest = value >>> 0;
    for (; rest >= 0x80; rest >>>= 7) {
      this.#bytes[this.#size++] = rest & 0x7f | 0x80;
    }
    this.#bytes[this.#size++] = rest;
  }

  /** The bytes of `source` from `start` to `end`. */
  copy(source: Uint8Array, start: number, end: number): void {
    const size = end - start;
    this.#need(size);
    if (size < SHORT) {
      for (let at = start; at < end; at++) {
        this.#bytes[this.#size++] = source[at] as number;
      }
      return;
    }
    this.#bytes.set(source.subarray(start, end), this.#size);
    this.#size += size;
  }

  /** All of `source`. */
  all(source: ArrayLike<number>): void {
    this.#need(source.length);
    for (let at = 0; at < source.length; at++) {
      this.#bytes[this.#size++] = source[at] as number;
    }
  }

  /** Leaves room for a size in bytes, which `close` fills in. */
  open(): number {
    this.#need(U32_BYTES);
    this.#size += U32_BYTES;
    return this.#size;
  }

  /** Writes the size of all that came since `open` gave `start`, in as few bytes as it needs. */
  close(start: number): void {
    const end = this.#size;
    this.#size = start - U32_BYTES;
    this.u32(end - start);
    this.#bytes.copyWithin(this.#size, start, end);
    this.#size += end - start;
  }

  /** What was written; nothing may be written after. */
  finish(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#bytes.buffer.transfer(this.#size));
  }

  #need(more: number): void {
    const least = this.#size + more;
    if (least <= this.#bytes.length) return;
    const room = Math.max(least, Math.ceil(this.#bytes.length * 1.5));
    this.#bytes = new Uint8Array(this.#bytes.buffer.transfer(room));
  }
}
