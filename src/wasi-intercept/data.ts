/**
 * The DATA of the outcome at hand: written by `execute` on the primary, read by `commit` on every node.
 *
 * It is a window into the ring that carries the message, so that nothing is copied between the call and the wire.
 * Offsets are bytes from the start of DATA; `size` is what has been written.
 */
export class Data {
  #view = new DataView(new ArrayBuffer(0));
  #bytes = new Uint8Array(0);
  #at = 0;
  /** Bytes of DATA. */
  size = 0;

  /** Moves the window to `at` in a buffer. */
  place(
    view: DataView<ArrayBuffer>,
    bytes: Uint8Array<ArrayBuffer>,
    at: number,
    size: number,
  ): void {
    this.#view = view;
    this.#bytes = bytes;
    this.#at = at;
    this.size = size;
  }

  /** Takes over what `other` holds, at most as much as fits. */
  copy(other: Data): void {
    this.size = other.size;
    this.write(0, other.slice(0, other.size));
  }

  u32(at: number): number {
    return this.#view.getUint32(this.#at + at, true);
  }

  setU32(at: number, value: number): void {
    this.#view.setUint32(this.#at + at, value, true);
  }

  u64(at: number): bigint {
    return this.#view.getBigUint64(this.#at + at, true);
  }

  setU64(at: number, value: bigint): void {
    this.#view.setBigUint64(this.#at + at, value, true);
  }

  /** `size` bytes at `at`, as a view, not a copy. */
  slice(at: number, size: number): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(this.#at + at, this.#at + at + size);
  }

  write(at: number, bytes: Uint8Array): void {
    this.#bytes.set(bytes, this.#at + at);
  }
}
