import { test } from "uvu";
import * as assert from "uvu/assert";
import { argumentBytes, arity } from "../../src/wasi-intercept/syscall.ts";
import { rowOf, TABLE } from "../../src/wasi-intercept/table.ts";
import { FIRST_SYSCALL } from "../../src/engine/message.ts";
import { SPEC } from "./spec.ts";

test("the table has the spec's functions, in its order", () => {
  assert.equal(TABLE.map(({ name }) => name), SPEC.map(([name]) => name));
  assert.is(TABLE.length, 46);
});

test("each row has the spec's parameters", () => {
  for (const [i, [name, , params]] of SPEC.entries()) {
    const row = TABLE[i]!;
    const wasm = row.params.flatMap(([, type]) =>
      type === "u64" ? ["i64"] : type === "path" ? ["i32", "i32"] : ["i32"]
    );
    assert.is(wasm.join(" "), params, name);
    assert.is(arity(row), wasm.length, name);
  }
});

test("ids are those that were given once, and none is given twice", () => {
  for (const [i, [name, id]] of SPEC.entries()) {
    assert.is(TABLE[i]!.id, id, name);
    assert.is(rowOf(id), TABLE[i], name);
  }
  assert.is(new Set(TABLE.map(({ id }) => id)).size, TABLE.length);
  assert.ok(TABLE.every(({ id }) => id >= FIRST_SYSCALL && id < 0xfff0));
});

test("an id that is no syscall has no row", () => {
  for (const id of [0, 5, 255, 302, 0xffff]) assert.is(rowOf(id), undefined);
});

test("a row that can be executed says what a backup does instead", () => {
  for (const row of TABLE) {
    assert.is(row.execute === undefined, row.effect === "local", row.name);
    if (row.mirror !== undefined) assert.is.not(row.effect, "local", row.name);
  }
});

test("plain arguments take whole words of 8 bytes, aligned by themselves", () => {
  for (const row of TABLE) {
    assert.is(argumentBytes(row) % 8, 0, row.name);
    let size = 0;
    for (const [, type] of row.params) {
      size += type === "u64" || type === "path" ? 8 : 4;
    }
    assert.ok(argumentBytes(row) - size < 8 && argumentBytes(row) >= size);
  }
});

test.run();
