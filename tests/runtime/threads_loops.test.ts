import { test } from "uvu";
import * as assert from "uvu/assert";
import { rewritten, unchanged, wat } from "./threads_kit.ts";

/** Branches back to loops that a call of a function has for nothing. */
const FREE = 16;
const QUANTUM = 100;
const MODES = [false, true];

/** A module with a shared memory and a function `f`. */
function withFunction(func: string, more = ""): Uint8Array<ArrayBuffer> {
  return wat(`(module (memory (export "memory") 1 2 shared) ${more}
    (func $f (export "f") ${func}))`);
}

/** Holds that `f` gives for each argument what it gives without being rewritten; gives the yields of all in normal mode. */
function same(bytes: Uint8Array<ArrayBuffer>, args: readonly number[]): number {
  const original = unchanged(bytes);
  const [yields] = MODES.map((fine) => {
    const guest = rewritten(bytes, { fine, quantum: QUANTUM });
    for (const arg of args) {
      assert.equal(guest.call("f", arg), original("f", arg), `${arg} ${fine}`);
    }
    return guest.seen.yields;
  });
  return yields!;
}

/** How often a loop yields: its branches back beyond the free ones take from quanta, the first of which was there. */
function yieldsOf(iterations: number, quantum: number, free: number): number {
  const counted = iterations - 1 - free;
  return Math.max(0, Math.ceil((counted - quantum) / quantum));
}

const COUNTING = withFunction(`(param $n i32) (result i32) (local $sum i32)
  (loop $again
    (local.set $sum (i32.add (local.get $sum) (local.get $n)))
    (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
  (local.get $sum)`);

test("a loop takes its branches back from the quantum, but for the first ones", () => {
  for (const quantum of [1, 7, 100, 256, 257, 1000]) {
    for (const n of [1, 16, 17, 18, 19, 116, 117, 118, 273, 274, 5000]) {
      const guest = rewritten(COUNTING, { quantum });
      assert.is(guest.call("f", n), unchanged(COUNTING)("f", n));
      const yields = yieldsOf(n, quantum, FREE);
      assert.is(guest.seen.yields, yields, `${n} of ${quantum}`);
    }
  }
});

test("a loop takes each branch back from the quantum in fine mode", () => {
  for (const quantum of [1, 7, 256]) {
    for (const n of [1, 2, 3, 8, 9, 600]) {
      const guest = rewritten(COUNTING, { quantum, fine: true });
      assert.is(guest.call("f", n), unchanged(COUNTING)("f", n));
      assert.is(guest.seen.yields, yieldsOf(n, quantum, 0), `${n} ${quantum}`);
    }
  }
});

test("each access of memory takes one from the quantum in fine mode", () => {
  const bytes = withFunction(
    `(param $n i32) (result i32)
    (i32.store (i32.const 8) (local.get $n))
    (i32.store8 offset=300 (i32.const 8) (local.get $n))
    (v128.store (i32.const 16) (v128.load (i32.const 0)))
    (v128.store32_lane 1 (i32.const 32) (v128.load8_splat (i32.const 8)))
    (i32.atomic.store (i32.const 40) (i32.atomic.load (i32.const 8)))
    (drop (i64.atomic.rmw.add (i32.const 48) (i64.const 2)))
    (drop (i32.atomic.rmw8.cmpxchg_u (i32.const 3) (i32.const 0) (i32.const 1)))
    (memory.fill (i32.const 64) (i32.const 7) (i32.const 9))
    (memory.copy (i32.const 80) (i32.const 0) (i32.const 70))
    (memory.init $d (i32.const 200) (i32.const 0) (i32.const 3))
    (data.drop $d) (atomic.fence) (drop (memory.size))
    (i32.add (i32.load (i32.const 88)) (i32.load16_u (i32.const 201)))`,
    '(data $d "abc")',
  );
  const accesses = 15;
  const guest = rewritten(bytes, { fine: true, quantum: 1 });
  assert.is(guest.call("f", 9), unchanged(bytes)("f", 9));
  assert.is(guest.seen.yields, accesses - 1);
  assert.is(rewritten(bytes).call("f", 9), unchanged(bytes)("f", 9));
});

test("loops within loops, and branches across them, do what they did", () => {
  const bytes = withFunction(`(param $n i32) (result i32)
    (local $i i32) (local $j i64) (local $k i32) (local $sum i32)
    (loop $outer
      (local.set $k (i32.const 3))
      (block $done
        (loop $inner
          (local.set $sum (i32.add (local.get $sum) (local.get $k)))
          (br_if $done (i32.eq (local.get $sum) (i32.const 100)))
          (local.set $k (i32.sub (local.get $k) (i32.const 1)))
          (block $skip
            (br_if $skip (local.get $k))
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (br_if $outer (i32.lt_s (local.get $i) (local.get $n)))
            (br $done))
          (if (i32.gt_s (local.get $k) (i32.const 0)) (then (br $inner))))))
    (i32.add (local.get $sum) (local.get $i))`);
  const args = [0, 1, 2, 16, 17, 18, 33, 400];
  assert.ok(same(bytes, args) > 0);
});

test("br_table goes to loops and across them", () => {
  const bytes = withFunction(`(param $n i32) (result i32)
    (local $i i32) (local $sum i32)
    (loop $outer
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (block $out
        (loop $inner
          (local.set $sum (i32.add (i32.mul (local.get $sum) (i32.const 3)) (local.get $i)))
          (block $next
            (if (i32.ge_s (local.get $i) (local.get $n)) (then (br $out)))
            (br_table $next $outer $next $out (i32.rem_u (local.get $i) (i32.const 4))))
          (local.set $i (i32.add (local.get $i) (i32.const 1)))
          (br_table $inner $outer $inner (i32.rem_u (local.get $i) (i32.const 3)))))
      (local.set $sum (i32.xor (local.get $sum) (i32.const 5)))
      (br_if $outer (i32.lt_s (local.get $i) (local.get $n))))
    (local.get $sum)`);
  assert.ok(same(bytes, [0, 1, 3, 16, 17, 18, 40, 999]) > 0);
});

/** Ways to go back to the loop `$l`, within the block `$out`, for as long as `$n` is not 0. */
const WAYS = {
  br: "(if (local.get $n) (then (br $l)))",
  br_if: "(br_if $l (local.get $n))",
  br_table: "(br_table $out $l (local.get $n))",
  "br_if and br_table": `(br_if $l (i32.and (local.get $n) (i32.const 1)))
    (br_table $out $l (local.get $n))`,
};

for (const [name, back] of Object.entries(WAYS)) {
  const counted = name.includes("br_table") ? "each" : "no";
  test(`each way round by ${name} is counted once, and ${counted} coming to the loop`, () => {
    const loop = (step: string) =>
      withFunction(`(param $n i32) (result i32) (block $out (loop $l
        (local.set $n (i32.sub (local.get $n) (i32.const ${step})))
        (loop $once (br_if $once (i32.const 0)))
        ${back})) (local.get $n)`);
    const more = counted === "each" ? 1 : 0;
    for (const [fine, free] of [[false, FREE], [true, 0]] as const) {
      const guest = rewritten(loop("1"), { fine, quantum: 1 });
      assert.is(guest.call("f", 90), 0);
      assert.is(guest.seen.yields, 89 + more - free - 1);
      const endless = rewritten(loop("0"), { fine, enough: 5 });
      assert.throws(() => endless.call("f", 1));
      assert.is(endless.seen.yields, 5);
    }
  });
}

test("loops with parameters and with results do what they did", () => {
  const bytes = withFunction(`(param $n i32) (result i32) (local $c i32)
    (i32.const 1) (i32.const 1)
    (loop $fib (param i32 i32) (result i32 i32)
      (local.set $c)
      (i32.add (local.get $c))
      (local.get $c)
      (br_if $fib (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (i32.add)
    (i32.add (loop $again (result i32)
      (local.set $c (i32.add (local.get $c) (i32.const 7)))
      (i32.sub (i32.const 3) (local.get $c))
      (br_if $again (i32.lt_s (local.get $c) (i32.const 900)))))
    (loop (result i32 i32) (i32.const 5) (i32.const 6))
    (i32.add) (i32.add)`);
  assert.ok(same(bytes, [1, 2, 17, 400]) > 0);
  const endless = withFunction(
    "(param $n i32) (local.get 0) (loop $l (param i32) (br $l))",
  );
  for (const fine of MODES) {
    const guest = rewritten(endless, { fine, enough: 5 });
    assert.throws(() => guest.call("f", 1));
    assert.is(guest.seen.yields, 5);
  }
});

test("a branch back keeps what lies on the stack below", () => {
  const bytes = withFunction(`(param $n i32) (result i32)
    (i32.const 1000) (i32.const 20)
    (loop $l (result i32)
      (i32.const 3)
      (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (i32.add) (i32.add)`);
  assert.is(same(bytes, [1, 200]), yieldsOf(200, QUANTUM, FREE));
});

test("code that nothing reaches stays valid", () => {
  const bytes = withFunction(
    `(param $n i32) (result i32)
    (block $b (loop $l
      (br $b) (br_if $l) (br $l) (drop) (br_table $l $b $l)
      (loop $m (unreachable) (br_if $l (i32.eqz)) (br_if $m)
        (call_indirect (type $t)) (br $m))
      (br_if $l)))
    (local.get $n) (return)
    (loop $o (result i32) (unreachable) (br_if $o) (br $o)) (drop)`,
    "(type $t (func)) (table 1 funcref)",
  );
  same(bytes, [0, 5]);
});

test("locals that are declared in groups keep their places", () => {
  const bytes = withFunction(`(param $n i32) (param $m f64) (result f64)
    (local $a i64) (local $b i64) (local $c f32) (local $d i32) (local $e i32)
    (local.set $c (f32.const 0.5))
    (loop $l
      (local.set $a (i64.add (local.get $a) (i64.const 3)))
      (local.set $b (i64.xor (local.get $a) (local.get $b)))
      (local.set $d (i32.add (local.get $d) (local.get $n)))
      (br_if $l (i32.lt_s (local.tee $e (i32.add (local.get $e) (i32.const 1))) (i32.const 300))))
    (f64.add (f64.add (local.get $m) (f64.promote_f32 (local.get $c)))
      (f64.add (f64.convert_i64_s (i64.add (local.get $a) (local.get $b)))
        (f64.convert_i32_s (local.get $d))))`);
  const original = unchanged(bytes)("f", 3, 0.25);
  for (const fine of MODES) {
    assert.is(rewritten(bytes, { fine }).call("f", 3, 0.25), original);
  }
});

test("a body may be longer than a size of one byte says, and a label than one byte", () => {
  const depth = 130;
  const bytes = withFunction(`(param $n i32) (result i32)
    loop $l ${"block ".repeat(depth)}
      local.get $n i32.const 1 i32.sub local.tee $n br_if $l
      ${"end ".repeat(depth)} end local.get $n`);
  assert.ok(same(bytes, [1, 1000]) > 0);
});

test.run();
