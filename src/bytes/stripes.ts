/**
 * `mixStripes` as WebAssembly, which has vectors: 4 KiB of a guest's memory take 0.2 µs.
 *
 * @module
 */
import { FACTORS, SHIFT, SHIFTS, STARTS, STRIPE } from "./digest.ts";
import {
  leb,
  Section,
  section,
  signedLeb,
  text,
  Type,
  WASM_HEAD,
} from "./wasm.ts";

/** As `mixStripes` of digest.ts, in the memory as it is when it is called. @throws {WebAssembly.RuntimeError} when they leave it. */
export type Stripes = (digest: number, at: number, size: number) => number;

/** Makes the {@linkcode Stripes} of a memory, which may be shared. */
export function stripesOf(memory: WebAssembly.Memory): Stripes {
  const shared = memory.buffer instanceof SharedArrayBuffer;
  const made = modules[shared ? "shared" : "own"] ??= moduleFor(shared);
  const { exports } = new WebAssembly.Instance(made, { m: { memory } });
  return exports.mix as Stripes;
}

/** A module says what kind of memory it imports. */
const modules: { shared?: WebAssembly.Module; own?: WebAssembly.Module } = {};

/** Parameters, then locals: where the last stripe ends, the lanes by fours, the factors. */
const DIGEST = 0, AT = 1, SIZE = 2, END = 3, LANES = 4;
/** Vectors of four lanes. */
const FOURS = STRIPE / 16;
const FACTOR = LANES + FOURS;

/** Instructions; each takes its operands from the stack. */
type Code = readonly number[];

const get = (local: number): Code => [0x20, ...leb(local)];
const set = (local: number): Code => [0x21, ...leb(local)];
const tee = (local: number): Code => [0x22, ...leb(local)];

const VOID = 0x40, END_OF_BLOCK = 0x0b;
const loop = (body: Code): Code => [0x03, VOID, ...body, END_OF_BLOCK];
const againIf: Code = [0x0d, 0];

const i32 = {
  const: (n: number): Code => [0x41, ...signedLeb(n)],
  ne: [0x47],
  add: [0x6a],
  mul: [0x6c],
  xor: [0x73],
  shrU: [0x76],
} as const;

const vector = (op: number): Code => [0xfd, ...leb(op)];
const BYTE_ALIGNED = 0;
const v128 = {
  load: (offset: number): Code => [
    ...vector(0x00),
    BYTE_ALIGNED,
    ...leb(offset),
  ],
  const: (four: Int32Array): Code => [
    ...vector(0x0c),
    ...new Uint8Array(four.buffer),
  ],
  xor: vector(0x51),
} as const;
const i32x4 = {
  splat: vector(0x11),
  lane: (n: number): Code => [...vector(0x1b), n],
  shrU: vector(0xad),
  mul: vector(0xb5),
} as const;

/** The lanes of four `n` at their starts. */
function startOf(n: number): Code {
  const starts = STARTS.map((start) => start ^ Math.imul(n, FACTORS[0]!));
  return [
    ...[get(DIGEST), i32x4.splat, v128.const(starts), v128.xor, set(LANES + n)],
  ].flat();
}

/** Folds four words, which `words` pushes, into four `n` of the lanes. */
function mixFour(n: number, words: Code): Code {
  const four = LANES + n;
  return [
    ...[get(four), words, v128.xor, get(FACTOR), i32x4.mul, tee(four)],
    ...[get(four), i32.const(SHIFTS[n]!), i32x4.shrU, v128.xor, set(four)],
  ].flat();
}

/** Folds the word that `word` pushes into the digest. */
function mixOne(word: Code): Code {
  return [
    ...[get(DIGEST), word, i32.xor, i32.const(FACTORS[0]!), i32.mul],
    ...[tee(DIGEST), get(DIGEST), i32.const(SHIFT), i32.shrU, i32.xor],
    set(DIGEST),
  ].flat();
}

/** Folds the upper half of the lanes into the lower, until four are left. */
function halve(): Code {
  const code: Code[] = [];
  for (let half = FOURS / 2; half >= 1; half /= 2) {
    for (let n = 0; n < half; n++) code.push(mixFour(n, get(LANES + n + half)));
  }
  return code.flat();
}

function body(): Code {
  const fours = Array.from({ length: FOURS }, (_, n) => n);
  const lane = (n: number) => [...get(LANES), ...i32x4.lane(n)];
  const stripe = [
    ...fours.map((n) => mixFour(n, [...get(AT), ...v128.load(16 * n)])),
    ...[get(AT), i32.const(STRIPE), i32.add, tee(AT), get(END), i32.ne],
    againIf,
  ];
  return [
    ...[get(AT), get(SIZE), i32.add, set(END)],
    ...[v128.const(FACTORS), set(FACTOR)],
    ...fours.map(startOf),
    loop(stripe.flat()),
    halve(),
    ...[lane(0), set(DIGEST)],
    ...[lane(1), lane(2), lane(3), get(SIZE)].map(mixOne),
    get(DIGEST),
  ].flat();
}

const MEMORY = 2, FUNCTION = 0;
/** Limits of an imported memory: any, or any that is shared, which has a maximum. */
const ANY: Code = [0, 0], ANY_SHARED: Code = [3, 0, ...leb(65_536)];

function moduleFor(shared: boolean): WebAssembly.Module {
  const { i32: word, v128: four } = Type;
  const locals = [2, ...[1, word], ...[FOURS + 1, four]];
  const code = [...locals, ...body(), END_OF_BLOCK];
  const memory = [MEMORY, ...(shared ? ANY_SHARED : ANY)];
  return new WebAssembly.Module(
    new Uint8Array([
      ...WASM_HEAD,
      ...section(Section.types, [
        [Type.function, ...[3, word, word, word], ...[1, word]],
      ]),
      ...section(Section.imports, [[
        ...text("m"),
        ...text("memory"),
        ...memory,
      ]]),
      ...section(Section.functions, [[0]]),
      ...section(Section.exports, [[...text("mix"), FUNCTION, 0]]),
      ...section(Section.code, [[...leb(code.length), ...code]]),
    ]),
  );
}
