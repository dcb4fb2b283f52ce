import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  Instructions,
  skipLocals,
} from "../../src/runtime/module/instructions.ts";
import {
  type Immediate,
  immediatesOf,
  isPrefix,
  joinOpcode,
  RELAXED_SIMD,
} from "../../src/runtime/module/opcodes.ts";
import { Reader } from "../../src/runtime/module/reader.ts";
import { moduleProblem } from "../../src/runtime/module/refuse.ts";
import {
  elements,
  readBody,
  SectionId,
  sections,
} from "../../src/runtime/module/sections.ts";
import {
  flat,
  leb,
  moduleOf,
  NO_TYPE,
  type Parts,
  section,
  sized,
  vec,
} from "./module_kit.ts";

const I32 = 0x7f;
const FUNCREF = 0x70;
const UNREACHABLE = 0x00;
const END = 0x0b;
/** Its bytes are no immediate that any instruction here accepts. */
const FENCE = [0xfe, 0x03, 0x00];
const SECOND_PARTS = 0x200;
/** The section after the code. */
const DATA = section(11, vec([1, vec(7)]));

/** Something of every index space at index 0, and a type for each instruction that wants a special one. */
function moduleWith(...body: Parts[]): Uint8Array<ArrayBuffer> {
  return moduleOf(
    section(
      1,
      vec(
        NO_TYPE,
        [0x5f, vec([I32, 1])],
        [0x5e, I32, 1],
        [0x5f, vec([0x78, 1])],
        [0x5e, 0x78, 1],
        [0x5e, FUNCREF, 1],
      ),
    ),
    section(3, vec(0)),
    section(4, vec([FUNCREF, 0, 1])),
    section(5, vec([0, 1])),
    section(13, vec([0, 0])),
    section(6, vec([I32, 1, 0x41, 0, END])),
    section(9, vec([1, 0, vec(0)])),
    section(12, 1),
    section(10, vec(sized(vec([1, I32]), ...body, END))),
    DATA,
  );
}

/** The instructions around the one that is tried. */
interface Setting {
  readonly before: readonly number[];
  readonly after: readonly number[];
}

const PLAIN: readonly Setting[] = [0x40, FUNCREF, 0x6e].map((type) => ({
  before: [0x02, type, UNREACHABLE],
  after: [...FENCE, UNREACHABLE, END, UNREACHABLE],
}));
const OPENS: readonly Setting[] = [
  { before: [UNREACHABLE], after: [UNREACHABLE, END, UNREACHABLE] },
];
const CATCHES: readonly Setting[] = [
  { before: [0x06, 0x40], after: [UNREACHABLE, END] },
];

/** Where an instruction may stand that is only valid in a special place. */
const SETTINGS = new Map<number, readonly Setting[]>([
  ...[0x02, 0x03, 0x04, 0x06, 0x1f].map((code) => [code, OPENS] as const),
  ...[0x07, 0x19].map((code) => [code, CATCHES] as const),
  [0x05, [{ before: [UNREACHABLE, 0x04, 0x40], after: [END] }]],
  [0x09, [{ before: [0x06, 0x40, 0x19], after: [END] }]],
  [0x0b, [{ before: [0x02, 0x40], after: [] }]],
  [0x18, [{ before: [0x06, 0x40], after: [] }]],
]);

const HEAPS = [[0x6e], [0x6d], [FUNCREF], leb(1, 2), leb(1, 5)];

/** Ways to write an immediate; at least one must suit, all that suit are walked. */
function waysOf(immediate: Immediate): number[][] {
  switch (immediate) {
    case "type":
      return [0, 1, 2, 3, 4, 5].map((index) => leb(index, 2));
    case "block":
      return [[0x40], leb(0, 2), leb(0, 5), [I32], [0x63, 0x70], [0x64, 0x6e]];
    case "heap":
      return HEAPS;
    case "types":
      return [[1, I32], [1, 0x63, 0x6e], [1, 0x64, 1]];
    case "labels":
      return [[0], [0x81, 0, 0], vec(leb(0, 2), leb(0, 5))];
    case "catches":
      return [[0], vec([0, leb(0, 2), leb(0, 3)], [2, leb(0, 5)])];
    case "memarg":
      return [
        [0, ...leb(0, 5)],
        [0x40, ...leb(0, 2), ...leb(300, 5)],
        ...[1, 2, 3, 4].map((align) => [...leb(align, 2), ...leb(5, 3)]),
      ];
    case "byte":
      return [[0], [3]];
    case "i32":
      return [[0x7f], leb(0, 5)];
    case "i64":
      return [[0x7f], leb(0, 10)];
    case "f32":
      return [new Array(4).fill(0x7f)];
    case "f64":
      return [new Array(8).fill(0x7f)];
    case "v128":
      return [new Array(16).fill(0x0c)];
    default:
      return [[0], leb(0, 2), leb(0, 5)];
  }
}

function bytesOf(code: number): number[] {
  return code < 0x100 ? [code] : [code >>> 12, ...leb(code & 0xfff, 2)];
}

function combine(
  immediates: readonly Immediate[],
  ways = waysOf,
): number[][] {
  return immediates.reduce<number[][]>(
    (heads, immediate) =>
      heads.flatMap((head) => ways(immediate).map((way) => [...head, ...way])),
    [[]],
  );
}

/** Where the walk finds the instruction after the one at `offset` of the only body; undefined when it finds none there. */
function following(bytes: Uint8Array, offset: number): number | undefined {
  const code = [...sections(bytes)].find(({ id }) => id === SectionId.code);
  if (!code) throw new Error("no code section");
  const found: number[] = [];
  for (const { start, end } of elements(bytes, code, readBody)) {
    const reader = new Reader(bytes, start, end);
    skipLocals(reader);
    const walk = new Instructions(reader);
    while (walk.next()) found.push(walk.at);
  }
  return found.includes(offset) ? found[found.indexOf(offset) + 1] : undefined;
}

/** How many of the ways to write an instruction the engine accepts; each of them must be walked as it is written. */
function accepted(code: number, immediates: readonly Immediate[]): number {
  let count = 0;
  for (const { before, after } of SETTINGS.get(code) ?? PLAIN) {
    for (const way of combine(immediates)) {
      const instruction = [...bytesOf(code), ...way];
      const bytes = moduleWith(before, instruction, after);
      if (!WebAssembly.validate(bytes)) continue;
      count++;
      const at = bytes.length - flat(instruction, after, END, DATA).length;
      const what = `0x${code.toString(16)} as ${instruction}`;
      assert.is(following(bytes, at), at + instruction.length, what);
    }
  }
  return count;
}

function* allCodes(): Generator<number> {
  for (let byte = 0; byte < 0x100; byte++) {
    if (!isPrefix(byte)) {
      yield byte;
      continue;
    }
    for (let second = 0; second < SECOND_PARTS; second++) {
      yield joinOpcode(byte, second) as number;
    }
  }
}

test("the engine knows each instruction of the table, with these immediates", () => {
  let count = 0;
  for (const code of allCodes()) {
    const immediates = immediatesOf(code);
    if (!immediates) continue;
    count++;
    assert.ok(accepted(code, immediates) > 0, `0x${code.toString(16)}`);
  }
  assert.ok(count > 500, `${count} instructions`);
});

test("what the table calls a byte is a number of several bytes for no instruction", () => {
  const padded = (immediate: Immediate) =>
    immediate === "byte" ? [leb(0, 2), leb(3, 2)] : waysOf(immediate);
  const [setting] = PLAIN as [Setting];
  for (const code of allCodes()) {
    const immediates = immediatesOf(code);
    if (!immediates?.includes("byte")) continue;
    for (const way of combine(immediates, padded)) {
      const { before, after } = setting;
      const bytes = moduleWith(before, bytesOf(code), way, after);
      assert.not(WebAssembly.validate(bytes), `0x${code.toString(16)}`);
    }
  }
});

test("the engine knows no instruction that the table lacks", () => {
  const guesses: Immediate[][] = [
    [],
    ["label"],
    ["memarg"],
    ["type"],
    ["heap"],
    ["label", "label"],
  ];
  for (const code of allCodes()) {
    if (immediatesOf(code)) continue;
    for (const way of guesses.flatMap((guess) => combine(guess))) {
      const body = [UNREACHABLE, bytesOf(code), way, UNREACHABLE];
      assert.not(
        WebAssembly.validate(moduleWith(body)),
        `0x${code.toString(16)}`,
      );
    }
  }
});

test("all catch clauses of try_table are walked", () => {
  const exn = 0x69;
  const clauses = vec([0, 0, 0], [2, 0], [1, leb(0, 2), 1], [3, leb(1, 5)]);
  const before = [0x02, exn, 0x02, 0x40];
  const tried = [0x1f, 0x40, clauses];
  const after = [END, END, UNREACHABLE, END, 0x0a];
  const bytes = moduleWith(before, tried, after);
  assert.ok(WebAssembly.validate(bytes));
  const at = bytes.length - flat(tried, after, END, DATA).length;
  assert.is(following(bytes, at), at + flat(tried).length);
});

test("each instruction of relaxed SIMD is refused under the engine's name for it", () => {
  const [first, last] = RELAXED_SIMD;
  for (let code = first; code <= last; code++) {
    const bytes = moduleWith(bytesOf(code));
    const { reason } = moduleProblem(bytes) as { reason: string };
    const [, name] = /uses (\S+) at/.exec(reason) as RegExpExecArray;
    try {
      new WebAssembly.Module(bytes);
      assert.unreachable();
    } catch (error) {
      const message = (error as Error).message.replace("qfma", "relaxed_madd")
        .replace("qfms", "relaxed_nmadd").replace(".dot_", ".relaxed_dot_");
      assert.match(message, `for ${name} (`);
    }
  }
});

test.run();
