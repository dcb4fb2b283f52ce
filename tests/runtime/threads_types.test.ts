import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  moduleOf,
  NO_TYPE,
  type Parts,
  section,
  sized,
  text,
  vec,
} from "./module_kit.ts";
import { Enough, rewritten, unchanged } from "./threads_kit.ts";

const I32 = 0x7f;
const VOID = 0x40;
const ANY = 0x6e;
const END = 0x0b;
const LOOP = 0x03;
const BLOCK = 0x02;
const BR = 0x0c;
const BR_IF = 0x0d;
const UNREACHABLE = 0x00;
/** Indices of the types below. */
const Type = { nothing: 0, number: 1, base: 2, derived: 3, list: 4 } as const;
const TYPES = section(
  1,
  vec(
    NO_TYPE,
    [0x60, vec(I32), vec(I32)],
    [
      0x4e,
      vec(
        [0x50, vec(), 0x5f, vec([I32, 1])],
        [0x4f, vec(Type.base), 0x5f, vec([I32, 1], [[0x63, Type.derived], 0])],
      ),
    ],
    [0x5e, 0x78, 1],
  ),
);

/** A module with a shared memory and two functions: 0 adds 1 and has no name, 1 is `f`. */
function withBody(
  type: number,
  locals: readonly Parts[],
  ...code: Parts[]
): Uint8Array<ArrayBuffer> {
  const plusOne = [0x20, 0, 0x41, 1, 0x6a, END];
  return moduleOf(
    TYPES,
    section(3, vec(Type.number, type)),
    section(5, vec([3, 1, 1])),
    section(7, vec([text("f"), 0, 1])),
    section(9, vec([3, 0, vec(0, 1)])),
    section(
      10,
      vec(sized(vec(), plusOne), sized(vec(...locals), ...code, END)),
    ),
  );
}

/** Holds that `f` gives what it gives without being rewritten; gives the yields in normal mode. */
function same(bytes: Uint8Array<ArrayBuffer>, arg: number): number {
  const [yields] = [false, true].map((fine) => {
    const guest = rewritten(bytes, { fine, quantum: 10 });
    assert.is(guest.call("f", arg), unchanged(bytes)("f", arg));
    return guest.seen.yields;
  });
  return yields!;
}

/** `local 0 -= 1`, which stays on the stack. */
const LESS = [0x20, 0, 0x41, 1, 0x6b, 0x22, 0];
const REF_FUNC = [0xd2, 0];

test("br_on_null goes to a loop, br_on_non_null across one, to a function that is called", () => {
  const bytes = withBody(
    Type.number,
    [[1, 0x63, Type.number], [1, I32]],
    [LOOP, VOID, 0x20, 2, 0x41, 1, 0x6a, 0x21, 2],
    [LESS, 0x04, VOID, 0xd0, Type.number, 0xd5, 1, 0x1a, END, END],
    [BLOCK, 0x64, Type.number, LOOP, VOID],
    [REF_FUNC, 0xd6, 1, BR, 0, END, UNREACHABLE, END, 0x21, 1],
    [0x20, 2, 0x20, 1, 0x14, Type.number],
  );
  assert.ok(same(bytes, 100) > 0);
});

for (
  const [name, cast, made, given] of [
    ["br_on_cast", 0x18, Type.derived, Type.derived],
    ["br_on_cast_fail", 0x19, Type.base, ANY],
  ] as const
) {
  test(`${name} goes across loops`, () => {
    const bytes = withBody(
      Type.number,
      [[1, I32]],
      [LOOP, VOID, BLOCK, 0x64, given, LOOP, VOID, 0xfb, 0x01, made],
      [0xfb, cast, 0, 1, ANY, Type.derived, 0x1a, BR, 0, END, UNREACHABLE, END],
      [0xfb, 0x16, Type.base, 0xfb, 0x02, Type.base, 0],
      [0x20, 1, 0x6a, 0x41, 3, 0x6a, 0x21, 1, LESS, BR_IF, 0, END, 0x20, 1],
    );
    assert.is(same(bytes, 500), Math.ceil((499 - 16 - 10) / 10));
  });
}

test("types that are no types of functions are no types of blocks", () => {
  const bytes = withBody(Type.number, [], [LOOP, Type.list, END, 0x20, 0]);
  assert.throws(() => rewritten(bytes), /type 4 is no type of functions/);
});

for (
  const [name, code] of [["call_ref", 0x14], ["return_call_ref", 0x15]] as const
) {
  test(`a function that calls itself by ${name} yields for ever`, () => {
    const ref = [0xd2, 1, code];
    const tree = [
      0x20,
      0,
      0x04,
      VOID,
      ...twice([LESS, ref, Type.number, 0x1a]),
      END,
    ];
    const body: Parts[] = code === 0x15
      ? [0x20, 0, ref, Type.number]
      : [tree, 0x20, 0];
    const bytes = withBody(Type.number, [], ...body);
    for (const fine of [false, true]) {
      const guest = rewritten(bytes, { fine, enough: 9 });
      assert.throws(
        () => guest.call("f", 60),
        (e: unknown) => e instanceof Enough,
      );
    }
  });
}

/** A tree of calls: each with one less. */
function twice(call: Parts[]): Parts[] {
  return [call, [0x20, 0, 0x41, 1, 0x6a, 0x21, 0], call];
}

test.run();
