import { Malformed } from "../reader.ts";

/**
 * The blocks around an instruction, and what its labels become where loops of two blocks stand for loops of one.
 *
 * Starts with the block that a body is.
 */
export class Labels {
  /** For each block of the original, where it is among the blocks of the copy, the outer one of two. */
  readonly #places: number[] = [0];
  readonly #wrapped: boolean[] = [false];
  /** How many blocks of the copy are open. */
  #depth = 1;

  /** A block begins; `wrapped`: two in the copy. */
  open(wrapped: boolean): void {
    this.#places.push(this.#depth);
    this.#wrapped.push(wrapped);
    this.#depth += wrapped ? 2 : 1;
  }

  /** The innermost block ends; gives whether it was `wrapped`. */
  close(): boolean {
    const wrapped = this.#wrapped.pop() === true;
    this.#places.pop();
    this.#depth -= wrapped ? 2 : 1;
    return wrapped;
  }

  /** Whether a label is that of a wrapped loop. @throws {Malformed} when there is no such label. */
  wraps(label: number): boolean {
    return this.#wrapped[this.#index(label)] === true;
  }

  /** The label in the copy; of a wrapped loop, the outer one. @throws {Malformed} when there is no such label. */
  of(label: number): number {
    return this.#depth - 1 - this.#places[this.#index(label)]!;
  }

  #index(label: number): number {
    const index = this.#places.length - 1 - label;
    if (index < 0) throw new Malformed(`there is no block for label ${label}`);
    return index;
  }
}
