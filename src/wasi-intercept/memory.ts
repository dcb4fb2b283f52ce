import { mixRest, STRIPED, stripedOf } from "../bytes/digest.ts";
import { type Stripes, stripesOf } from "../bytes/stripes.ts";

/**
 * The one door to a guest's memory.
 *
 * `fits` is asked first, by the compiled row for out-pointers and by the row for buffers; the accessors then never leave the memory.
 * Views are taken anew whenever `memory.grow` has detached the old ones; of a shared memory, after {@linkcode GuestMemory.grown}. Addresses are bytes from the start of memory, unsigned.
 */
export class GuestMemory {
  readonly #memory: WebAssembly.Memory;
  readonly #mixStripes: Stripes;
  #bytes: Uint8Array<ArrayBuffer>;
  #view: DataView<ArrayBuffer>;

  constructor(memory: WebAssembly.Memory) {
    this.#memory = memory;
    this.#mixStripes = stripesOf(memory);
    this.#bytes = new Uint8Array(memory.buffer as ArrayBuffer);
    this.#view = new DataView(memory.buffer as ArrayBuffer);
  }

  /** The whole memory; a detached view has length 0, so a grown memory is seen here. */
  get bytes(): Uint8Array<ArrayBuffer> {
    if (this.#bytes.length === 0) this.#renew();
    return this.#bytes;
  }

  /** The whole memory as a view, with the same care. */
  get view(): DataView<ArrayBuffer> {
    if (this.#bytes.length === 0) this.#renew();
    return this.#view;
  }

  /** Whether `size` bytes at `at` lie inside the memory. */
  fits(at: number, size: number): boolean {
    return at + size <= this.bytes.length;
  }

  /** The bytes at `at`, as a view, not a copy. */
  slice(at: number, size: number): Uint8Array<ArrayBuffer> {
    return this.bytes.subarray(at, at + size);
  }

  u8(at: number): number {
    return this.view.getUint8(at);
  }

  u16(at: number): number {
    return this.view.getUint16(at, true);
  }

  u32(at: number): number {
    return this.view.getUint32(at, true);
  }

  u64(at: number): bigint {
    return this.view.getBigUint64(at, true);
  }

  setU32(at: number, value: number): void {
    this.view.setUint32(at, value, true);
  }

  setU64(at: number, value: bigint): void {
    this.view.setBigUint64(at, value, true);
  }

  write(at: number, bytes: Uint8Array): void {
    this.bytes.set(bytes, at);
  }

  /** Folds the `size` bytes at `at` into a digest, as `mixBytes` does. */
  mix(digest: number, at: number, size: number): number {
    if (size < STRIPED) return mixRest(digest, this.view, at, size);
    const striped = stripedOf(size);
    const start = this.#mixStripes(digest, at, striped);
    return mixRest(start, this.view, at + striped, size - striped);
  }

  /** Says that a shared memory has grown, whose old views stay as they were; the next access takes them anew, since V8 is slow to grow a memory whose every view was taken. */
  grown(): void {
    this.#bytes = NO_BYTES;
  }

  #renew(): void {
    this.#bytes = new Uint8Array(this.#memory.buffer as ArrayBuffer);
    this.#view = new DataView(this.#memory.buffer as ArrayBuffer);
  }
}

const NO_BYTES = new Uint8Array(0);
