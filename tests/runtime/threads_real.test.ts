import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  Instructions,
  skipLocals,
} from "../../src/runtime/module/instructions.ts";
import { Reader } from "../../src/runtime/module/reader.ts";
import {
  elements,
  readBody,
  SectionId,
  sections,
} from "../../src/runtime/module/sections.ts";
import { appendedTo } from "../../src/runtime/module/threads/appended.ts";
import { threadProblem } from "../../src/runtime/module/threads/problem.ts";
import { rewriteThreads } from "../../src/runtime/module/threads/rewrite.ts";
import {
  threadParts,
  threadShape,
} from "../../src/runtime/module/threads/shape.ts";
import { paramsOf, surveyOf } from "../../src/runtime/module/threads/survey.ts";
import { COUNTED, decoded, expected, undone } from "./threads_undo.ts";

/** Programs in Rust, for wasm32-wasip1-threads: the second is ten times as large as the first. */
const PARSER = read(
  "@oxc-parser/binding-wasm32-wasi",
  "parser.wasm32-wasi.wasm",
);
const BUNDLER = read(
  "@rolldown/binding-wasm32-wasi",
  "rolldown-binding.wasm32-wasi.wasm",
);

function read(name: string, file: string): Uint8Array<ArrayBuffer> {
  return Deno.readFileSync(new URL(file, import.meta.resolve(name)));
}

test("another decoder finds the same functions and instructions in a real module", () => {
  const others = decoded(PARSER);
  let functions = 0;
  for (const section of sections(PARSER)) {
    if (section.id !== SectionId.code) continue;
    for (const { start, end } of elements(PARSER, section, readBody)) {
      const codes = codesOf(new Reader(PARSER, start, end));
      const { steps } = others.next().value!;
      if (codes.join() !== steps.map(({ code }) => code).join()) {
        assert.unreachable(`function ${functions} differs`);
      }
      functions++;
    }
  }
  assert.ok(others.next().done);
  assert.ok(functions > 2000, `${functions} functions`);
});

/** The opcodes of a body; those of two parts as the other decoder joins them. */
function codesOf(reader: Reader): number[] {
  const codes: number[] = [];
  skipLocals(reader);
  const walk = new Instructions(reader);
  while (walk.next()) codes.push(joined(walk.code));
  return codes;
}

function joined(code: number): number {
  const [first, second] = [code >>> 12, code & 0xfff];
  return code < 0x100
    ? code
    : first << (second < 0x100 && first !== 0xfd ? 8 : 12) | second;
}

test("real modules are fit for threads, and valid when they are rewritten", () => {
  for (const bytes of [PARSER, BUNDLER]) {
    const parts = threadParts(bytes);
    assert.is(threadProblem(bytes, parts), undefined);
    assert.equal(threadShape(parts)?.spawns, true);
    assert.equal(threadShape(parts)?.memory?.name, "memory");
    for (const fine of [false, true]) {
      const made = rewriteThreads(bytes, { fine });
      assert.ok(WebAssembly.validate(made));
    }
  }
});

/** The opcodes of direct calls. */
const CALL = "10";
const RETURN_CALL = "12";

/** Of each function, its instructions as they were, and whether a call of it is counted. */
function* compared(bytes: Uint8Array<ArrayBuffer>, fine: boolean) {
  const survey = surveyOf(bytes);
  const { functions, quantum } = appendedTo(survey);
  const originals = decoded(bytes);
  const copies = decoded(rewriteThreads(bytes, { fine }));
  for (const type of survey.functions) {
    const lines = expected(originals.next().value!, fine);
    const params = paramsOf(survey, type);
    const found = undone(copies.next().value!, params, {
      ...functions,
      quantum,
    });
    const counted = found[0] === lines[0] + COUNTED;
    if (counted) found[0] = lines[0]!;
    yield { lines, found, counted };
  }
}

test("a large module without what was put in is what it was", () => {
  let index = 0;
  for (const { lines, found } of compared(BUNDLER, false)) {
    if (lines.join("\n") !== found.join("\n")) assert.equal(found, lines);
    index++;
  }
  assert.is(index, surveyOf(BUNDLER).functions.length);
});

for (const fine of [false, true]) {
  const how = fine ? "each access of memory and " : "";
  test(`${how}each call that may come back to its function is counted, and nothing else is changed`, () => {
    const { imported } = surveyOf(PARSER);
    const callees: number[][] = [];
    const counted: boolean[] = [];
    for (const one of compared(PARSER, fine)) {
      const { lines, found } = one;
      if (lines.join("\n") !== found.join("\n")) assert.equal(found, lines);
      counted.push(one.counted);
      callees.push(
        lines.map((line) => line.split(" "))
          .filter(([code]) => code === CALL || code === RETURN_CALL)
          .map(([, index]) => Number(index) - imported)
          .filter((index) => index >= 0),
      );
    }
    const returns = callees.map((_, index) => comesBack(index, callees));
    assert.equal(counted, returns);
    assert.ok(returns.includes(true) && returns.includes(false));
  });
}

/** Whether calls lead from a function to itself. */
function comesBack(start: number, callees: readonly number[][]): boolean {
  const met = new Set<number>();
  const open = [...callees[start]!];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (next === start) return true;
    if (met.has(next)) continue;
    met.add(next);
    open.push(...callees[next]!);
  }
  return false;
}

test.run();
