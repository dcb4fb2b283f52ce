import type { Instructions } from "../instructions.ts";
import { skipBlockType } from "../instructions.ts";
import { Op } from "../opcodes.ts";
import { Action } from "./actions.ts";
import type { Appended } from "./appended.ts";
import type { Copy } from "./copy.ts";
import { again, iterate, VOID } from "./emit.ts";
import { Labels } from "./labels.ts";
import { paramsOf, type Survey } from "./survey.ts";

/** The catch clauses below this have a tag before their label. */
const WITHOUT_TAG = 2;

/**
 * Counts the iterations of the loops of one function.
 *
 * A loop becomes two: the outer one starts an iteration by filling up the counter, a local, when it is used up; the inner one is
 * the loop itself, goes round by itself as long as the counter lasts, and has no call that was not there. A loop with
 * parameters counts at its start, and stays one.
 */
export class Loops {
  readonly #labels = new Labels();
  readonly #iterate: number[];
  readonly #again: number[];

  /** @param counter the local. */
  constructor(
    private readonly copy: Copy,
    private readonly survey: Survey,
    to: Appended,
    counter: number,
  ) {
    this.#iterate = iterate(counter, to);
    this.#again = again(counter);
  }

  /**
   * Writes the instruction that `walk` has found.
   *
   * @param end offset in the module after it.
   * @throws {Malformed}
   */
  write(action: number, walk: Instructions, end: number): void {
    const { operands, at } = walk;
    switch (action) {
      case Action.open:
        this.#labels.open(false);
        return;
      case Action.tryTable:
        this.#catches(operands);
        this.#labels.open(false);
        return;
      case Action.loop:
        return this.#loop(at, operands, end);
      case Action.end:
        return this.#end(at);
      case Action.delegate:
        this.#labels.close();
        return void this.#label(operands);
      case Action.br:
        return this.#br(at, operands, end);
      case Action.brIf:
        return this.#brIf(at, operands, end);
      case Action.brTable:
        return this.#brTable(operands);
      case Action.cast:
        return void this.#label(operands + 1);
      default:
        return void this.#label(operands);
    }
  }

  #loop(at: number, operands: number, end: number): void {
    const { copy } = this;
    const wrapped = this.#params(operands) === 0;
    copy.upTo(end);
    copy.out.all(this.#iterate);
    if (wrapped) copy.out.copy(copy.bytes, at, end);
    this.#labels.open(wrapped);
  }

  /** How many parameters the block type at `at` has; only one that is the index of a type has any. */
  #params(at: number): number {
    this.copy.operands.at = at;
    const type = this.copy.operands.s33();
    return type < 0 ? 0 : paramsOf(this.survey, type);
  }

  #end(at: number): void {
    if (!this.#labels.close()) return;
    this.copy.upTo(at);
    this.copy.out.byte(Op.end);
  }

  #br(at: number, operands: number, end: number): void {
    const label = this.copy.operand(operands);
    if (!this.#labels.wraps(label)) return void this.#label(operands);
    this.copy.upTo(at);
    this.#back(this.#labels.of(label));
    this.copy.skipTo(end);
  }

  #brIf(at: number, operands: number, end: number): void {
    const { out } = this.copy;
    const label = this.copy.operand(operands);
    if (!this.#labels.wraps(label)) return void this.#label(operands);
    this.copy.upTo(at);
    out.byte(Op.if);
    out.byte(VOID);
    this.#back(this.#labels.of(label) + 1);
    out.byte(Op.end);
    this.copy.skipTo(end);
  }

  /** Goes round in the inner loop or, when the counter is used up, in the outer one. */
  #back(outer: number): void {
    const { out } = this.copy;
    out.all(this.#again);
    out.byte(Op.br_if);
    out.u32(outer - 1);
    out.byte(Op.br);
    out.u32(outer);
  }

  #brTable(at: number): void {
    const labels = this.copy.operand(at) + 1;
    let next = this.copy.operands.at;
    for (let left = labels; left > 0; left--) next = this.#label(next);
  }

  /** The catch clauses of a try_table, whose block type is at `at`; their labels do not count the try_table itself. */
  #catches(at: number): void {
    const { operands } = this.copy;
    operands.at = at;
    skipBlockType(operands);
    for (let left = operands.u32(); left > 0; left--) {
      if (operands.byte() < WITHOUT_TAG) operands.u32();
      operands.at = this.#label(operands.at);
    }
  }

  /** Writes the label at `at`, if it is another in the copy; gives the offset after it. */
  #label(at: number): number {
    const label = this.copy.operand(at);
    const end = this.copy.operands.at;
    const moved = this.#labels.of(label);
    if (moved !== label) {
      this.copy.upTo(at);
      this.copy.out.u32(moved);
      this.copy.skipTo(end);
    }
    return end;
  }
}
