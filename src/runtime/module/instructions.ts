import {
  type Immediate,
  immediatesOf,
  isPrefix,
  joinOpcode,
  Op,
} from "./opcodes.ts";
import { Malformed, type Reader } from "./reader.ts";

const S33_BYTES = 5;
const S64_BYTES = 10;
/** The bytes that begin `(ref null HEAP)` and `(ref HEAP)`; a heap type follows. */
const REF_NULL = 0x63;
const REF = 0x64;
/** Bit 6 of a memarg's alignment: the index of a memory follows. */
export const HAS_MEMORY = 0x40;

/** How the opcodes of one byte are walked that make up nearly all of a module. */
const Shape = {
  other: 0,
  plain: 1,
  index: 2,
  memarg: 3,
  number: 4,
  block: 5,
  end: 6,
} as const;
const SHAPES = Uint8Array.from({ length: 0x100 }, (_, code) => shapeOf(code));

function shapeOf(code: number): number {
  const immediates = immediatesOf(code);
  if (immediates === undefined || immediates.length > 1) return Shape.other;
  if (code === Op.end) return Shape.end;
  switch (immediates[0]) {
    case undefined:
      return Shape.plain;
    case "i32":
      return Shape.number;
    case "memarg":
      return Shape.memarg;
    case "label":
    case "func":
    case "local":
    case "global":
      return code === Op.delegate ? Shape.other : Shape.index;
    case "block":
      return Shape.block;
    default:
      return Shape.other;
  }
}

/** A module has an instruction that is not in the table. */
export class UnknownInstruction extends Malformed {
  /** The opcode as its parts, such as "0xfd 0x9a". */
  readonly opcode: string;

  constructor(parts: readonly number[], at: number) {
    const opcode = parts.map((part) =>
      `0x${part.toString(16).padStart(2, "0")}`
    ).join(" ");
    super(`the instruction ${opcode} at byte ${at} is unknown`);
    this.opcode = opcode;
  }
}

/**
 * Walks the instructions of one body, of the reader's start to its end.
 *
 * Opcodes, immediates and nesting are checked, types and indices are not: that is the engine's work.
 */
export class Instructions {
  /** The opcode that `next` found, as `immediatesOf` takes it. */
  code = 0;
  /** Offset in the module of its first byte; the instruction ends at `reader.at`. */
  at = 0;
  /** Offset of what follows the opcode. */
  operands = 0;
  readonly #reader: Reader;
  #depth = 1;

  /** @param reader stands at the first instruction, after the locals. */
  constructor(reader: Reader) {
    this.#reader = reader;
  }

  /**
   * Goes to the next instruction.
   *
   * @returns false after the last one, the `end` of the body.
   * @throws {UnknownInstruction}
   * @throws {Malformed} when an instruction is cut off, or the last `end` is not the last byte.
   */
  next(): boolean {
    const reader = this.#reader;
    if (this.#depth === 0) return this.#finish();
    this.at = reader.at;
    const first = reader.byte();
    this.code = first;
    this.operands = reader.at;
    switch (SHAPES[first]) {
      case Shape.plain:
        return true;
      case Shape.index:
        reader.u32();
        return true;
      case Shape.memarg:
        skipMemarg(reader);
        return true;
      case Shape.number:
        reader.skipNumber(S33_BYTES);
        return true;
      case Shape.block:
        this.#depth++;
        skipBlockType(reader);
        return true;
      case Shape.end:
        this.#depth--;
        return true;
      default:
        this.#other();
        return true;
    }
  }

  #finish(): false {
    const reader = this.#reader;
    if (reader.at === reader.end) return false;
    throw new Malformed(
      `the body ends at byte ${reader.at}, its size says byte ${reader.end}`,
    );
  }

  #other(): void {
    const reader = this.#reader;
    reader.at = this.at;
    this.code = readOpcode(reader);
    this.operands = reader.at;
    const immediates = immediatesOf(this.code);
    if (immediates === undefined) throw unknown(this.code, this.at);
    for (let i = 0; i < immediates.length; i++) {
      const immediate = immediates[i] as Immediate;
      if (immediate === "block") this.#depth++;
      skipImmediate(reader, immediate);
    }
    if (this.code === Op.end || this.code === Op.delegate) this.#depth--;
  }
}

/** Goes past the declarations of a body's locals. @throws {Malformed} */
export function skipLocals(reader: Reader): void {
  for (let groups = reader.u32(); groups > 0; groups--) {
    reader.u32();
    skipValueType(reader);
  }
}

/** Goes past a value type, of one byte or a reference to a heap type. @throws {Malformed} */
export function skipValueType(reader: Reader): void {
  const first = reader.byte();
  if (first === REF_NULL || first === REF) reader.skipNumber(S33_BYTES);
}

function readOpcode(reader: Reader): number {
  const at = reader.at;
  const first = reader.byte();
  if (!isPrefix(first)) return first;
  const second = reader.u32();
  const code = joinOpcode(first, second);
  if (code === undefined) throw new UnknownInstruction([first, second], at);
  return code;
}

function unknown(code: number, at: number): UnknownInstruction {
  const parts = code < 0x100 ? [code] : [code >>> 12, code & 0xfff];
  return new UnknownInstruction(parts, at);
}

/** Goes past one immediate. @throws {Malformed} */
function skipImmediate(reader: Reader, immediate: Immediate): void {
  switch (immediate) {
    case "memarg":
      return skipMemarg(reader);
    case "i32":
    case "heap":
      return reader.skipNumber(S33_BYTES);
    case "i64":
      return reader.skipNumber(S64_BYTES);
    case "block":
      return skipBlockType(reader);
    case "labels":
      for (let left = reader.u32(); left > 0; left--) reader.u32();
      return;
    case "catches":
      for (let left = reader.u32(); left > 0; left--) skipCatch(reader);
      return;
    case "types":
      for (let left = reader.u32(); left > 0; left--) skipValueType(reader);
      return;
    case "byte":
      return reader.skip(1);
    case "f32":
      return reader.skip(4);
    case "f64":
      return reader.skip(8);
    case "v128":
      return reader.skip(16);
    default:
      reader.u32();
  }
}

/** Goes past a memarg. @throws {Malformed} */
function skipMemarg(reader: Reader): void {
  if (reader.u32() & HAS_MEMORY) reader.u32();
  reader.skipNumber(S64_BYTES);
}

/** Goes past a block type. @throws {Malformed} */
export function skipBlockType(reader: Reader): void {
  const first = reader.bytes[reader.at];
  if (first === REF_NULL || first === REF) reader.skip(1);
  reader.skipNumber(S33_BYTES);
}

/** Kinds 0 and 1 name a tag and a label, 2 and 3 (catch_all) a label only. */
function skipCatch(reader: Reader): void {
  const at = reader.at;
  const kind = reader.byte();
  if (kind > 3) {
    throw new Malformed(`the catch clause at byte ${at} is of no known kind`);
  }
  if (kind < 2) reader.u32();
  reader.u32();
}
