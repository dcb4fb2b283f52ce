import { test } from "uvu";
import * as assert from "uvu/assert";
import { outcome, rewritten, unchanged, wat } from "./threads_kit.ts";

const PROGRAMS = 150;
const ARGUMENTS = [0, 1, 2, 3];
/** How deep blocks lie in each other. */
const DEEPEST = 5;

/** Ends a program that goes round too often. */
const FUEL =
  "(if (i32.lt_s (local.tee $f (i32.sub (local.get $f) (i32.const 1))) (i32.const 0)) (then (return (local.get $x))))";

const VALUES = [
  "(local.get $x)",
  "(local.get $a)",
  "(i32.const 3)",
  "(i32.and (local.get $x) (i32.const 7))",
  "(call $g (local.get $x))",
  "(i32.load (i32.and (local.get $x) (i32.const 0xff)))",
];

/** Makes functions of loops, blocks and branches of all kinds, the same for the same seed. */
class Programs {
  #state: number;
  #names = 0;
  #legacy = false;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** A module with two functions, `m` and `n`. */
  next(): string {
    this.#legacy = this.#below(2) === 0;
    return `(module (memory 1 4 shared) (tag $e)
      (func $g (param i32) (result i32) (local i32)
        (loop $q
          (local.set 1 (i32.add (local.get 1) (i32.const 1)))
          (br_if $q (i32.lt_u (local.get 1) (i32.and (local.get 0) (i32.const 31)))))
        (local.get 1))
      ${this.#function("m")} ${this.#function("n")})`;
  }

  #function(name: string): string {
    return `(func (export "${name}") (param $a i32) (result i32)
      (local $f i32) (local i64) (local $x i32)
      (local.set $f (i32.const 2000)) (local.set $x (local.get $a))
      ${this.#block(0, [])} (local.get $x))`;
  }

  #below(limit: number): number {
    this.#state = (Math.imul(this.#state, 1664525) + 1013904223) >>> 0;
    return (this.#state >>> 8) % limit;
  }

  #of<T>(items: readonly T[]): T {
    return items[this.#below(items.length)]!;
  }

  #block(depth: number, labels: readonly string[]): string {
    const size = 1 + this.#below(4);
    return Array.from({ length: size }, () => this.#step(depth, labels)).join(
      " ",
    );
  }

  #step(depth: number, labels: readonly string[]): string {
    const kinds = [() => this.#set(), () => this.#set(), () => this.#store()];
    if (labels.length > 0) {
      kinds.push(() => this.#branch(labels), () => this.#branch(labels));
    }
    if (depth < DEEPEST) {
      const inner = (more: readonly string[] = []) =>
        this.#block(depth + 1, [...labels, ...more]);
      kinds.push(
        () => this.#loop(inner),
        () => this.#loop(inner),
        () => this.#plain(inner),
      );
      kinds.push(() => this.#catching(inner, labels));
    }
    return this.#of(kinds)();
  }

  #set(): string {
    return `(local.set $x (i32.add (i32.mul (local.get $x) (i32.const 31)) ${
      this.#of(VALUES)
    }))`;
  }

  #store(): string {
    return `(i32.store (i32.and ${this.#of(VALUES)} (i32.const 0xff)) ${
      this.#of(VALUES)
    })`;
  }

  /** A condition that holds once in `rarity`, a power of two. */
  #once(rarity: number): string {
    return `(i32.eqz (i32.and ${this.#of(VALUES)} (i32.const ${rarity - 1})))`;
  }

  #branch(labels: readonly string[]): string {
    const label = () => this.#of(labels);
    return `${FUEL} ${
      this.#of([
        () => `(br_if ${label()} ${this.#once(2)})`,
        () => `(if ${this.#once(4)} (then (br ${label()})))`,
        () =>
          `(if ${
            this.#once(4)
          } (then (br_table ${label()} ${label()} ${label()} ${
            this.#of(VALUES)
          })))`,
      ])()
    }`;
  }

  #loop(inner: Inner): string {
    const label = this.#name();
    const back = this.#of(["", `(br_if ${label} ${this.#once(2)})`]);
    return this.#of([
      () => `(loop ${label} ${FUEL} ${inner([label])} ${back})`,
      () =>
        `(local.set $x (loop ${label} (result i32) ${FUEL} ${
          inner([label])
        } ${back} ${this.#of(VALUES)}))`,
      () =>
        `(local.set $x (local.get $x) (loop ${label} (param i32) (result i32)
        (local.set $x) ${FUEL} ${inner()} (local.get $x) ${back}))`,
    ])();
  }

  #plain(inner: Inner): string {
    const label = this.#name();
    return this.#of([
      () => `(block ${label} ${inner([label])})`,
      () => `(if ${this.#once(2)} (then ${inner()}) (else ${inner()}))`,
      () =>
        `(local.set $x (i32.add (local.get $x) (block (result i32) ${
          this.#of(VALUES)
        } ${inner()})))`,
    ])();
  }

  /** What catches exceptions, in one of the two ways of a module. */
  #catching(inner: Inner, labels: readonly string[]): string {
    const label = this.#name();
    const thrown = `(if ${this.#once(2)} (then (throw $e)))`;
    if (!this.#legacy) {
      if (labels.length === 0) return thrown;
      const catches = `(catch $e ${this.#of(labels)}) (catch_all ${
        this.#of(labels)
      })`;
      return `(try_table ${label} ${catches} ${FUEL} ${
        inner([label])
      } ${thrown})`;
    }
    const outer = this.#name();
    const again = `(if ${this.#once(8)} (then (rethrow ${label})))`;
    return this.#of([
      () =>
        `(try ${label} (do ${inner([label])} ${thrown}) (catch $e ${
          inner([label])
        } ${again}))`,
      () =>
        `(try ${label} (do ${inner([label])} ${thrown}) (catch_all ${
          inner([label])
        }))`,
      () =>
        `(try ${outer} (do (try ${label} (do ${inner([label])} ${thrown})
        (delegate ${this.#of([...labels, outer])}))) (catch_all ${inner()}))`,
    ])();
  }

  #name(): string {
    return `$l${this.#names++}`;
  }
}

/** Makes the contents of a block, within these labels more. */
type Inner = (more?: readonly string[]) => string;

test("programs of loops and branches made at random do what they did", () => {
  const programs = new Programs(7);
  let yields = 0, thrown = 0;
  for (let n = 0; n < PROGRAMS; n++) {
    const text = programs.next();
    const bytes = wat(text);
    for (const fine of [false, true]) {
      const original = unchanged(bytes);
      const guest = rewritten(bytes, { fine, quantum: 1 + n });
      for (const name of ["m", "n"]) {
        for (const arg of ARGUMENTS) {
          const found = outcome(() => guest.call(name, arg));
          const before = outcome(() => original(name, arg));
          assert.is(found, before, `${name}(${arg}) ${fine} of ${text}`);
          if (found.startsWith("throws")) thrown++;
        }
      }
      yields += guest.seen.yields;
    }
  }
  assert.ok(yields > 1000 && thrown > 10, `${yields} yields, ${thrown} thrown`);
});

test.run();
