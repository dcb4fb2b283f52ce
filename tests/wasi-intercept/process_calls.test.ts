import { test } from "uvu";
import * as assert from "uvu/assert";
import { Errno } from "../../src/wasi-intercept/errno.ts";
import { GuestExit } from "../../src/wasi-intercept/kernel.ts";
import { assertSame } from "./pair.ts";
import { MEMORY_SIZE, Rig } from "./rig.ts";

/** The code with which a signal ends the process; the errno negated when it does not. */
function raised(rig: Rig, signal: number): number {
  try {
    return -rig.call.proc_raise!(signal);
  } catch (error) {
    assert.ok(error instanceof GuestExit);
    return error.code;
  }
}

test("a signal ends the process as a shell shows it, is ignored, or is refused", () => {
  const rig = new Rig();
  const codes = { hup: 129, int: 130, abrt: 134, kill: 137, segv: 139 };
  assert.equal(
    [1, 2, 6, 9, 11].map((signal) => raised(rig, signal)),
    Object.values(codes),
  );
  assert.is(raised(rig, 15), 143);
  assert.is(raised(rig, 30), 159);
  for (const ignored of [0, 16, 17, 22, 27]) {
    assert.is(raised(rig, ignored), Errno.success, `${ignored}`);
  }
  for (const stop of [18, 19, 20, 21]) {
    assert.is(raised(rig, stop), -Errno.notsup, `${stop}`);
  }
  assert.is(raised(rig, 31), -Errno.inval);
  assert.is(raised(rig, 0xffff_ffff), -Errno.inval);
});

test("many random bytes are logged as a seed, and a backup makes the same of it", () => {
  assertSame((rig) => {
    assert.is(rig.call.random_get!(0, MEMORY_SIZE), 0);
  });
  const rig = new Rig();
  rig.call.random_get!(0, MEMORY_SIZE);
  const [message] = rig.drain();
  assert.ok(message!.length < 200);
  const halves = [rig.memory.slice(0, 65_536), rig.memory.slice(65_536)];
  assert.not.equal(halves[0], halves[1]);
  assert.ok(new Set(rig.memory.subarray(70_000, 71_000)).size > 200);
});

test("random bytes are never given twice", () => {
  const rig = new Rig();
  const seen = new Set<string>();
  for (let i = 0; i < 2000; i++) {
    assert.is(rig.call.random_get!(1024, 16), 0);
    seen.add(rig.memory.slice(1024, 1040).join());
    rig.drain();
  }
  assert.is(seen.size, 2000);
  assert.is(rig.call.random_get!(MEMORY_SIZE - 8, 16), Errno.fault);
});

test.run();
