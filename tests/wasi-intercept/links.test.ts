import { test } from "uvu";
import * as assert from "uvu/assert";
import { Errno } from "../../src/wasi-intercept/errno.ts";
import { StorageFault } from "../../src/wasi-intercept/kernel.ts";
import { assertSame, follower, plant, record } from "./pair.ts";
import { DIR, Paths, Rig } from "./rig.ts";

const PATH = 40_000, PATH_2 = 41_000, BUFFER = 42_000, OUT = 62_000;

function link(rig: Rig, path: string, to: string, flags = 0): number {
  const n = rig.poke(PATH, path), m = rig.poke(PATH_2, to);
  return rig.call.path_link!(DIR, flags, PATH, n, DIR, PATH_2, m);
}

function symlink(rig: Rig, target: string, path: string): number {
  const n = rig.poke(PATH, target), m = rig.poke(PATH_2, path);
  return rig.call.path_symlink!(PATH, n, DIR, PATH_2, m);
}

function readlink(rig: Rig, path: string, size: number): number | string {
  const n = rig.poke(PATH, path);
  const errno = rig.call.path_readlink!(DIR, PATH, n, BUFFER, size, OUT);
  return errno === 0 ? rig.text(BUFFER, rig.u32(OUT)) : -errno;
}

test("a hard link is the same file under two names", () => {
  assertSame((rig) => {
    assert.is(link(rig, "a", "d/b"), 0);
    const paths = new Paths(rig);
    assert.is(paths.stat("a"), 0);
    const { memory } = rig.kernel;
    const [ino, links] = [memory.u64(OUT + 8), memory.u64(OUT + 24)];
    assert.is(links, 2n);
    assert.is(paths.stat("d/b"), 0);
    assert.is(memory.u64(OUT + 8), ino);
  }, { a: "text", "d/": "" });
});

test("links that can't be made say why", () => {
  const rig = new Rig({ dirs: [plant({ a: "", "d/": "" })] });
  assert.is(link(rig, "a", "a"), Errno.exist);
  assert.is(link(rig, "none", "b"), Errno.noent);
  assert.is(link(rig, "d", "b"), Errno.perm);
  assert.is(link(rig, "a", "b/"), Errno.noent);
  assert.is(link(rig, "a", "../b"), Errno.notcapable);
  assert.is(link(rig, "/etc/passwd", "b"), Errno.notcapable);
  assert.is(link(rig, "a", "b", 2), Errno.inval);
  assert.is(symlink(rig, "a", "a"), Errno.exist);
  assert.is(symlink(rig, "a", "b/"), Errno.noent);
  assert.is(symlink(rig, "/etc/passwd", "b"), Errno.notcapable);
  assert.is(symlink(rig, "a", "/b"), Errno.notcapable);
  assert.is(symlink(rig, "", "b"), Errno.noent);
  assert.is(symlink(rig, "a\0", "b"), Errno.ilseq);
  assert.is(readlink(rig, "a", 10), -Errno.inval);
  assert.is(readlink(rig, "none", 10), -Errno.noent);
});

test("a link to a symbolic link is to it, or to its target if asked, and never leaves the directory", () => {
  const dir = plant({ a: "text" });
  const rig = new Rig({ dirs: [dir] });
  assert.is(symlink(rig, "a", "soft"), 0);
  assert.is(link(rig, "soft", "itself"), 0);
  assert.ok(Deno.lstatSync(`${dir}/itself`).isSymlink);
  assert.is(link(rig, "soft", "target", 1), 0);
  assert.ok(Deno.lstatSync(`${dir}/target`).isFile);
  Deno.symlinkSync("/etc/hostname", `${dir}/out`);
  assert.is(link(rig, "out", "escaped", 1), Errno.notcapable);
  assert.is(link(rig, "out/", "escaped"), Errno.notcapable);
});

test("what a symbolic link says is read as far as the buffer goes", () => {
  assertSame((rig) => {
    assert.is(symlink(rig, "somewhere/else", "soft"), 0);
    assert.is(readlink(rig, "soft", 100), "somewhere/else");
    assert.is(readlink(rig, "soft", 4), "some");
    assert.is(readlink(rig, "soft", 0), "");
  });
});

test("a buffer for a link's text that leaves memory is refused", () => {
  const rig = new Rig({ dirs: [plant({})] });
  symlink(rig, "a", "soft");
  const n = rig.poke(PATH, "soft");
  const { call } = rig;
  assert.is(
    call.path_readlink!(DIR, PATH, n, 131_000, 100, OUT),
    Errno.fault,
  );
});

test("a copy on which a link says something else is a storage fault", () => {
  const [first, second] = [plant(), plant()];
  Deno.symlinkSync("one", `${first}/soft`);
  Deno.symlinkSync("two", `${second}/soft`);
  const script = (rig: Rig) => void readlink(rig, "soft", 10);
  const messages = record(script, { dirs: [first] });
  const backup = follower(messages, { dirs: [second] });
  assert.throws(
    () => script(backup),
    (error: Error) => error instanceof StorageFault,
  );
});

test.run();
