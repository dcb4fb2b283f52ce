/** Reads modules by another decoder than replrt's, and takes out again what the rewriter for threads puts in. @module */
import {
  BinaryReader,
  type IFunctionInformation,
  type IOperatorInformation,
} from "wasmparser";

/** The decoder's states, of a const enum. */
const State = { error: -1, begin: 28, operator: 30, end: 31 } as const;

/** An instruction: its opcode, what follows it as text, and its labels. */
export interface Step {
  readonly code: number;
  readonly text: string;
  readonly labels: readonly number[];
}

/** A function of a module, as the decoder gives it. */
export interface Decoded {
  readonly locals: number;
  readonly steps: readonly Step[];
}

const C = {
  block: 0x02,
  loop: 0x03,
  if: 0x04,
  end: 0x0b,
  br: 0x0c,
  br_if: 0x0d,
  call: 0x10,
  call_indirect: 0x11,
  return_call: 0x12,
  local_get: 0x20,
  local_set: 0x21,
  local_tee: 0x22,
  global_get: 0x23,
  global_set: 0x24,
  memory_grow: 0x40,
  i32_const: 0x41,
  i32_eqz: 0x45,
  i32_lt_s: 0x48,
  i32_sub: 0x6b,
  notify: 0xfe00,
  wait32: 0xfe01,
  wait64: 0xfe02,
} as const;
const VOID = "-64";
/** memory.init, memory.copy and memory.fill. */
const BULK: readonly number[] = [0xfc08, 0xfc0a, 0xfc0b];

/** The functions of a module in order. */
export function* decoded(
  bytes: Uint8Array<ArrayBuffer>,
): Generator<Decoded, void> {
  const reader = new BinaryReader();
  reader.setData(bytes.buffer, bytes.byteOffset, bytes.length);
  let steps: Step[] = [];
  let locals = 0;
  while (reader.read()) {
    switch (reader.state) {
      case State.error:
        throw reader.error;
      case State.begin: {
        const groups = (reader.result as IFunctionInformation).locals;
        locals = groups.reduce((sum, { count }) => sum + count, 0);
        steps = [];
        break;
      }
      case State.operator:
        steps.push(stepOf(reader.result as IOperatorInformation));
        break;
      case State.end:
        yield { locals, steps };
    }
  }
}

/** What an instruction may have besides labels and memory. */
const OPERANDS = [
  ...["blockType", "selectType", "refType", "srcType", "funcIndex"] as const,
  ...["typeIndex", "tableIndex", "localIndex", "fieldIndex"] as const,
  ...["globalIndex", "segmentIndex", "destinationIndex", "literal"] as const,
  "len" as const,
];

function stepOf(found: IOperatorInformation): Step {
  const { code, brDepth, brTable, memoryAddress: memory } = found;
  if (found.tryTable || found.relativeDepth !== undefined) {
    throw new Error(`the instruction ${code} is of exceptions`);
  }
  let text = memory ? `${memory.flags}:${memory.offset}` : "";
  for (const name of OPERANDS) {
    const operand = found[name];
    if (operand === undefined) continue;
    text += (text && " ") + shown(operand);
  }
  if (brTable) return { code, text, labels: [...brTable] };
  return { code, text, labels: brDepth === undefined ? NONE : [brDepth] };
}

const NONE: readonly number[] = [];

function shown(operand: number | object): string {
  if (typeof operand === "number") return `${operand}`;
  return "code" in operand ? `${operand.code}` : `${operand}`;
}

/** What the rewriter has added to a module, by index. */
export interface Added {
  readonly quantum: number;
  readonly tick: number;
  readonly spend: number;
  readonly wait32: number;
  readonly wait64: number;
  readonly notify: number;
  readonly grow: number;
}

/** What a line ends with for each count before its instruction. */
export const COUNTED = " counted";

/**
 * The instructions of a function as lines, their labels absolute, each with {@linkcode COUNTED} if the rewriter counts before it.
 *
 * An `if` that only goes round in a loop is written as `br_if`, since both become the same. Loops have no parameters.
 */
export function expected({ steps }: Decoded, fine: boolean): string[] {
  const lines: string[] = [];
  const blocks: boolean[] = [false];
  for (let i = 0; i < steps.length; i++) {
    const step = steps[i]!;
    const [next, after] = [steps[i + 1], steps[i + 2]];
    const absolute = ({ labels }: Step, more: number) =>
      labels.map((label) => blocks.length - 1 + more - label);
    if (
      isVoid(step, C.if) && next?.code === C.br && after?.code === C.end &&
      blocks[absolute(next, 1)[0]!]
    ) {
      lines.push(line({ ...next, code: C.br_if }, absolute(next, 1)));
      i += 2;
      continue;
    }
    lines.push(
      line(step, absolute(step, 0)) + (counts(step, fine) ? COUNTED : ""),
    );
    if (opens(step)) blocks.push(step.code === C.loop);
    if (step.code === C.end) blocks.pop();
  }
  return lines;
}

/**
 * As {@linkcode expected}, of the rewritten function: takes out what the rewriter put in.
 *
 * @throws {Error} where something is not as the rewriter makes it.
 */
export function undone(
  decoded: Decoded,
  params: number,
  added: Added,
): string[] {
  return new Undoing(decoded, params + decoded.locals - 1, added).run();
}

/** A block of the copy. */
interface Block {
  /** Which of the original it is. */
  readonly at: number;
  /** Whether it is the inner one of two loops for one. */
  readonly inner: boolean;
  /** Whether it is no loop or counts at its start: any branch may go to it, but for the inner one. */
  readonly counted: boolean;
}

class Undoing {
  readonly #lines: string[] = [];
  readonly #blocks: Block[] = [{ at: 0, inner: false, counted: true }];
  #depth = 1;
  #at = 0;
  /** Counts before the next instruction. */
  #counts = 0;
  /** Whether there is no counter that is still to get its first iterations. */
  #filled: boolean;

  constructor(
    private readonly decoded: Decoded,
    private readonly counter: number,
    private readonly added: Added,
  ) {
    this.#filled = !decoded.steps.some(({ code }) => code === C.loop);
  }

  run(): string[] {
    while (this.#at < this.decoded.steps.length) this.#next();
    return this.#lines;
  }

  #next(): void {
    const step = this.decoded.steps[this.#at]!;
    if (this.#isCount()) {
      this.#counts++;
      this.#at += 10;
    } else if (!this.#filled && this.#isFirst()) {
      this.#filled = true;
      this.#at += 2;
    } else if (step.code === C.loop) this.#loop(step);
    else if (isVoid(step, C.if) && this.#isLess(1)) this.#brIf();
    else if (this.#isLess(0)) this.#back(C.br, 0);
    else if (step.code === C.end && this.#blocks.at(-1)?.inner) {
      this.#blocks.pop();
      this.#blocks.pop();
      if (!this.#is(1, C.end, "")) throw this.#wrong("an inner loop goes on");
      this.#plain(step, 2);
    } else this.#plain(this.#original(step), 1);
  }

  /** The instruction that a call of a helper stands for. */
  #original(step: Step): Step {
    if (step.code !== C.call) return step;
    const { wait32, wait64, notify, grow } = this.added;
    const index = Number(step.text);
    if (index === grow) return { ...step, code: C.memory_grow, text: "" };
    const parking = new Map([[wait32, C.wait32], [wait64, C.wait64], [
      notify,
      C.notify,
    ]]);
    const code = parking.get(index);
    if (code === undefined) return step;
    const offset = Number(this.#lines.pop()!.split(" ")[1]) >>> 0;
    return { ...step, code, text: `${code === C.wait64 ? 3 : 2}:${offset}` };
  }

  #plain(step: Step, size: number): void {
    const targets = step.labels.map((label) => {
      const block = this.#blocks.at(-1 - label);
      if (!block?.counted || block.inner) {
        throw this.#wrong("a branch is not counted");
      }
      return block.at;
    });
    this.#emit(step, targets);
    this.#at += size;
    if (opens(step)) this.#open(true);
    if (step.code !== C.end) return;
    if (size === 1) this.#blocks.pop();
    this.#depth--;
  }

  #loop(step: Step): void {
    const counted = this.#isLess(1) && this.#is(5, C.i32_eqz, "");
    if (counted && !(this.#is(6, C.if, VOID) && this.#is(9, C.end, ""))) {
      throw this.#wrong("a condition goes on");
    }
    if (counted) this.#fill(7);
    const size = counted ? 10 : 1;
    if (!this.#is(size, C.loop, step.text)) {
      throw this.#wrong("a loop is alone");
    }
    this.#emit(step, []);
    this.#open(counted);
    this.#blocks.push({ at: this.#depth - 1, inner: true, counted });
    this.#at += size + 1;
  }

  #fill(from: number): void {
    const filled = this.#is(from, C.call, `${this.added.tick}`) &&
      this.#is(from + 1, C.local_set, `${this.counter}`);
    if (!filled) throw this.#wrong("a counter is not filled up");
  }

  #brIf(): void {
    this.#at++;
    this.#back(C.br_if, 1);
    if (!this.#is(0, C.end, "")) throw this.#wrong("a condition goes on");
    this.#at++;
  }

  /** Goes past a count, a `br_if` to an inner loop and, to its outer one, a `br` that fills up the counter, or has that loop do so. */
  #back(code: number, more: number): void {
    const near = this.#target(4, C.br_if, more);
    if (!near.counted) this.#fill(5);
    else if (!this.#isSet(5, 1)) throw this.#wrong("a loop does not count");
    const far = this.#target(7, C.br, more);
    if (!near.inner || far.inner || far.at !== near.at) {
      throw this.#wrong("the two ways to go round");
    }
    this.#emit({ code, text: "", labels: [] }, [near.at]);
    this.#at += 8;
  }

  /** Where a branch goes, from within so many blocks more. */
  #target(from: number, code: number, more: number): Block {
    const step = this.decoded.steps[this.#at + from];
    const block = this.#blocks.at(-1 - (step?.labels[0] ?? 0) + more);
    if (step?.code !== code || !block) throw this.#wrong("no way to go round");
    return block;
  }

  #open(counted: boolean): void {
    this.#blocks.push({ at: this.#depth++, inner: false, counted });
  }

  #emit(step: Step, targets: readonly number[]): void {
    this.#lines.push(line(step, targets) + COUNTED.repeat(this.#counts));
    this.#counts = 0;
  }

  /** Whether the counter gets its first iterations: 17, and 1 in fine mode. */
  #isFirst(): boolean {
    return this.#isSet(0, 17) || this.#isSet(0, 1);
  }

  #isSet(from: number, value: number): boolean {
    return this.#is(from, C.i32_const, `${value}`) &&
      this.#is(from + 1, C.local_set, `${this.counter}`);
  }

  #isCount(): boolean {
    const quantum = `${this.added.quantum}`;
    return this.#is(0, C.global_get, quantum) &&
      this.#is(1, C.i32_const, "1") &&
      this.#is(2, C.i32_sub, "") &&
      this.#is(3, C.global_set, quantum) &&
      this.#is(4, C.global_get, quantum) &&
      this.#is(5, C.i32_const, "0") &&
      this.#is(6, C.i32_lt_s, "") && this.#is(7, C.if, VOID) &&
      this.#is(8, C.call, `${this.added.spend}`) &&
      this.#is(9, C.end, "");
  }

  /** Whether the counter is made less, its rest a condition. */
  #isLess(from: number): boolean {
    const counter = `${this.counter}`;
    return this.#is(from, C.local_get, counter) &&
      this.#is(from + 1, C.i32_const, "1") &&
      this.#is(from + 2, C.i32_sub, "") &&
      this.#is(from + 3, C.local_tee, counter);
  }

  #is(from: number, code: number, text: string): boolean {
    const step = this.decoded.steps[this.#at + from];
    return step?.code === code && step.text === text;
  }

  #wrong(what: string): Error {
    return new Error(`${what}, at instruction ${this.#at}`);
  }
}

function isVoid(step: Step, code: number): boolean {
  return step.code === code && step.text === VOID;
}

function opens({ code }: Step): boolean {
  return code >= C.block && code <= C.if;
}

/** Whether the rewriter counts before this instruction. */
function counts({ code, text }: Step, fine: boolean): boolean {
  if (code === C.call_indirect) return true;
  const parks = code >= C.notify && code <= C.wait64;
  return fine && !parks && (/^\d+:\d+$/.test(text) || BULK.includes(code));
}

function line({ code, text }: Step, targets: readonly number[]): string {
  return [code.toString(16), text, ...targets].join(" ");
}
