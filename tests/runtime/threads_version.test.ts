/** What the rewriter makes is pinned to its version: a cache holds it, and the schedule of a log follows from its counts. @module */
import { createHash } from "node:crypto";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { VERSION } from "../../src/runtime/module/threads/cache.ts";
import { rewriteThreads } from "../../src/runtime/module/threads/rewrite.ts";
import { wat } from "./threads_kit.ts";

/** Something of all that is counted or hooked. */
const MODULE = wat(`(module
  (import "env" "memory" (memory 1 2 shared))
  (type $unary (func (param i32) (result i32)))
  (table 1 funcref)
  (elem (i32.const 0) $twice)
  (func $twice (param i32) (result i32)
    (if (result i32) (i32.eqz (local.get 0))
      (then (i32.const 0))
      (else (call $twice (i32.sub (local.get 0) (i32.const 1))))))
  (func (export "_start") (local $i i32)
    (loop $branch
      (drop (call_indirect (type $unary) (local.get $i) (i32.const 0)))
      (i32.store (i32.const 8) (i32.load (i32.const 4)))
      (br_if $branch (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))
    (block $end
      (loop $table
        (br_table $table $end (local.get $i))))
    (drop (memory.grow (i32.const 1)))
    (drop (memory.atomic.notify offset=4 (i32.const 0) (i32.const 1)))
    (drop (memory.atomic.wait32 (i32.const 0) (i32.const 1) (i64.const 0)))
    (drop (memory.atomic.wait64 (i32.const 0) (i64.const 1) (i64.const 0)))))`);

/** SHA-256 of what the module becomes, as it runs without and with a seed. */
const MADE = [
  "756dae3d6acd8105380ed0b85c4b4b8b7e825cb374e92bda04b93707ae553cc5",
  "5e74752cebe095b908d0145d1b1af6ed0b95e30caa59e7fc58bae6bf579b8354",
];

test("what the rewriter makes of a module is another only under another version", () => {
  const made = [false, true].map((fine) =>
    createHash("sha256").update(rewriteThreads(MODULE, { fine })).digest("hex")
  );
  assert.equal(
    made,
    MADE,
    "raise VERSION in cache.ts, and PROTOCOL_VERSION if modules count otherwise; then put the digests of the new version here",
  );
  assert.is(VERSION, 3);
});

test.run();
