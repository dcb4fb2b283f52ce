import { test } from "uvu";
import * as assert from "uvu/assert";
import { encode } from "cbor-x";
import { GuestExit } from "../../src/wasi-intercept/kernel.ts";
import {
  decodeEnd,
  encodeEnd,
  endOf,
  exitCodeOf,
  type GuestEnd,
  sameEnd,
  trapLines,
} from "../../src/runtime/guest/end.ts";

/** `(func (export "f") …)` with a body, and a tag where it is wanted. */
function moduleOf(body: number[], tag = false): WebAssembly.Instance {
  const name = new TextEncoder().encode("failing");
  const names = [1, name.length + 3, 1, 0, name.length, ...name];
  const section = [4, ...new TextEncoder().encode("name"), ...names];
  return new WebAssembly.Instance(
    new WebAssembly.Module(
      new Uint8Array([
        ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
        ...[1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0],
        ...(tag ? [13, 3, 1, 0, 0] : []),
        ...[7, 5, 1, 1, 0x66, 0, 0],
        ...[10, body.length + 4, 1, body.length + 2, 0, ...body, 0x0b],
        ...[0, section.length, ...section],
      ]),
    ),
  );
}

function thrownBy(instance: WebAssembly.Instance): unknown {
  try {
    (instance.exports.f as () => void)();
  } catch (error) {
    return error;
  }
  return undefined;
}

const UNREACHABLE = [0x00], RECURSION = [0x10, 0x00], THROW = [0x08, 0x00];
const DIVISION = [0x41, 1, 0x41, 0, 0x6d, 0x1a];

const TRAPS: readonly (readonly [string, number[], RegExp])[] = [
  ["unreachable", UNREACHABLE, /^unreachable$/],
  ["division by zero", DIVISION, /^divide by zero$/],
  ["endless recursion", RECURSION, /^call stack exhausted$/],
  ["an exception that nobody catches", THROW, /^uncaught exception$/],
];

for (const [name, body, reason] of TRAPS) {
  test(`a trap keeps its reason: ${name}`, () => {
    const end = endOf(thrownBy(moduleOf(body, body === THROW)));
    assert.is(end?.kind, "trap");
    assert.match((end as GuestEnd & { kind: "trap" }).reason, reason);
    assert.is(exitCodeOf(end!), 134);
    assert.equal(decodeEnd(encodeEnd(end!)), end);
  });
}

test("a trap's frames are the guest's functions, by name and offset", () => {
  const end = endOf(thrownBy(moduleOf(UNREACHABLE)));
  const [first, ...rest] = trapLines(end as GuestEnd & { kind: "trap" });
  assert.is(first, "error: the program trapped: unreachable");
  assert.is(rest.length, 1);
  assert.match(rest[0]!, /^ +0: failing \(0x[0-9a-f]+\)$/);
});

test("a return and an exit are ends with a code of 8 bits", () => {
  assert.equal(endOf(undefined), { kind: "exit", code: 0 });
  const codes = [[0, 0], [7, 7], [255, 255], [256, 0], [0xffff_ffff, 255]];
  for (const [code, seen] of codes) {
    const end = endOf(new GuestExit(code!));
    assert.equal(end, { kind: "exit", code });
    assert.is(exitCodeOf(end!), seen);
    assert.equal(decodeEnd(encodeEnd(end!)), end);
  }
});

test("bytes that are no end are none", () => {
  const trap = { kind: "trap", reason: "unreachable", frames: ["f (0x1)"] };
  const all = [
    ...[7, null, "exit", [], {}, { kind: "exit" }, { kind: "other" }],
    ...[{ kind: "exit", code: "3" }, { kind: "exit", code: 1.5 }],
    ...[{ ...trap, reason: 7 }, { ...trap, frames: 7 }, { kind: "trap" }],
    { ...trap, frames: ["f (0x1)", 7] },
  ].map((value) => new Uint8Array(encode(value)));
  const garbage = [[], [0xff], [0x9b, 255, 255, 255, 255]];
  for (const bytes of [...all, ...garbage.map((g) => new Uint8Array(g))]) {
    assert.is(decodeEnd(bytes), undefined);
  }
});

test("an exception that is not the guest's is no end", () => {
  for (
    const error of [
      new Error("x"),
      new TypeError("x"),
      new RangeError("Invalid array length"),
      "text",
      null,
    ]
  ) assert.is(endOf(error), undefined);
});

test("ends are the same by code or reason; frames may differ", () => {
  const exit = (code: number): GuestEnd => ({ kind: "exit", code });
  const trap = (reason: string, ...frames: string[]): GuestEnd => ({
    kind: "trap",
    reason,
    frames,
  });
  assert.ok(sameEnd(exit(3), exit(3)));
  assert.ok(sameEnd(trap("a", "f (0x1)"), trap("a", "g (0x2)")));
  assert.not(sameEnd(exit(3), exit(4)));
  assert.not(sameEnd(trap("a"), trap("b")));
  assert.not(sameEnd(exit(134), trap("a")));
  assert.not(sameEnd(trap("a"), exit(134)));
});

test.run();
