import { test } from "uvu";
import * as assert from "uvu/assert";
import { Errno } from "../../src/wasi-intercept/errno.ts";
import { FstFlag } from "../../src/wasi-intercept/times.ts";
import { assertSame, plant } from "./pair.ts";
import { DIR, Paths, READ_WRITE, Rig } from "./rig.ts";

const PATH = 40_000, OUT = 62_000;
const SECOND = 1_000_000_000n;

function setAt(
  rig: Rig,
  path: string,
  times: [bigint, bigint],
  flags: number,
  follow = 0,
): number {
  const n = rig.poke(PATH, path);
  return rig.call.path_filestat_set_times!(
    ...[DIR, follow, PATH, n, ...times, flags],
  );
}

/** Last access and last change of a path, in ns. */
function timesOf(rig: Rig, path: string, follow = 0): [bigint, bigint] {
  assert.is(new Paths(rig).stat(path, follow), 0);
  return [rig.kernel.memory.u64(OUT + 40), rig.kernel.memory.u64(OUT + 48)];
}

const BOTH = FstFlag.atim | FstFlag.mtim;

test("times that are given are set to the ns, by descriptor and by path", () => {
  assertSame((rig) => {
    assert.is(setAt(rig, "a", [SECOND + 7n, 5n * SECOND + 9n], BOTH), 0);
    assert.equal(timesOf(rig, "a"), [SECOND + 7n, 5n * SECOND + 9n]);
    const fd = new Paths(rig).open("a", { rights: READ_WRITE });
    const set = rig.call.fd_filestat_set_times!;
    assert.is(set(fd, 3n, 4n, BOTH), 0);
    assert.equal(timesOf(rig, "a"), [3n, 4n]);
    assert.is(set(DIR, 3n, 4n, BOTH), 0);
    assert.equal(timesOf(rig, "."), [3n, 4n]);
  }, { a: "text" });
});

test("a time that is not given stays", () => {
  const rig = new Rig({ dirs: [plant({ a: "" })] });
  setAt(rig, "a", [1n, 2n], BOTH);
  assert.is(setAt(rig, "a", [9n, 9n], FstFlag.mtim), 0);
  assert.equal(timesOf(rig, "a"), [1n, 9n]);
  assert.is(setAt(rig, "a", [8n, 8n], 0), 0);
  assert.equal(timesOf(rig, "a"), [1n, 9n]);
});

test("now is the primary's, and a backup shows the same", () => {
  assertSame((rig) => {
    setAt(rig, "a", [1n, 2n], BOTH);
    assert.is(setAt(rig, "a", [0n, 0n], FstFlag.atimNow), 0);
    const [atim, mtim] = timesOf(rig, "a");
    assert.ok(atim > 1_700_000_000n * SECOND);
    assert.is(mtim, 2n);
  }, { a: "" });
});

test("a symbolic link has times of its own, and its target's when it is followed", () => {
  const dir = plant({ a: "" });
  Deno.symlinkSync("a", `${dir}/soft`);
  Deno.symlinkSync("/etc/hostname", `${dir}/out`);
  const rig = new Rig({ dirs: [dir] });
  assert.is(setAt(rig, "soft", [1n, 2n], BOTH), 0);
  assert.is(setAt(rig, "soft", [3n, 4n], BOTH, 1), 0);
  assert.is(timesOf(rig, "soft")[1], 2n);
  assert.is(timesOf(rig, "a")[1], 4n);
  assert.is(setAt(rig, "out", [1n, 2n], BOTH, 1), Errno.notcapable);
  assert.is(setAt(rig, "out", [1n, 2n], BOTH), 0);
});

test("wrong flags and what has no times are refused", () => {
  const rig = new Rig({ dirs: [plant({ a: "" })] });
  for (const flags of [3, 12, 16, 0xffff_ffff]) {
    assert.is(setAt(rig, "a", [1n, 1n], flags), Errno.inval, `${flags}`);
    assert.is(
      rig.call.fd_filestat_set_times!(DIR, 1n, 1n, flags),
      Errno.inval,
    );
  }
  assert.is(setAt(rig, "a", [1n, 1n], BOTH, 2), Errno.inval);
  assert.is(setAt(rig, "none", [1n, 1n], BOTH), Errno.noent);
  assert.is(rig.call.fd_filestat_set_times!(1, 1n, 1n, BOTH), Errno.inval);
  assert.is(rig.call.fd_filestat_set_times!(99, 1n, 1n, BOTH), Errno.badf);
});

test("room that is made lengthens a file and keeps what it held", () => {
  assertSame((rig) => {
    const fd = new Paths(rig).open("a", { rights: READ_WRITE });
    const allocate = rig.call.fd_allocate!;
    assert.is(allocate(fd, 2n, 98n), 0);
    assert.is(allocate(fd, 0n, 1n), 0);
    new Paths(rig).stat("a");
    assert.is(rig.kernel.memory.u64(OUT + 32), 100n);
    assert.is(allocate(fd, 0n, 0n), Errno.inval);
    assert.is(allocate(fd, 1n << 63n, 1n), Errno.fbig);
    const { fd_advise } = rig.call;
    for (const advice of [0, 1, 2, 3, 4, 5]) {
      assert.is(fd_advise!(fd, 0n, 10n, advice), 0);
    }
    assert.is(fd_advise!(fd, 0n, 10n, 6), Errno.inval);
    assert.is(fd_advise!(fd, (1n << 64n) - 1n, 10n, 0), Errno.inval);
    assert.is(fd_advise!(1, 0n, 10n, 0), Errno.spipe);
  }, { a: "text" });
});

test.run();
