import { test } from "uvu";
import * as assert from "uvu/assert";
import { moduleProblem } from "../../src/runtime/module/refuse.ts";
import {
  commandOf,
  HEADER,
  importFunction,
  leb,
  moduleOf,
  nameSection,
  type Parts,
  section,
  sized,
  text,
  vec,
} from "./module_kit.ts";

const encoder = new TextEncoder();
const V128_ZERO = [0xfd, 0x0c, ...new Array(16).fill(0)];
const MADD = [0xfd, leb(0x105)];

/** What is wrong with a module; the test fails when nothing is. */
function problemOf(bytes: Uint8Array) {
  const problem = moduleProblem(bytes);
  if (!problem) throw new Error("nothing is wrong with it");
  return problem;
}

function reasonOf(bytes: Uint8Array): string {
  return problemOf(bytes).reason;
}

/** Where these bytes stand first. */
function offsetOf(bytes: Uint8Array, ...parts: Parts[]): number {
  const wanted = parts.flat(9).join(",");
  for (let at = 0; at < bytes.length; at++) {
    if (`${bytes.subarray(at).join(",")},`.startsWith(`${wanted},`)) return at;
  }
  throw new Error("they stand nowhere");
}

test("a plain command has no problem", () => {
  assert.is(moduleProblem(commandOf()), undefined);
  assert.is(
    moduleProblem(commandOf({ body: [V128_ZERO, 0x1a] })),
    undefined,
  );
});

test("relaxed SIMD is refused with the instruction, the function, its name and the offset", () => {
  const body = [V128_ZERO, V128_ZERO, V128_ZERO, MADD, 0x1a];
  const imports = [importFunction("wasi_snapshot_preview1", "sched_yield")];
  const bytes = commandOf({ imports, imported: 1, body });
  assert.ok(WebAssembly.validate(bytes));
  assert.equal(problemOf(bytes), {
    reason: `function 1 ("main") uses f32x4.relaxed_madd at byte ${
      offsetOf(bytes, MADD)
    }; results of relaxed SIMD differ between processors`,
    next: "build it without relaxed SIMD (clang: without -mrelaxed-simd)",
  });
});

test("a function without a name, or with a damaged name section, goes by its index", () => {
  const code = section(10, vec(sized(0, MADD, 0x0b)));
  const damagedNames = section(0, text("name"), 1, 99, 1);
  for (const names of [[], nameSection(7, "other"), damagedNames]) {
    assert.match(reasonOf(moduleOf(code, names)), /^function 0 uses f32x4/);
  }
});

test("a long function name is cut, and one with quotes is escaped", () => {
  const code = section(10, vec(sized(0, MADD, 0x0b)));
  const long = moduleOf(code, nameSection(0, "x".repeat(500)));
  assert.match(reasonOf(long), `("${"x".repeat(80)}…") uses`);
  const odd = moduleOf(code, nameSection(0, 'a"\n\x1b[2J'));
  assert.match(reasonOf(odd), String.raw`("a\"\n\u001b[2J") uses`);
});

test("the bytes of a relaxed instruction inside a constant are no instruction", () => {
  const constant = [0xfd, 0x0c, 0xfd, 0x85, 0x02, ...new Array(13).fill(0)];
  assert.is(moduleProblem(commandOf({ body: [constant, 0x1a] })), undefined);
});

test("an unknown instruction is refused with its opcode, offset and function", () => {
  const cases: [number[], string][] = [
    [[0xff], "0xff"],
    [[0x16], "0x16"],
    [[0xfd, 0x9a, 0x01], "0xfd 0x9a"],
    [[0xfb, 0x80, 0x80, 0x80, 0x80, 0x01], "0xfb 0x10000000"],
  ];
  for (const [opcode, shown] of cases) {
    const bytes = commandOf({ body: [0x01, opcode] });
    const at = offsetOf(bytes, 0x01, opcode) + 1;
    const { reason, next } = problemOf(bytes);
    assert.is(
      reason,
      `the instruction ${shown} at byte ${at} is unknown, in function 0 ("main")`,
    );
    assert.match(next, "not part of WebAssembly 3.0");
  }
});

test("what is not a core module is refused by what it is", () => {
  const magic = HEADER.slice(0, 4);
  const cases: [Uint8Array | number[] | string, RegExp][] = [
    [[], /^it is empty$/],
    [HEADER.slice(0, 6), /^it is cut off: it ends at byte 6, in its header$/],
    [[...magic, 0x0d, 0, 1, 0, 1], /^it is a component; .*not supported yet$/],
    [[...magic, 2, 0, 0, 0], /version of the binary format is 02 00 00 00/],
    ["(module)", /text format$/],
    ["\n ;; hello\n(module (func))", /text format$/],
    ["(; hello ;) (component)", /text format$/],
    ["#!/bin/sh", /^it is not WebAssembly: it starts with 23 21 2f 62/],
    [[0x00, 0x62], /^it is not WebAssembly: it starts with 00 62, not with/],
    [[0x00], /^it is cut off: it ends at byte 1, in its header$/],
  ];
  for (const [bytes, reason] of cases) {
    const given = typeof bytes === "string" ? encoder.encode(bytes) : bytes;
    assert.match(reasonOf(new Uint8Array(given)), reason);
  }
});

test("imports of every kind are read past", () => {
  const imports = [
    [text("env"), text("table"), 1, 0x63, 0x70, 1, 0, 9],
    [text("env"), text("memory"), 2, 4, leb(1, 9)],
    [text("env"), text("global"), 3, 0x7f, 1],
    [text("env"), text("tag"), 4, 0, 0],
    importFunction("env", "function"),
  ];
  const bytes = commandOf({ imports, imported: 1, body: [0xff] });
  assert.match(reasonOf(bytes), 'in function 1 ("main")');
});

test("a body that ends before its size, or has no end, is damaged", () => {
  const early = moduleOf(section(10, vec(sized(0, 0x0b, 0x0b))));
  assert.match(reasonOf(early), /^it is damaged: the body ends at byte \d+/);
  const open = moduleOf(section(10, vec(sized(0, 0x02, 0x40, 0x0b))));
  assert.match(reasonOf(open), /^it is damaged: .*, in function 0$/);
});

test("an instruction that goes past the end of its body is damaged", () => {
  const bytes = commandOf({ body: [0x01, 0x44, 1, 2] });
  const at = offsetOf(bytes, 0x44, 1, 2) + 1;
  assert.match(
    reasonOf(bytes),
    `what starts at byte ${at} goes past its end at byte ${at + 3}, in`,
  );
});

test("a section with more than its elements, or beyond the file, is damaged", () => {
  const more = moduleOf(section(10, vec(sized(0, 0x0b)), 0));
  assert.match(reasonOf(more), /^it is damaged: section 10 has its last/);
  const beyond = moduleOf([10, 20, 0]);
  assert.match(
    reasonOf(beyond),
    "section 10 at byte 8 ends at byte 30, the file at byte 11",
  );
});

test("limits, imports and catch clauses of no known kind are damaged", () => {
  const cases: [Uint8Array, string][] = [
    [
      commandOf({ imports: [[text("a"), text("b"), 2, 8, 1]] }),
      "the limits at byte",
    ],
    [commandOf({ imports: [[text("a"), text("b"), 9]] }), "the import at byte"],
    [commandOf({ body: [0x1f, 0x40, 1, 4, 0] }), "the catch clause at byte"],
  ];
  for (const [bytes, reason] of cases) assert.match(reasonOf(bytes), reason);
});

test("numbers too long for their type are damaged, counts too large end", () => {
  const most = [0xff, 0xff, 0xff, 0xff, 0x0f];
  const cases: [Parts, string][] = [
    [[0x10, leb(0, 6)], "is too long for its type"],
    [[0x10, 0xff, 0xff, 0xff, 0xff, 0x1f], "is too long for its type"],
    [[0x41, leb(0, 6)], "is too long for its type"],
    [[0x42, leb(0, 11)], "is too long for its type"],
    [[0x0e, most, 0], "goes past its end"],
    [[0x1c, most, 0x7f], "goes past its end"],
    [[0x1f, 0x40, most, 2], "goes past its end"],
  ];
  for (const [body, reason] of cases) {
    assert.match(reasonOf(commandOf({ body })), reason);
  }
  assert.match(reasonOf(moduleOf(section(10, most, 2))), "goes past its end");
  assert.match(reasonOf(moduleOf([10, most])), "ends at byte 4294967309");
});

test.run();
