import { Reader } from "../reader.ts";
import type { Writer } from "./writer.ts";

/** A copy of a module in the making: what stays as it is, is copied in long pieces. */
export class Copy {
  /** Reads operands of the original. */
  readonly operands: Reader;
  #from = 0;

  constructor(readonly bytes: Uint8Array, readonly out: Writer) {
    this.operands = new Reader(bytes, 0, bytes.length);
  }

  /** What is at `at` comes next; what stands before it, and was not copied, is left out. */
  skipTo(at: number): void {
    this.#from = at;
  }

  /** Copies up to `at` what was not copied yet; what is written to `out` stands before the rest. */
  upTo(at: number): void {
    this.out.copy(this.bytes, this.#from, at);
    this.#from = at;
  }

  /** An operand of the original, an unsigned number. */
  operand(at: number): number {
    this.operands.at = at;
    return this.operands.u32();
  }
}
