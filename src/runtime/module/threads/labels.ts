import { Malformed } from "../reader.ts";

/** What stands in the copy for a block. */
export const Form = {
  single: 0,
  /** Two loops for one, the outer of which counts an iteration at its start. */
  atStart: 1,
  /** Two loops for one, whose iterations are counted by the branches to it. */
  atBranch: 2,
} as const;

/**
 * The blocks around an instruction, and what its labels become where loops of two blocks stand for loops of one.
 *
 * Starts with the block that a body is.
 */
export class Labels {
  /** For each block of the original, where it is among the blocks of the copy, the outer one of two. */
  readonly #places: number[] = [0];
  readonly #forms: number[] = [Form.single];
  /** How many blocks of the copy are open. */
  #depth = 1;

  /** A block begins. */
  open(form: number): void {
    this.#places.push(this.#depth);
    this.#forms.push(form);
    this.#depth += blocksOf(form);
  }

  /** The innermost block ends; gives how many blocks of the copy do. */
  close(): number {
    const blocks = blocksOf(this.#forms.pop()!);
    this.#places.pop();
    this.#depth -= blocks;
    return blocks;
  }

  /** The form of the block of a label. @throws {Malformed} when there is no such label. */
  form(label: number): number {
    return this.#forms[this.#index(label)]!;
  }

  /** The label in the copy; of two loops, the outer one. @throws {Malformed} when there is no such label. */
  of(label: number): number {
    return this.#depth - 1 - this.#places[this.#index(label)]!;
  }

  #index(label: number): number {
    const index = this.#places.length - 1 - label;
    if (index < 0) throw new Malformed(`there is no block for label ${label}`);
    return index;
  }
}

function blocksOf(form: number): number {
  return form === Form.single ? 1 : 2;
}
