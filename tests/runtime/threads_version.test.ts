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
  "798fa7614fee14a8cfd24fe2ebfb71b4e0233991b84ee18ff62e236413293d22",
  "6096bec2687520a2b5e8b40c4552dd80cc3cc840b73e2e8983275e1bd1adee1b",
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
  assert.is(VERSION, 2);
});

test.run();
