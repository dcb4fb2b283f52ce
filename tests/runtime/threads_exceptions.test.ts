import { test } from "uvu";
import * as assert from "uvu/assert";
import { rewritten, unchanged, wat } from "./threads_kit.ts";

/** Holds that `f` gives for 0 to 40 what it gives without being rewritten, and that it yields in fine mode. */
function same(text: string): void {
  const bytes = wat(`(module (memory 1 1 shared) (tag $e) (tag $v (param i32))
    (func $throw (param i32)
      (if (i32.and (local.get 0) (i32.const 1)) (then (throw $v (local.get 0))))
      (if (i32.and (local.get 0) (i32.const 2)) (then (throw $e))))
    (func (export "f") ${text}))`);
  const original = unchanged(bytes);
  for (const fine of [false, true]) {
    const guest = rewritten(bytes, { fine, quantum: 5 });
    for (let n = 0; n <= 40; n++) {
      assert.is(guest.call("f", n), original("f", n), `${n} ${fine}`);
    }
    if (fine) assert.ok(guest.seen.yields > 0);
  }
}

test("catch clauses of try_table go to loops and across them", () => {
  same(`(param $n i32) (result i32) (local $i i32) (local $sum i32)
    (loop $outer
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (block $caught
        (block $value (result i32)
          (loop $inner
            (try_table (catch $v $value) (catch_all $inner)
              (local.set $i (i32.add (local.get $i) (i32.const 1)))
              (if (i32.gt_s (local.get $i) (local.get $n)) (then (br $caught)))
              (local.set $sum (i32.add (local.get $sum) (i32.const 100)))
              (call $throw (local.get $i))
              (br $outer)))
          (unreachable))
        (local.set $sum (i32.add (local.get $sum)))
        (br $outer)))
    (loop $last
      (try_table (catch $e $last)
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (if (i32.le_s (local.get $i) (i32.const 60)) (then (throw $e)))))
    (i32.add (local.get $sum) (local.get $i))`);
});

test("a loop that only a catch clause goes back to yields for ever", () => {
  for (const clause of ["catch $e", "catch_all"]) {
    const bytes = wat(`(module (memory 1 1 shared) (tag $e) (func (export "f")
      (loop $l (block (try_table (${clause} $l) (throw $e))))))`);
    for (const fine of [false, true]) {
      const guest = rewritten(bytes, { fine, enough: 5 });
      assert.throws(() => guest.call("f"));
      assert.is(guest.seen.yields, 5);
    }
  }
});

test("legacy exceptions are caught and thrown again across loops", () => {
  same(`(param $n i32) (result i32) (local $i i32) (local $sum i32)
    (try $all
      (do
        (loop $outer
          (try $t
            (do
              (local.set $i (i32.add (local.get $i) (i32.const 1)))
              (if (i32.gt_s (local.get $i) (local.get $n)) (then (throw $e)))
              (loop $inner
                (local.set $sum (i32.add (local.get $sum) (i32.const 7)))
                (call $throw (local.get $sum))
                (br_if $inner (i32.and (local.get $sum) (i32.const 4)))))
            (catch $v
              (local.set $sum (i32.add (local.get $sum)))
              (if (i32.lt_s (local.get $i) (local.get $n)) (then (br $outer)))
              (loop $r (br_if $r (i32.lt_s (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 50)))
                (rethrow $t)))
            (catch_all
              (local.set $sum (i32.add (local.get $sum) (i32.const 3)))
              (br_if $outer (i32.lt_s (local.get $i) (local.get $n)))
              (loop (loop (rethrow $t)))))))
      (catch $e (local.set $sum (i32.xor (local.get $sum) (i32.const 0x5555))))
      (catch_all (local.set $sum (i32.xor (local.get $sum) (i32.const 0xaaaa)))))
    (local.get $sum)`);
});

test("legacy exceptions are delegated across loops, to loops and to the caller", () => {
  same(`(param $n i32) (result i32) (local $i i32) (local $sum i32)
    (loop $outer
      (try $far
        (do
          (loop $inner
            (try $near
              (do
                (loop $again
                  (local.set $i (i32.add (local.get $i) (i32.const 1)))
                  (br_if $again (i32.rem_u (local.get $i) (i32.const 3)))
                  (try (do (call $throw (local.get $i))) (delegate $again))
                  (try (do (call $throw (i32.shr_u (local.get $i) (i32.const 1)))) (delegate $near))
                  (try (do (call $throw (i32.shr_u (local.get $i) (i32.const 2)))) (delegate $inner))
                  (try (do (call $throw (i32.shr_u (local.get $i) (i32.const 3)))) (delegate $far))))
              (catch_all
                (local.set $sum (i32.add (i32.mul (local.get $sum) (i32.const 3)) (local.get $i)))
                (br_if $inner (i32.lt_s (local.get $i) (local.get $n)))))))
        (catch_all
          (local.set $sum (i32.add (local.get $sum) (i32.const 1000)))
          (br_if $outer (i32.lt_s (local.get $i) (local.get $n))))))
    (local.get $sum)`);
  const bytes = wat(`(module (memory 1 1 shared) (tag $e (param i32))
    (func $g (param $n i32)
      (loop $l (try (do
        (loop (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1))))
          (throw $e (i32.const 9))))
        (delegate 1))))
    (func (export "f") (param i32) (result i32)
      (try (result i32) (do (call $g (local.get 0)) (i32.const 1)) (catch $e))))`);
  for (const fine of [false, true]) {
    assert.is(rewritten(bytes, { fine }).call("f", 30), 9);
  }
});

test.run();
