import { test } from "uvu";
import * as assert from "uvu/assert";
import { Exported, TRAP } from "../../src/runtime/module/threads/abi.ts";
import { rewriteThreads } from "../../src/runtime/module/threads/rewrite.ts";
import { moduleOf, section, text, vec } from "./module_kit.ts";
import { outcome, rewritten, unchanged, wat } from "./threads_kit.ts";

const PAGE = 65536;
const UNEQUAL = 1;
const TIMED_OUT = 2;

const PARKING = wat(`(module
  (memory (export "memory") 1 3 shared)
  (func (export "wait32") (param i32 i32 i64) (result i32)
    (memory.atomic.wait32 (local.get 0) (local.get 1) (local.get 2)))
  (func (export "wait32_8") (param i32 i32 i64) (result i32)
    (memory.atomic.wait32 offset=8 (local.get 0) (local.get 1) (local.get 2)))
  (func (export "wait32_far") (param i32 i32 i64) (result i32)
    (memory.atomic.wait32 offset=0xfffffffc (local.get 0) (local.get 1) (local.get 2)))
  (func (export "wait64") (param i32 i64 i64) (result i32)
    (memory.atomic.wait64 (local.get 0) (local.get 1) (local.get 2)))
  (func (export "wait64_300") (param i32 i64 i64) (result i32)
    (memory.atomic.wait64 offset=300 (local.get 0) (local.get 1) (local.get 2)))
  (func (export "notify") (param i32 i32) (result i32)
    (memory.atomic.notify (local.get 0) (local.get 1)))
  (func (export "notify_16") (param i32 i32) (result i32)
    (memory.atomic.notify offset=16 (local.get 0) (local.get 1)))
  (func (export "notify_far") (param i32 i32) (result i32)
    (memory.atomic.notify offset=0xfffffffc (local.get 0) (local.get 1))))`);

test("a wait for a value that is there goes to the hook, with its address and timeout", () => {
  const guest = rewritten(PARKING, { wait: TIMED_OUT });
  assert.is(guest.call("wait32", 4, 0, 5n), TIMED_OUT);
  assert.is(guest.call("wait32_8", 4, 0, -1n), TIMED_OUT);
  assert.is(guest.call("wait64", 8, 0n, 1n << 40n), TIMED_OUT);
  assert.is(guest.call("wait64_300", 4, 0n, 0n), TIMED_OUT);
  const waits = [[4, 5n], [12, -1n], [8, 1n << 40n], [304, 0n]];
  assert.equal(guest.seen.waits, waits);
});

test("a wait for another value than there is does not wait", () => {
  const guest = rewritten(PARKING);
  const view = new DataView(
    (guest.exports.memory as WebAssembly.Memory).buffer,
  );
  view.setInt32(12, 7, true);
  view.setBigInt64(304, 1n << 33n, true);
  assert.is(guest.call("wait32_8", 4, 0, -1n), UNEQUAL);
  assert.is(guest.call("wait64_300", 4, 0n, -1n), UNEQUAL);
  assert.equal(guest.seen.waits, []);
  assert.is(guest.call("wait32_8", 4, 7, -1n), 0);
  assert.is(guest.call("wait64_300", 4, 1n << 33n, -1n), 0);
  assert.is(guest.seen.waits.length, 2);
});

test("a wait traps when the hook says so", () => {
  const guest = rewritten(PARKING, { wait: TRAP });
  assert.throws(() => guest.call("wait32", 4, 0, -1n), /unreachable/);
  assert.throws(() => guest.call("wait64", 8, 0n, -1n), /unreachable/);
});

test("a notify goes to the hook, with its address and count", () => {
  const guest = rewritten(PARKING, { notify: 3 });
  assert.is(guest.call("notify", 4, -1), 3);
  assert.is(guest.call("notify_16", 4, 2), 3);
  assert.equal(guest.seen.notified, [[4, -1], [20, 2]]);
});

test("addresses that are not aligned or not in memory trap as in the original", () => {
  const original = unchanged(PARKING);
  const last = PAGE - 8;
  const near = [0, 4, 8, 1, 2, 3, 6, last, last + 2, last + 4, last + 8, PAGE];
  const far = [-1, -2, -4, -8, -12, -16, -300, -304, 0x7fffffff, PAGE + 1];
  const calls: [name: string, ...unknown[]][] = [
    ...[["wait32", 0, 0n], ["wait32_8", 0, 0n], ["wait32_far", 0, 0n]],
    ...[["wait64", 0n, 0n], ["wait64_300", 0n, 0n]],
    ...[["notify", 1], ["notify_16", 1], ["notify_far", 1]],
  ] as [string, ...unknown[]][];
  let traps = 0;
  for (const address of [...near, ...far]) {
    for (const [name, ...rest] of calls) {
      const guest = rewritten(PARKING, { wait: TIMED_OUT });
      const found = outcome(() => guest.call(name, address, ...rest));
      const before = outcome(() => original(name, address, ...rest));
      // Which of two traps comes first, V8 decides by the offset alone where that is past the largest memory.
      const either = name.endsWith("_far") || far.includes(address);
      const shown = either ? "throws".length : undefined;
      const where = `${name} ${address}`;
      assert.is(found.slice(0, shown), before.slice(0, shown), where);
      const { waits, notified } = guest.seen;
      const trapped = found.startsWith("throws");
      assert.is(waits.length + notified.length, trapped ? 0 : 1, where);
      if (trapped) traps++;
    }
  }
  assert.ok(traps > 50, `${traps} traps`);
});

test("growth of memory 0 that succeeds comes to the hook", () => {
  const bytes = wat(
    `(module (memory $m (export "memory") 1 3 shared) (memory $n 1)
    (func (export "grow") (param i32) (result i32) (memory.grow $m (local.get 0)))
    (func (export "other") (param i32) (result i32) (memory.grow $n (local.get 0)))
    (func (export "size") (result i32) (memory.size $m)))`,
  );
  const guest = rewritten(bytes);
  assert.is(guest.call("grow", 1), 1);
  assert.is(guest.seen.grown, 1);
  assert.is(guest.call("grow", 2), -1);
  assert.is(guest.seen.grown, 1);
  assert.is(guest.call("grow", 1), 2);
  assert.is(guest.call("grow", 0), 3);
  assert.is(guest.seen.grown, 3);
  assert.is(guest.call("other", 4), 1);
  assert.is(guest.seen.grown, 3);
  assert.is(guest.call("size"), 3);
});

test("a start function is exported and no longer runs by itself", () => {
  const bytes = wat(`(module (memory (export "memory") 1 1 shared)
    (global $g (export "g") (mut i32) (i32.const 1))
    (func $other) (func $start (global.set $g (i32.const 2))) (start $start))`);
  const { exports, call } = rewritten(bytes);
  const global = exports.g as WebAssembly.Global;
  assert.is(global.value, 1);
  call(Exported.start);
  assert.is(global.value, 2);
  assert.not.ok(Exported.start in rewritten(PARKING).exports);
});

test("sections that are missing are made in their places", () => {
  const memory = section(5, vec([3, 1, 1]));
  for (
    const bytes of [
      moduleOf(memory),
      moduleOf(section(2, vec([text("env"), text("memory"), 2, 3, 1, 1]))),
      wat(`(module (memory 1 1 shared) (tag) (data (i32.const 0) "a"))`),
      wat(`(module (memory 1 1 shared) (func $f) (start $f))`),
      wat(`(module (memory 1 1 shared) (table 1 funcref) (func $f)
        (elem (i32.const 0) $f) (data $d "a") (func (data.drop $d)))`),
      wat(`(module (import "env" "g" (global i32)) (memory 1 1 shared)
        (func (export "f") (result i32) (global.get 0)))`),
    ]
  ) {
    const imports = {
      env: {
        g: 5,
        memory: new WebAssembly.Memory({
          initial: 1,
          maximum: 1,
          shared: true,
        }),
      },
    };
    const { exports } = rewritten(bytes, { imports });
    assert.ok(Exported.hooks in exports && Exported.quantum in exports);
  }
});

test("what is imported and what is exported keeps its index", () => {
  const bytes = wat(`(module
    (import "env" "twice" (func $twice (param i32) (result i32)))
    (import "env" "g" (global $g i32))
    (import "env" "t" (table $t 1 funcref))
    (memory (export "memory") 1 1 shared)
    (table $own 2 funcref) (global $own (mut i32) (i32.const 30))
    (elem (table $own) (i32.const 0) func $twice $f)
    (type $u (func (param i32) (result i32)))
    (func $f (export "f") (param i32) (result i32)
      (i32.add (global.get $own) (call $twice (i32.add (local.get 0) (global.get $g)))))
    (func (export "indirect") (param i32 i32) (result i32)
      (call_indirect $own (type $u) (local.get 1) (local.get 0)))
    (func (export "size") (result i32) (table.size $t)))`);
  const imports = {
    env: {
      twice: (n: number) => 2 * n,
      g: 4,
      t: new WebAssembly.Table({ initial: 9, element: "anyfunc" }),
    },
  };
  const guest = rewritten(bytes, { imports });
  assert.is(guest.call("f", 1), 40);
  assert.is(guest.call("indirect", 0, 8), 16);
  assert.is(guest.call("indirect", 1, 1), 40);
  assert.is(guest.call("size"), 9);
});

test("of custom sections only the names stay", () => {
  const bytes = wat(`(module (memory 1 1 shared) (func $named (unreachable))
    (func (export "f") (call $named)))`);
  const custom = (name: string) => section(0, text(name), 1, 2, 3);
  const more = [custom(".debug_info"), custom("metadata.code.branch_hint")];
  const made = rewriteThreads(new Uint8Array([...bytes, ...more.flat()]), {
    fine: false,
  });
  const module = new WebAssembly.Module(made);
  for (const [name, count] of [["name", 1], [".debug_info", 0]] as const) {
    const found = WebAssembly.Module.customSections(module, name);
    assert.is(found.length, count, name);
  }
  assert.match(new TextDecoder().decode(made), "named");
  assert.not.match(new TextDecoder().decode(made), "branch_hint");
  assert.not.match(new TextDecoder().decode(made), "debug_info");
});

test.run();
