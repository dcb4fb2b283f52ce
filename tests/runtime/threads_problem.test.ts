import { test } from "uvu";
import * as assert from "uvu/assert";
import { Malformed } from "../../src/runtime/module/reader.ts";
import { threadProblem } from "../../src/runtime/module/threads/problem.ts";
import { rewriteThreads } from "../../src/runtime/module/threads/rewrite.ts";
import {
  threadParts,
  threadShape,
} from "../../src/runtime/module/threads/shape.ts";
import { commandOf, HEADER } from "./module_kit.ts";
import { wat } from "./threads_kit.ts";

const MEMORY = `(import "env" "memory" (memory 2 8 shared))`;
const SPAWN = `(import "wasi" "thread-spawn" (func (param i32) (result i32)))`;
const START = `(func (export "wasi_thread_start") (param i32 i32))`;

/** Why the threads of a module can't run. */
function problemOf(bytes: Uint8Array) {
  return threadProblem(bytes, threadParts(bytes));
}

test("a module that spawns threads, or has a shared memory, is threaded", () => {
  const shape = (text: string) =>
    threadShape(threadParts(wat(`(module ${text})`)));
  const memory = { module: "env", name: "memory", initial: 2, maximum: 8 };
  assert.equal(shape(`${SPAWN} ${MEMORY} ${START}`), { spawns: true, memory });
  assert.equal(shape(MEMORY), { spawns: false, memory });
  const own = { spawns: false, memory: undefined };
  assert.equal(shape("(memory 1 1 shared)"), own);
  assert.equal(shape(`(memory 1) (memory 1 1 shared)`), own);
  assert.equal(shape(SPAWN), { spawns: true, memory: undefined });
});

test("a module without threads is not threaded, and there is no problem with its threads", () => {
  for (
    const bytes of [
      wat(`(module (memory 1 1))`),
      wat(`(module (import "env" "memory" (memory 2 8)))`),
      wat(`(module (import "wasi" "spawn" (func)) ${START})`),
      wat(`(module (import "other" "thread-spawn" (func)))`),
      wat(`(module (import "wasi" "thread-spawn" (global i32)))`),
      commandOf(),
      new Uint8Array(HEADER),
    ]
  ) {
    assert.is(threadShape(threadParts(bytes)), undefined);
    assert.is(problemOf(bytes), undefined);
  }
});

test("there is no problem with a module of threads", () => {
  for (
    const text of [
      `${SPAWN} ${MEMORY} ${START}`,
      `${MEMORY} (memory 1) (func (drop (memory.atomic.notify (i32.const 0) (i32.const 0))))`,
      "(memory 1 1 shared)",
    ]
  ) assert.is(problemOf(wat(`(module ${text})`)), undefined, text);
});

const SHARED_AT_1 = "(memory 1) (memory $m 1 1 shared)";

for (
  const [text, reason, next] of [
    [
      `${SPAWN} ${START} (memory 1 1 shared)`,
      /^it imports wasi\.thread-spawn, but no shared memory/,
      /--import-memory --shared-memory/,
    ],
    [
      `${SPAWN} (import "env" "memory" (memory 1 1)) ${START}`,
      /^it imports wasi\.thread-spawn, but no shared memory/,
      /--import-memory --shared-memory/,
    ],
    [`${SPAWN} ${START}`, /but no shared memory/, /wasm32-wasip1-threads/],
    [
      `${SPAWN} ${MEMORY}`,
      /^it imports wasi\.thread-spawn, but does not export wasi_thread_start$/,
      /wasm32-wasip1-threads/,
    ],
    [
      `${SPAWN} ${MEMORY} (memory (export "wasi_thread_start") 1)`,
      /does not export wasi_thread_start$/,
      /wasm32-wasip1-threads/,
    ],
    [
      "(memory i64 1 1 shared)",
      /^its shared memory has addresses of 64 bits/,
      /wasm32-wasip1-threads/,
    ],
    [
      `${MEMORY} (memory 1 1 shared)`,
      /^it has 2 shared memories; only one is supported$/,
      /one memory/,
    ],
    [
      SHARED_AT_1,
      /^its shared memory is memory 1; only memory 0 may be shared$/,
      /one memory/,
    ],
    ...[
      ["notify", "(i32.const 0)"],
      ["wait32", "(i32.const 0) (i64.const 0)"],
      ["wait64", "(i64.const 0) (i64.const 0)"],
    ].map(([name, rest]) =>
      [
        `${SPAWN} ${MEMORY} ${START} (memory $m 1)
        (func $park (drop (memory.atomic.${name} $m (i32.const 0) ${rest})))`,
        new RegExp(
          `^function 2 \\("park"\\) uses memory\\.atomic\\.${name} on memory 1$`,
        ),
        /memory 0/,
      ] as const
    ),
  ] as const
) {
  test(`what keeps threads from running is told, and what to do: ${reason}`, () => {
    const problem = problemOf(wat(`(module ${text})`));
    assert.match(problem?.reason ?? "", reason);
    assert.match(problem?.next ?? "", next);
  });
}

/** Holds that what reads a module gives something, or throws `Malformed`. */
function readable(bytes: Uint8Array<ArrayBuffer>): void {
  for (
    const read of [
      (bytes: Uint8Array) => threadShape(threadParts(bytes)),
      problemOf,
      (bytes: Uint8Array) => rewriteThreads(bytes, { fine: false }),
      (bytes: Uint8Array) => rewriteThreads(bytes, { fine: true }),
    ]
  ) {
    try {
      read(bytes);
    } catch (error) {
      assert.instance(error, Malformed, `${error}`);
    }
  }
}

const EVERYTHING = wat(
  `(module ${SPAWN} ${MEMORY} (memory $n 1) (tag $e (param i32))
  (type $t (func (param i32 i32) (result i32)))
  (table 3 funcref) (elem (i32.const 0) $f $g) (global (mut i32) (i32.const 3))
  (data "abc") (start $s) (func $s) ${START}
  (func $f (export "f") (param i32 i32) (result i32) (local i64 f32)
    (loop $l (br_if $l (i32.const 0)) (block $b (br_table $l $b $l (i32.const 300))))
    (block $c (result i32) (try_table (catch $e $c) (call_indirect (type $t)
      (i32.const 1) (i32.const -900000) (i32.const 2)) (drop)) (i32.const 0))
    (drop (memory.grow (i32.const 1))) (drop (i64.load offset=123456 (i32.const 8)))
    (drop (memory.atomic.wait32 offset=8 (i32.const 0) (i32.const 0) (i64.const -1)))
    (loop (param i32) (result i32)) (return_call $g (i32.const 7)))
  (func $g (param i32 i32) (result i32) (drop (f64.const 1.5))
    (return_call $f (local.get 1) (local.get 0))))`,
);

test("a module that is cut off gives something or is malformed", () => {
  for (let size = HEADER.length; size < EVERYTHING.length; size++) {
    readable(EVERYTHING.slice(0, size));
  }
});

test("a module with a damaged byte gives something or is malformed", () => {
  for (let at = HEADER.length; at < EVERYTHING.length; at++) {
    for (const bits of [0x01, 0x40, 0x80, 0xff]) {
      const bytes = EVERYTHING.slice();
      bytes[at]! ^= bits;
      readable(bytes);
    }
  }
});

test.run();
