import { Op } from "../opcodes.ts";
import { Action } from "./actions.ts";
import type { Appended } from "./appended.ts";
import type { Copy } from "./copy.ts";
import { fill, iterate, last, less, VOID } from "./emit.ts";
import { Form, Labels } from "./labels.ts";
import { paramsOf, type Survey } from "./survey.ts";
import type { Stop } from "./stops.ts";
import { labelsOf } from "./targets.ts";

/**
 * Counts the iterations of the loops of one function.
 *
 * A loop becomes two: the inner one is the loop itself, goes round by itself as long as the counter, a local, lasts, and has no
 * call that was not there; the outer one goes round when it is used up. A branch back by `br` or `br_if` counts, and fills up
 * the counter on its way to the outer loop; coming to the loop costs nothing. Other branches cannot count: where one of them may
 * go back to a loop, it goes to the outer one, which then counts and fills up the counter at its start. A loop with parameters
 * counts at its start too, and stays one.
 */
export class Loops {
  readonly #labels = new Labels();
  readonly #iterate: number[];
  readonly #less: number[];
  readonly #fill: number[];
  readonly #last: number[];

  /**
   * @param counter the local.
   * @param targets as `targetsOf` gives them.
   */
  constructor(
    private readonly copy: Copy,
    private readonly survey: Survey,
    to: Appended,
    counter: number,
    private readonly targets: ReadonlySet<number>,
  ) {
    this.#iterate = iterate(counter, to);
    this.#less = less(counter);
    this.#fill = fill(counter, to);
    this.#last = last(counter);
  }

  /** Writes the instruction at a stop. @throws {Malformed} */
  write({ action, at, operands, end }: Stop): void {
    switch (action) {
      case Action.open:
        return this.#labels.open(Form.single);
      case Action.loop:
        return this.#loop(at, operands, end);
      case Action.end:
        return this.#end(at);
      case Action.delegate:
        this.#labels.close();
        return this.#label(operands);
      case Action.br:
        return this.#br(at, operands, end);
      case Action.brIf:
        return this.#brIf(at, operands, end);
    }
    const labels = labelsOf(action, this.copy.operands, operands);
    for (const label of labels) this.#label(label);
    if (action === Action.tryTable) this.#labels.open(Form.single);
  }

  #loop(at: number, operands: number, end: number): void {
    const { copy } = this;
    const form = this.#params(operands) > 0
      ? Form.single
      : this.targets.has(at)
      ? Form.atStart
      : Form.atBranch;
    copy.upTo(end);
    if (form !== Form.atBranch) copy.out.all(this.#iterate);
    if (form !== Form.single) copy.out.copy(copy.bytes, at, end);
    this.#labels.open(form);
  }

  /** How many parameters the block type at `at` has; only one that is the index of a type has any. */
  #params(at: number): number {
    this.copy.operands.at = at;
    const type = this.copy.operands.s33();
    return type < 0 ? 0 : paramsOf(this.survey, type);
  }

  #end(at: number): void {
    if (this.#labels.close() === 1) return;
    this.copy.upTo(at);
    this.copy.out.byte(Op.end);
  }

  #br(at: number, operands: number, end: number): void {
    const label = this.copy.operand(operands);
    if (this.#labels.form(label) === Form.single) return this.#label(operands);
    this.copy.upTo(at);
    this.#back(label, 0);
    this.copy.skipTo(end);
  }

  #brIf(at: number, operands: number, end: number): void {
    const { out } = this.copy;
    const label = this.copy.operand(operands);
    if (this.#labels.form(label) === Form.single) return this.#label(operands);
    this.copy.upTo(at);
    out.byte(Op.if);
    out.byte(VOID);
    this.#back(label, 1);
    out.byte(Op.end);
    this.copy.skipTo(end);
  }

  /** Goes round in the inner loop or, when the counter is used up, in the outer one; from within so many blocks `more`. */
  #back(label: number, more: number): void {
    const { out } = this.copy;
    const outer = this.#labels.of(label) + more;
    const atStart = this.#labels.form(label) === Form.atStart;
    out.all(this.#less);
    out.byte(Op.br_if);
    out.u32(outer - 1);
    out.all(atStart ? this.#last : this.#fill);
    out.byte(Op.br);
    out.u32(outer);
  }

  /** Writes the label at `at`, if it is another in the copy. */
  #label(at: number): void {
    const label = this.copy.operand(at);
    const end = this.copy.operands.at;
    const moved = this.#labels.of(label);
    if (moved === label) return;
    this.copy.upTo(at);
    this.copy.out.u32(moved);
    this.copy.skipTo(end);
  }
}
