/**
 * The instructions of WebAssembly 3.0, of threads and of legacy exceptions, and what follows each opcode.
 *
 * The one table that everything in replrt uses that reads or rewrites code.
 *
 * @module
 */

/**
 * What an opcode is followed by.
 *
 * - an index or a count, u32: `label`, `func`, `type`, `table`, `local`, `global`, `memory`, `tag`, `data`, `elem`, `field`, `count`
 * - `block`: a block type, s33 or a value type
 * - `labels`: the labels of br_table, without the default
 * - `catches`: the catch clauses of try_table
 * - `types`: the value types of select
 * - `heap`: a heap type, s33
 * - `memarg`: alignment, the memory if bit 6 of it is set, offset
 * - `byte`: a lane, the flags of a cast, the zero of a fence
 * - `i32`, `i64`: a signed LEB128; `f32`, `f64`, `v128`: 4, 8 and 16 bytes (the lanes of a shuffle too)
 */
export type Immediate =
  | "label"
  | "func"
  | "type"
  | "table"
  | "local"
  | "global"
  | "memory"
  | "tag"
  | "data"
  | "elem"
  | "field"
  | "count"
  | "block"
  | "labels"
  | "catches"
  | "types"
  | "heap"
  | "memarg"
  | "byte"
  | "i32"
  | "i64"
  | "f32"
  | "f64"
  | "v128";

/** The opcodes that mean more here than what follows them. */
export const Op = {
  unreachable: 0x00,
  block: 0x02,
  loop: 0x03,
  if: 0x04,
  else: 0x05,
  /** Legacy exceptions. */
  try: 0x06,
  /** Legacy exceptions. */
  rethrow: 0x09,
  /** Ends a block or a body. */
  end: 0x0b,
  br: 0x0c,
  br_if: 0x0d,
  br_table: 0x0e,
  call: 0x10,
  call_indirect: 0x11,
  return_call: 0x12,
  return_call_indirect: 0x13,
  call_ref: 0x14,
  return_call_ref: 0x15,
  /** Legacy exceptions: ends a `try` by naming who handles it. */
  delegate: 0x18,
  drop: 0x1a,
  select: 0x1b,
  try_table: 0x1f,
  local_get: 0x20,
  local_set: 0x21,
  local_tee: 0x22,
  global_get: 0x23,
  global_set: 0x24,
  i32_load8_u: 0x2d,
  memory_grow: 0x40,
  i32_const: 0x41,
  i32_eqz: 0x45,
  i32_eq: 0x46,
  i32_ne: 0x47,
  i32_lt_s: 0x48,
  i32_lt_u: 0x49,
  i32_le_s: 0x4c,
  i64_ne: 0x52,
  i32_add: 0x6a,
  i32_sub: 0x6b,
  br_on_null: 0xd5,
  br_on_non_null: 0xd6,
  br_on_cast: 0xfb018,
  br_on_cast_fail: 0xfb019,
  memory_init: 0xfc008,
  memory_copy: 0xfc00a,
  memory_fill: 0xfc00b,
  atomic_notify: 0xfe000,
  atomic_wait32: 0xfe001,
  atomic_wait64: 0xfe002,
  i32_atomic_load: 0xfe010,
  i64_atomic_load: 0xfe011,
} as const;

/** The first and the last opcode of relaxed SIMD. */
export const RELAXED_SIMD = [0xfd100, 0xfd113] as const;

/** Opcodes `first` to `last`, and what follows each of them. */
type Row = readonly [first: number, last: number, ...Immediate[]];

const CONTROL: readonly Row[] = [
  [0x00, 0x01],
  [0x02, 0x04, "block"],
  [0x05, 0x05],
  [0x06, 0x06, "block"], // try
  [0x07, 0x08, "tag"], // catch, throw
  [0x09, 0x09, "label"], // rethrow
  [0x0a, 0x0b], // throw_ref, end
  [0x0c, 0x0d, "label"],
  [0x0e, 0x0e, "labels", "label"],
  [0x0f, 0x0f],
  [0x10, 0x10, "func"],
  [0x11, 0x11, "type", "table"],
  [0x12, 0x12, "func"],
  [0x13, 0x13, "type", "table"],
  [0x14, 0x15, "type"],
  [0x18, 0x18, "label"],
  [0x19, 0x1b], // catch_all, drop, select
  [0x1c, 0x1c, "types"],
  [0x1f, 0x1f, "block", "catches"],
];

const PLAIN: readonly Row[] = [
  [0x20, 0x22, "local"],
  [0x23, 0x24, "global"],
  [0x25, 0x26, "table"],
  [0x28, 0x3e, "memarg"],
  [0x3f, 0x40, "memory"],
  [0x41, 0x41, "i32"],
  [0x42, 0x42, "i64"],
  [0x43, 0x43, "f32"],
  [0x44, 0x44, "f64"],
  [0x45, 0xc4], // numeric, sign extension
  [0xd0, 0xd0, "heap"],
  [0xd1, 0xd1],
  [0xd2, 0xd2, "func"],
  [0xd3, 0xd4], // ref.eq, ref.as_non_null
  [0xd5, 0xd6, "label"],
];

const GC: readonly Row[] = [
  [0xfb000, 0xfb001, "type"],
  [0xfb002, 0xfb005, "type", "field"],
  [0xfb006, 0xfb007, "type"],
  [0xfb008, 0xfb008, "type", "count"],
  [0xfb009, 0xfb009, "type", "data"],
  [0xfb00a, 0xfb00a, "type", "elem"],
  [0xfb00b, 0xfb00e, "type"],
  [0xfb00f, 0xfb00f],
  [0xfb010, 0xfb010, "type"],
  [0xfb011, 0xfb011, "type", "type"],
  [0xfb012, 0xfb012, "type", "data"],
  [0xfb013, 0xfb013, "type", "elem"],
  [0xfb014, 0xfb017, "heap"],
  [0xfb018, 0xfb019, "byte", "label", "heap", "heap"],
  [0xfb01a, 0xfb01e],
];

const BULK: readonly Row[] = [
  [0xfc000, 0xfc007], // saturating conversions
  [0xfc008, 0xfc008, "data", "memory"],
  [0xfc009, 0xfc009, "data"],
  [0xfc00a, 0xfc00a, "memory", "memory"],
  [0xfc00b, 0xfc00b, "memory"],
  [0xfc00c, 0xfc00c, "elem", "table"],
  [0xfc00d, 0xfc00d, "elem"],
  [0xfc00e, 0xfc00e, "table", "table"],
  [0xfc00f, 0xfc011, "table"],
];

const SIMD: readonly Row[] = [
  [0xfd000, 0xfd00b, "memarg"],
  [0xfd00c, 0xfd00d, "v128"],
  [0xfd00e, 0xfd014],
  [0xfd015, 0xfd022, "byte"],
  [0xfd023, 0xfd053],
  [0xfd054, 0xfd05b, "memarg", "byte"],
  [0xfd05c, 0xfd05d, "memarg"],
  [0xfd05e, 0xfd0ff],
  [...RELAXED_SIMD],
];

/** Opcodes within the rows of SIMD that no instruction has. */
const SIMD_HOLES: readonly number[] = [
  ...[0xfd09a, 0xfd0a2, 0xfd0a5, 0xfd0a6, 0xfd0af, 0xfd0b0, 0xfd0b2, 0xfd0b3],
  ...[0xfd0b4, 0xfd0bb, 0xfd0c2, 0xfd0c5, 0xfd0c6, 0xfd0cf, 0xfd0d0, 0xfd0d2],
  ...[0xfd0d3, 0xfd0d4, 0xfd0e2, 0xfd0ee],
];

const ATOMIC: readonly Row[] = [
  [0xfe000, 0xfe002, "memarg"],
  [0xfe003, 0xfe003, "byte"],
  [0xfe010, 0xfe04e, "memarg"],
];

/** The first bytes that are followed by the rest of the opcode, a u32: 0xfb to 0xfe. */
const FIRST_PREFIX = 0xfb;
const LAST_PREFIX = 0xfe;
/** One more than the largest second part that a table slot exists for. */
const SECOND_PARTS = 0x1000;

type Slots = (readonly Immediate[] | undefined)[];

const SHORT: Slots = new Array(0x100).fill(undefined);
const LONG: Slots = new Array(
  (LAST_PREFIX - FIRST_PREFIX + 1) * SECOND_PARTS,
).fill(undefined);

const ROWS = [CONTROL, PLAIN, GC, BULK, SIMD, ATOMIC].flat();
for (const [first, last, ...immediates] of ROWS) {
  for (let code = first; code <= last; code++) {
    if (SIMD_HOLES.includes(code)) continue;
    if (code < 0x100) SHORT[code] = immediates;
    else LONG[code - FIRST_PREFIX * SECOND_PARTS] = immediates;
  }
}

/** Whether this byte is only the first part of an opcode. */
export function isPrefix(byte: number): boolean {
  return byte >= FIRST_PREFIX && byte <= LAST_PREFIX;
}

/** The opcode of two parts, such as 0xfd100 of 0xfd and 0x100; undefined when no instruction has such a second part. */
export function joinOpcode(prefix: number, second: number): number | undefined {
  return second < SECOND_PARTS ? prefix * SECOND_PARTS + second : undefined;
}

/**
 * What follows an opcode, in order; undefined when no instruction has it.
 *
 * @param code the byte, or both parts as {@linkcode joinOpcode} joins them.
 */
export function immediatesOf(code: number): readonly Immediate[] | undefined {
  return code < 0x100 ? SHORT[code] : LONG[code - FIRST_PREFIX * SECOND_PARTS];
}
