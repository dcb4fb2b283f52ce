import { test } from "uvu";
import * as assert from "uvu/assert";
import { Errno } from "../../src/wasi-intercept/errno.ts";
import { removeDirs } from "../kit/place.ts";
import { follower, plant } from "./pair.ts";
import { Paths, Rig } from "./rig.ts";

const BUFFER = 4096, USED = 32;

interface Entry {
  readonly name: string;
  readonly next: bigint;
  readonly ino: bigint;
  readonly type: number;
}

/** Reads all entries with a buffer of `size` bytes, as a libc does: it grows where not even one name fits. */
function list(rig: Rig, fd: number, size: number): Entry[] {
  const entries: Entry[] = [];
  for (let cookie = 0n, grown = size;;) {
    assert.is(rig.call.fd_readdir!(fd, BUFFER, grown, cookie, USED), 0);
    const used = rig.u32(USED);
    const found = parse(rig, used);
    entries.push(...found);
    if (found.length === 0) {
      if (used < grown) return entries;
      grown *= 2;
    } else {
      cookie = found.at(-1)!.next;
      if (used < grown) return entries;
    }
  }
}

/** The whole entries among `used` bytes. */
function parse(rig: Rig, used: number): Entry[] {
  const entries: Entry[] = [];
  for (let at = BUFFER; at + 24 <= BUFFER + used;) {
    const size = rig.u32(at + 16);
    if (at + 24 + size > BUFFER + used) break;
    entries.push({
      name: rig.text(at + 24, size),
      next: rig.kernel.memory.u64(at),
      ino: rig.kernel.memory.u64(at + 8),
      type: rig.memory[at + 20]!,
    });
    at += 24 + size;
  }
  return entries;
}

const NAMES = Array.from(
  { length: 100 },
  (_, i) => `${i}-${"n".repeat(i % 40)}`,
);
const FILES = Object.fromEntries(NAMES.map((name) => [name, ""]));

test.after(removeDirs);

test("all names come once, in one order, whatever the buffer", () => {
  const dir = plant({ ...FILES, "sub/": "", "sub/deep": "" });
  const wanted = [".", "..", ...NAMES, "sub"].sort((a, b) => a < b ? -1 : 1);
  for (const size of [1, 23, 24, 25, 60, 100, 1000, 4096, 65_536]) {
    const entries = list(new Rig({ dirs: [dir] }), 3, size);
    assert.equal(entries.map(({ name }) => name), wanted, `${size} B`);
    assert.equal(
      entries.map(({ next }) => next),
      wanted.map((_, i) => BigInt(i + 1)),
    );
  }
});

test("types and inodes are those that a stat gives", () => {
  const rig = new Rig({ dirs: [plant({ file: "", "sub/": "" })] });
  const paths = new Paths(rig);
  for (const { name, type, ino } of list(rig, 3, 1000)) {
    if (name.startsWith(".")) continue;
    assert.is(paths.stat(name), 0);
    assert.is(rig.memory[62_000 + 16], type, name);
    assert.is(rig.kernel.memory.u64(62_000 + 8), ino, name);
  }
});

test("cookies go on where they stood although the directory changes", () => {
  const dir = plant(FILES);
  const rig = new Rig({ dirs: [dir] });
  rig.call.fd_readdir!(3, BUFFER, 500, 0n, USED);
  const first = parse(rig, rig.u32(USED));
  for (const { name } of Deno.readDirSync(dir)) {
    Deno.removeSync(`${dir}/${name}`);
  }
  rig.call.fd_readdir!(3, BUFFER, 60_000, first.at(-1)!.next, USED);
  const rest = parse(rig, rig.u32(USED));
  assert.is(first.length + rest.length, NAMES.length + 2);
  rig.call.fd_readdir!(3, BUFFER, 60_000, 0n, USED);
  assert.is(parse(rig, rig.u32(USED)).length, 2);
});

test("a cookie behind the end gives nothing; one before any read is refused", () => {
  const rig = new Rig({ dirs: [plant(FILES)] });
  assert.is(rig.call.fd_readdir!(3, BUFFER, 100, 1n, USED), Errno.inval);
  rig.call.fd_readdir!(3, BUFFER, 100, 0n, USED);
  for (const cookie of [102n, 103n, 1n << 63n, (1n << 64n) - 1n]) {
    assert.is(rig.call.fd_readdir!(3, BUFFER, 100, cookie, USED), 0);
    assert.is(rig.u32(USED), 0, `${cookie}`);
  }
});

test("what is no directory, and a buffer that leaves memory, are refused", () => {
  const rig = new Rig({ dirs: [plant({ a: "" })] });
  const fd = new Paths(rig).open("a");
  assert.is(rig.call.fd_readdir!(fd, BUFFER, 100, 0n, USED), Errno.notdir);
  assert.is(rig.call.fd_readdir!(99, BUFFER, 100, 0n, USED), Errno.badf);
  assert.is(rig.call.fd_readdir!(3, 131_000, 100, 0n, USED), Errno.fault);
});

test("a directory whose names are more than a message holds is read in pages, on a backup and by a new primary too", () => {
  const dirs = [plant(), plant()];
  const names = Array.from(
    { length: 4000 },
    (_, i) => `${i}`.padStart(4, "0").padEnd(250, "x"),
  );
  for (const dir of dirs) {
    for (const name of names) Deno.writeTextFileSync(`${dir}/${name}`, "");
  }
  const primary = new Rig({ dirs: [dirs[0]!] });
  const entries = list(primary, 3, 60_000);
  assert.equal(entries.map(({ name }) => name), [".", "..", ...names]);
  const messages = primary.drain();
  const pages = messages.filter(({ length }) => length > 100_000);
  assert.is(pages.length, 2);

  const backup = follower(messages, { dirs: [dirs[1]!] });
  assert.equal(list(backup, 3, 60_000), entries);
  const heir = follower(messages.slice(0, 2), { dirs: [dirs[1]!] });
  heir.goLive();
  assert.equal(
    list(heir, 3, 60_000).map(({ name }) => name),
    [".", "..", ...names],
  );
});

test("a backup sees the primary's inodes, of files that its copy has under others", () => {
  const [first, second] = [plant(FILES), plant()];
  for (const name of [...NAMES].reverse()) {
    Deno.writeTextFileSync(`${second}/${name}`, "");
  }
  const primary = new Rig({ dirs: [first] });
  const entries = list(primary, 3, 60_000);
  const backup = follower(primary.drain(), { dirs: [second] });
  assert.equal(list(backup, 3, 60_000), entries);
  backup.goLive();
  const paths = new Paths(backup);
  for (const { name, ino } of entries.slice(2)) {
    assert.is(paths.stat(name), 0);
    assert.is(backup.kernel.memory.u64(62_000 + 8), ino, name);
  }
});

test.run();
