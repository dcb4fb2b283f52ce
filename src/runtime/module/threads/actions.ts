import { immediatesOf, Op } from "../opcodes.ts";

/** What a rewriter does with an instruction. */
export const Action = {
  /** Copies it. */
  none: 0,
  /** A block, an `if` or a `try`: its label is one more. */
  open: 1,
  tryTable: 2,
  loop: 3,
  end: 4,
  delegate: 5,
  br: 6,
  brIf: 7,
  brTable: 8,
  /** Its first operand is a label. */
  label: 9,
  /** Its label stands behind a byte of flags. */
  cast: 10,
  /** A call of a function that only its run knows: counted. */
  indirect: 11,
  grow: 12,
  notify: 13,
  wait32: 14,
  wait64: 15,
  /** An access of memory: counted in fine mode. */
  access: 16,
} as const;

/** The actions that labels ask for, done only where loops are wrapped. */
const LABELS: readonly (readonly [code: number, action: number])[] = [
  [Op.block, Action.open],
  [Op.if, Action.open],
  [Op.try, Action.open],
  [Op.try_table, Action.tryTable],
  [Op.loop, Action.loop],
  [Op.end, Action.end],
  [Op.delegate, Action.delegate],
  [Op.br, Action.br],
  [Op.br_if, Action.brIf],
  [Op.br_table, Action.brTable],
  [Op.rethrow, Action.label],
  [Op.br_on_null, Action.label],
  [Op.br_on_non_null, Action.label],
  [Op.br_on_cast, Action.cast],
  [Op.br_on_cast_fail, Action.cast],
];

const OTHERS: readonly (readonly [code: number, action: number])[] = [
  [Op.call_indirect, Action.indirect],
  [Op.call_ref, Action.indirect],
  [Op.return_call_indirect, Action.indirect],
  [Op.return_call_ref, Action.indirect],
  [Op.memory_grow, Action.grow],
  [Op.atomic_notify, Action.notify],
  [Op.atomic_wait32, Action.wait32],
  [Op.atomic_wait64, Action.wait64],
];

const BULK: readonly number[] = [
  Op.memory_init,
  Op.memory_copy,
  Op.memory_fill,
];

/** Opcodes of two parts, the first of them, and the bits that tell them apart. */
const FIRST_LONG = 0xfb000;
const LONG_BITS = 0x3fff;

/** What to do with each instruction. */
export class Actions {
  readonly #short = new Uint8Array(0x100);
  readonly #long = new Uint8Array(LONG_BITS + 1);

  /** @param fine whether accesses of memory are counted. */
  constructor(fine: boolean) {
    const set = (code: number, action: number) => {
      if (code < 0x100) this.#short[code] = action;
      else this.#long[code & LONG_BITS] = action;
    };
    if (fine) { for (const code of accesses()) set(code, Action.access); }
    for (const [code, action] of [...LABELS, ...OTHERS]) set(code, action);
  }

  /** The action for an opcode, as `immediatesOf` takes it. */
  of(code: number): number {
    return (code < 0x100 ? this.#short[code] : this.#long[code & LONG_BITS])!;
  }
}

/** The opcodes of all accesses of memory. */
function accesses(): number[] {
  const codes = Array.from(
    { length: 0x100 + LONG_BITS + 1 },
    (_, i) => i < 0x100 ? i : FIRST_LONG + i - 0x100,
  );
  const withMemarg = (code: number) => immediatesOf(code)?.[0] === "memarg";
  return [...codes.filter(withMemarg), ...BULK];
}
