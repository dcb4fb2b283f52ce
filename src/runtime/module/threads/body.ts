import { HAS_MEMORY, Instructions, skipValueType } from "../instructions.ts";
import { Op } from "../opcodes.ts";
import { Reader } from "../reader.ts";
import type { Body } from "../sections.ts";
import { Action, Actions } from "./actions.ts";
import type { Appended } from "./appended.ts";
import type { Copy } from "./copy.ts";
import { call, constant, count, set } from "./emit.ts";
import { Loops } from "./loops.ts";
import { Mark } from "./scan.ts";
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
  readonly #withLoops: Actions;
  readonly #withoutLoops: Actions;

  /** @param fine whether each iteration and each access of memory is counted. */
  constructor(
    private readonly copy: Copy,
    private readonly survey: Survey,
    private readonly to: Appended,
    private readonly fine: boolean,
  ) {
    this.#count = count(to);
    this.#withLoops = new Actions(true, fine);
    this.#withoutLoops = new Actions(false, fine);
  }

  /**
   * Writes a body with its size, after what stands before it; one without a mark is left to be copied.
   *
   * @param type of its function.
   * @throws {Malformed}
   */
  write({ at, start, end }: Body, type: number, marks: number): void {
    if (marks === 0) return;
    const { copy } = this;
    copy.upTo(at);
    copy.skipTo(start);
    const size = copy.out.open();
    this.#rewrite(new Reader(copy.bytes, start, end), type, marks);
    copy.upTo(end);
    copy.out.close(size);
  }

  #rewrite(reader: Reader, type: number, marks: number): void {
    const loops = this.#enter(reader, type, marks);
    const actions = loops ? this.#withLoops : this.#withoutLoops;
    const walk = new Instructions(reader);
    while (walk.next()) {
      const action = actions.of(walk.code);
      if (action === Action.none) continue;
      if (action < Action.indirect) loops?.write(action, walk, reader.at);
      else this.#write(action, walk, reader.at);
    }
  }

  /** Writes the locals, and what is done before the first instruction. */
  #enter(reader: Reader, type: number, marks: number): Loops | undefined {
    const { copy, to, fine } = this;
    const params = paramsOf(this.survey, type);
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
      ? targetsOf(reader, this.#withLoops)
      : NO_TARGETS;
    return new Loops(copy, this.survey, to, counter, targets);
  }

  #write(action: number, walk: Instructions, end: number): void {
    const { copy } = this;
    switch (action) {
      case Action.grow:
        return this.#grow(walk, end);
      case Action.park:
        return this.#park(walk, end);
      default:
        copy.upTo(walk.at);
        copy.out.all(this.#count);
    }
  }

  #grow({ at, operands }: Instructions, end: number): void {
    if (this.copy.operand(operands) !== 0) return;
    this.#replace(at, end, call(this.to.functions.grow));
  }

  #park({ at, operands, code }: Instructions, end: number): void {
    const { functions } = this.to;
    if (this.copy.operand(operands) & HAS_MEMORY) {
      if (this.copy.operands.u32() !== 0) return;
    }
    const offset = this.copy.operands.u32();
    const helper = code === Op.atomic_notify
      ? functions.notify
      : code === Op.atomic_wait32
      ? functions.wait32
      : functions.wait64;
    this.#replace(at, end, [...constant(offset), ...call(helper)]);
  }

  #replace(at: number, end: number, code: readonly number[]): void {
    this.copy.upTo(at);
    this.copy.out.all(code);
    this.copy.skipTo(end);
  }
}
