import { HAS_MEMORY, skipValueType } from "../instructions.ts";
import { Reader } from "../reader.ts";
import type { Body } from "../sections.ts";
import { Action } from "./actions.ts";
import type { Appended } from "./appended.ts";
import type { Copy } from "./copy.ts";
import { call, constant, count, set } from "./emit.ts";
import { Loops } from "./loops.ts";
import { Mark, type Scan } from "./scan.ts";
import type { Stop } from "./stops.ts";
import { paramsOf, type Survey } from "./survey.ts";
import { targetsOf } from "./targets.ts";
import { Type } from "../../../bytes/wasm.ts";

/** Where the counter of a function starts: so many branches back, less one, it has for nothing, so that short loops cost no more than a local; none in fine mode. */
const FIRST = 17;
const FIRST_FINE = 1;

const NO_TARGETS: ReadonlySet<number> = new Set();

/** Rewrites the bodies of a module's functions. */
export class Bodies {
  readonly #count: number[];

  /** @param fine whether each iteration and each access of memory is counted. */
  constructor(
    private readonly copy: Copy,
    private readonly survey: Survey,
    private readonly scan: Scan,
    private readonly to: Appended,
    private readonly fine: boolean,
  ) {
    this.#count = count(to);
  }

  /**
   * Writes the body of function `index` of the module's own with its size, after what stands before it; one without a mark is left
   * to be copied.
   *
   * @throws {Malformed}
   */
  write({ at, start, end }: Body, index: number): void {
    if (this.scan.marks[index] === 0) return;
    const { copy } = this;
    copy.upTo(at);
    copy.skipTo(start);
    const size = copy.out.open();
    const loops = this.#enter(new Reader(copy.bytes, start, end), index);
    const stop = this.scan.stops.of(index);
    while (stop.next()) {
      if (stop.action >= Action.indirect) this.#write(stop);
      else loops?.write(stop);
    }
    copy.upTo(end);
    copy.out.close(size);
  }

  /** Writes the locals, and what is done before the first instruction. */
  #enter(reader: Reader, index: number): Loops | undefined {
    const { copy, survey, scan, to, fine } = this;
    const marks = scan.marks[index]!;
    const params = paramsOf(survey, survey.functions[index]);
    const loops = (marks & Mark.loops) !== 0;
    const groups = reader.u32();
    const first = reader.at;
    let counter = params;
    for (let left = groups; left > 0; left--) {
      counter += reader.u32();
      skipValueType(reader);
    }
    if (loops) {
      copy.out.u32(groups + 1);
      copy.skipTo(first);
    }
    copy.upTo(reader.at);
    if (loops) copy.out.all([1, Type.i32]);
    if (marks & Mark.cycle) copy.out.all(this.#count);
    if (!loops) return undefined;
    const start = constant(fine ? FIRST_FINE : FIRST);
    copy.out.all([...start, ...set(counter)]);
    const targets = marks & Mark.branches
      ? targetsOf(scan.stops.of(index), copy.operands)
      : NO_TARGETS;
    return new Loops(copy, survey, to, counter, targets);
  }

  #write(stop: Stop): void {
    const { copy, to: { functions } } = this;
    switch (stop.action) {
      case Action.grow:
        return this.#grow(stop);
      case Action.notify:
        return this.#park(stop, functions.notify);
      case Action.wait32:
        return this.#park(stop, functions.wait32);
      case Action.wait64:
        return this.#park(stop, functions.wait64);
      default:
        copy.upTo(stop.at);
        copy.out.all(this.#count);
    }
  }

  #grow({ at, operands, end }: Stop): void {
    if (this.copy.operand(operands) !== 0) return;
    this.#replace(at, end, call(this.to.functions.grow));
  }

  #park({ at, operands, end }: Stop, helper: number): void {
    if (this.copy.operand(operands) & HAS_MEMORY) {
      if (this.copy.operands.u32() !== 0) return;
    }
    const offset = this.copy.operands.u32();
    this.#replace(at, end, [...constant(offset), ...call(helper)]);
  }

  #replace(at: number, end: number, code: readonly number[]): void {
    this.copy.upTo(at);
    this.copy.out.all(code);
    this.copy.skipTo(end);
  }
}
