import { test } from "uvu";
import * as assert from "uvu/assert";
import { LockFile } from "../../src/runtime/host/lock_file.ts";
import { openDirectory } from "../../src/runtime/host/open_directory.ts";
import {
  type Holder,
  SharedLocks,
} from "../../src/runtime/node/shared_locks.ts";
import { removeDirs, tempDir } from "../kit/place.ts";

test.after.each(removeDirs);

const RUN = "0123456789abcdef".repeat(2);

function holder(number: number, node = 7): Holder {
  return { run: RUN, epoch: { number, node }, address: "127.0.0.1:7400" };
}

function locksOf(dir: string): SharedLocks {
  const handle = openDirectory(dir);
  const lock = new LockFile(dir, handle);
  return new SharedLocks([{ host: dir, guest: "/data", handle, lock }]);
}

/** Of a directory that `own` has taken. */
function held(own: Holder): { dir: string; path: string; locks: SharedLocks } {
  const dir = tempDir();
  const locks = locksOf(dir);
  locks.claim(own, false);
  return { dir, path: `${dir}/.replrt-lock`, locks };
}

function namesIn(dir: string): string[] {
  return [...Deno.readDirSync(dir)].map(({ name }) => name);
}

test("a lock is replaced whole, with nothing left beside it", () => {
  const { dir, path, locks } = held(holder(1));
  assert.is(locks.takeOver(holder(2)), undefined);
  assert.equal(namesIn(dir), [".replrt-lock"]);
  assert.is(
    Deno.readTextFileSync(path),
    `{"run":"${RUN}","epoch":2,"node":7,"address":"127.0.0.1:7400","guest":"/data"}\n`,
  );
  assert.is((Deno.statSync(path).mode as number) & 0o777, 0o644);
});

test("of two nodes with one epoch number the higher node id is above", () => {
  const { dir, locks } = held(holder(2, 9));
  assert.is(locksOf(dir).takeOver(holder(2, 8))?.kind, "deposed");
  assert.is(locks.loss(), undefined);
  assert.is(locksOf(dir).takeOver(holder(2, 10)), undefined);
  assert.equal(locks.loss()?.kind, "deposed");
});

test("storage that can't be read is a loss for who is about to change it, and none yet for who watches", async () => {
  const { path, locks } = held(holder(1));
  Deno.renameSync(path, `${path}.real`);
  Deno.symlinkSync(`${path}.real`, path);
  const loss = locks.loss();
  assert.is(loss?.kind, "lost");
  assert.match(JSON.stringify(loss), `cannot read ${path}: it is a symbolic`);
  assert.is(await locks.unchanged(), undefined);
});

test("a lock that was changed or removed is seen without waiting for the storage", async () => {
  const { dir, path, locks } = held(holder(1));
  assert.is(await locks.unchanged(), true);
  locksOf(dir).takeOver(holder(2));
  assert.is(await locks.unchanged(), false);
  Deno.removeSync(path);
  assert.is(await locks.unchanged(), false);
  assert.is(locks.loss()?.kind, "lost");
});

test("a lock given back is gone, that of a former epoch too, but not another's", async () => {
  const former = held(holder(1));
  locksOf(former.dir).release(holder(2));
  assert.equal(namesIn(former.dir), []);
  const mine = held(holder(1));
  mine.locks.release(holder(1));
  assert.equal(namesIn(mine.dir), []);
  const other = held(holder(2));
  locksOf(other.dir).takeOver(holder(3));
  const watching = other.locks.unchanged();
  other.locks.release(holder(2));
  assert.equal(namesIn(other.dir), [".replrt-lock"]);
  assert.is(await watching, true, "a look that was under way is void");
});

test("a lock is that of the storage that is open, whatever stands at the path by now", () => {
  const { dir, locks } = held(holder(1));
  Deno.renameSync(dir, `${dir}.moved`);
  try {
    Deno.mkdirSync(dir);
    assert.is(locks.loss(), undefined);
  } finally {
    Deno.removeSync(`${dir}.moved`, { recursive: true });
  }
  assert.is(locks.loss()?.kind, "lost");
});

test("a lock with hostile fields is taken for no lock", () => {
  const { path, locks } = held(holder(1));
  const good = JSON.parse(Deno.readTextFileSync(path));
  const fields = [
    { run: "x" },
    { run: 1 },
    { epoch: "2" },
    { epoch: 2 ** 60 },
    { node: null },
    { address: "a\nb" },
    { address: "x".repeat(301) },
    { guest: 1 },
  ];
  for (const wrong of fields) {
    Deno.writeTextFileSync(path, JSON.stringify({ ...good, ...wrong }));
    const loss = locks.loss();
    assert.match(JSON.stringify(loss), "not this version of replrt");
  }
  Deno.writeTextFileSync(path, JSON.stringify(good) + " ".repeat(10_000));
  assert.is(locks.loss(), undefined);
});

test.run();
