import { test } from "uvu";
import * as assert from "uvu/assert";
import { Enough, rewritten, unchanged, wat } from "./threads_kit.ts";

const QUANTUM = 100;

/** Holds that a function yields again and again, in both modes. */
function yieldsForEver(text: string): void {
  const bytes = wat(text);
  for (const fine of [false, true]) {
    const guest = rewritten(bytes, { fine, quantum: QUANTUM, enough: 20 });
    let thrown: unknown;
    try {
      guest.call("f");
    } catch (error) {
      thrown = error;
    }
    assert.instance(thrown, Enough, `${thrown}`);
  }
}

const TABLE = `(memory 1 1 shared) (type $t (func))`;

for (
  const [what, text] of Object.entries({
    "a loop": `(func (export "f") (loop $l (br $l)))`,
    "a loop within a loop that ends": `(func (export "f")
      (loop $o (loop $l (br_if $l (i32.const 0))) (br $o)))`,
    "a loop by br_if": `(func (export "f") (loop $l (br_if $l (i32.const 1))))`,
    "a loop by br_table":
      `(func (export "f") (loop $l (br_table $l $l (i32.const 7))))`,
    "a loop by an exception": `(tag $e) (func (export "f")
      (loop $l (try_table (catch $e $l) (throw $e))))`,
    "a loop by a caught legacy exception": `(tag $e) (func (export "f")
      (loop $l (try (do (throw $e)) (catch_all (br $l)))))`,
    "a loop that calls a function with a loop": `
      (func $g (loop $l (br_if $l (i32.const 0))))
      (func (export "f") (loop $l (call $g) (br $l)))`,
    "a recursion whose tree does not end": `
      (func $g (param i32) (if (i32.gt_s (local.get 0) (i32.const 0))
        (then (call $g (i32.sub (local.get 0) (i32.const 1)))
              (call $g (i32.sub (local.get 0) (i32.const 1))))))
      (func (export "f") (call $g (i32.const 62)))`,
    "a recursion of two functions": `
      (func $g (param i32) (if (local.get 0)
        (then (call $h (local.get 0)) (call $h (local.get 0)))))
      (func $h (param i32) (call $g (i32.sub (local.get 0) (i32.const 1))))
      (func (export "f") (call $g (i32.const 62)))`,
    "tail calls of itself": `(func $f (export "f") (return_call $f))`,
    "tail calls of three functions": `(func $f (export "f") (return_call $g))
      (func $g (return_call $h)) (func $h (return_call $f))`,
    "indirect tail calls": `(table 1 funcref) (elem (i32.const 0) $f)
      (func $f (export "f") (return_call_indirect (type $t) (i32.const 0)))`,
    "indirect recursion": `(table 1 funcref) (elem (i32.const 0) $g)
      (type $u (func (param i32)))
      (func $g (param i32) (if (local.get 0)
        (then (call_indirect (type $u) (i32.sub (local.get 0) (i32.const 1)) (i32.const 0))
              (call_indirect (type $u) (i32.sub (local.get 0) (i32.const 1)) (i32.const 0)))))
      (func (export "f") (call $g (i32.const 62)))`,
  })
) {
  test(`${what} yields for ever`, () => {
    yieldsForEver(`(module ${TABLE} ${text})`);
  });
}

const RECURSION = wat(`(module (memory 1 1 shared)
  (func $fib (export "fib") (param i32) (result i32)
    (if (result i32) (i32.lt_s (local.get 0) (i32.const 2))
      (then (i32.const 1))
      (else (i32.add (call $fib (i32.sub (local.get 0) (i32.const 1)))
                     (call $fib (i32.sub (local.get 0) (i32.const 2)))))))
  (func $twice (param i32) (result i32) (i32.mul (local.get 0) (i32.const 2)))
  (func (export "once") (result i32) (call $twice (call $twice (i32.const 3)))))`);

test("each call that may come back takes one from the quantum", () => {
  for (const quantum of [1, 10, 256]) {
    const guest = rewritten(RECURSION, { quantum });
    const calls = 2 * Number(unchanged(RECURSION)("fib", 15)) - 1;
    assert.is(guest.call("fib", 15), unchanged(RECURSION)("fib", 15));
    assert.is(guest.seen.yields, Math.ceil((calls - quantum) / quantum));
  }
});

test("calls that lead nowhere back take nothing", () => {
  const guest = rewritten(RECURSION, { quantum: 0, enough: 1 });
  assert.is(guest.call("once"), 12);
});

test("each indirect call takes one from the quantum", () => {
  const bytes = wat(`(module (memory 1 1 shared) (table 2 funcref)
    (type $t (func (param i32) (result i32)))
    (elem (i32.const 0) $a $b)
    (func $a (param i32) (result i32) (i32.add (local.get 0) (i32.const 1)))
    (func $b (param i32) (result i32) (i32.add (local.get 0) (i32.const 10)))
    (func (export "f") (param i32) (result i32)
      (call_indirect (type $t) (local.get 0) (i32.const 0))
      (call_indirect (type $t) (i32.const 1))
      (return_call_indirect (type $t) (i32.const 0))))`);
  const guest = rewritten(bytes, { quantum: 1 });
  assert.is(guest.call("f", 5), 17);
  assert.is(guest.seen.yields, 2);
});

test("a function that recurses and loops counts both", () => {
  const bytes = wat(`(module (memory 1 1 shared)
    (func $f (export "f") (param $n i32) (result i32) (local $i i32) (local $sum i32)
      (loop $l
        (local.set $sum (i32.add (local.get $sum) (i32.const 1)))
        (br_if $l (i32.lt_s (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 30))))
      (if (local.get $n) (then (local.set $sum
        (i32.add (local.get $sum) (call $f (i32.sub (local.get $n) (i32.const 1)))))))
      (local.get $sum)))`);
  const calls = 51, back = 29, free = 16;
  const guest = rewritten(bytes, { quantum: 1 });
  assert.is(guest.call("f", calls - 1), calls * 30);
  assert.is(guest.seen.yields, calls * (1 + back - free) - 1);
  const finely = rewritten(bytes, { quantum: 1, fine: true });
  assert.is(finely.call("f", calls - 1), calls * 30);
  assert.is(finely.seen.yields, calls * (1 + back) - 1);
});

test("a function that is called deeply keeps its own counter", () => {
  const bytes = wat(`(module (memory 1 1 shared)
    (func $f (export "f") (param $n i32) (result i32) (local $i i32)
      (loop $l
        (if (local.get $n) (then (local.set $i (i32.add (local.get $i)
          (call $f (i32.sub (local.get $n) (i32.const 1)))))))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br_if $l (i32.lt_u (local.get $i) (i32.const 3))))
      (local.get $i)))`);
  for (const fine of [false, true]) {
    const guest = rewritten(bytes, { fine, quantum: 7 });
    assert.is(guest.call("f", 12), unchanged(bytes)("f", 12));
  }
});

test.run();
