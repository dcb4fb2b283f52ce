/** What a node that takes over finds of a shared directory: what was open, or that it is gone. @module */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { removeDirs, treeOf } from "../kit/place.ts";
import type { Caller } from "./caller.ts";
import { dead, risen } from "./dead.ts";
import type { Play } from "./lives.ts";
import { plant } from "./pair.ts";
import { DIR } from "./rig.ts";

test.after.each(removeDirs);

const FILES = { "a": "contents of a", "b": "contents of b", "sub/": "" };

/** Plays on a node, does something to its directory when it is dead, and gives the guest on the next one. */
function afterwards(
  play: Play,
  harm: (dir: string) => void = () => {},
): Caller {
  const first = dead(play, plant(FILES));
  harm(first.dir);
  return risen(first, play);
}

test("files go on at their offsets, appended ones at their ends", () => {
  const guest = afterwards((g) => {
    g.read(g.open("a"), 3);
    g.write(g.open("b", { fdflags: 1 }), "+more");
    g.seek(g.open("a"), 100n, 0);
  });
  const [read, appended, sought] = [4, 5, 6];
  assert.is(guest.tell(sought), "100");
  assert.is(guest.tell(appended), "18");
  assert.is(guest.read(read), "tents of a");
  guest.write(appended, "!");
  assert.is(guest.pread(appended, 0n), "contents of b+more!");
});

test("a directory's cookies stay valid, whatever became of its names", () => {
  const play: Play = (g) => void g.list(DIR, 0n, 100);
  const guest = afterwards(play, (dir) => {
    Deno.removeSync(`${dir}/b`);
    Deno.writeTextFileSync(`${dir}/aa`, "");
  });
  const names = (entries: readonly { name: string }[]) =>
    entries.map(({ name }) => name);
  assert.equal(names(guest.list(DIR, 3n)), ["b", "sub"]);
  assert.equal(names(guest.list(DIR)), [".", "..", "a", "aa", "sub"]);
});

test("inodes are the same behind a takeover, of files seen before and new ones", () => {
  const guest = afterwards((g) => {
    g.list(DIR);
    g.fstat(g.open("a"));
  });
  const inos = new Map(guest.list(DIR).map(({ name, ino }) => [name, ino]));
  assert.equal([...inos.values()], [1n, 2n, 3n, 4n, 5n]);
  assert.is(guest.fstat(4), inos.get("a"));
  assert.is(guest.stat("b"), inos.get("b"));
  assert.is(guest.fstat(guest.open("new", { oflags: 1 })), 6n);
});

test("what was renamed while it was open is found wherever it is now", () => {
  const play: Play = (g) => {
    g.read(g.open("a"), 3);
    g.open("sub", { oflags: 2 });
  };
  const guest = afterwards(play, (dir) => {
    Deno.mkdirSync(`${dir}/x/y`, { recursive: true });
    Deno.renameSync(`${dir}/a`, `${dir}/x/y/z`);
    Deno.renameSync(`${dir}/sub`, `${dir}/x/sub`);
    Deno.writeTextFileSync(`${dir}/a`, "another a");
    Deno.mkdirSync(`${dir}/sub`);
  });
  assert.is(guest.read(4), "tents of a");
  guest.open("inside", { dir: 5, oflags: 1 });
  assert.ok("x/sub/inside" in treeOf(pathOf(guest)));
});

/** Where the guest's directory is. */
function pathOf({ rig }: Caller): string {
  return Deno.readLinkSync(`/proc/self/fd/${rig.kernel.roots[0]}`);
}

/** Every call on a file, and on a directory, that asks its storage. */
const ON_FILE: readonly ((g: Caller, fd: number) => string)[] = [
  (g, fd) => g.read(fd),
  (g, fd) => g.pread(fd, 0n),
  (g, fd) => g.write(fd, "text"),
  (g, fd) => g.pwrite(fd, "text", 0n),
  (g, fd) => g.seek(fd, 0n, 2),
  (g, fd) => g.seek(fd, 0n, 0),
  (g, fd) => g.tell(fd),
  (g, fd) => g.call("fd_filestat_get", fd, 0),
  (g, fd) => g.call("fd_filestat_set_size", fd, 0n),
  (g, fd) => g.call("fd_filestat_set_times", fd, 0n, 0n, 5),
  (g, fd) => g.call("fd_allocate", fd, 0n, 1n),
  (g, fd) => g.call("fd_sync", fd),
  (g, fd) => g.call("fd_datasync", fd),
  (g, fd) => g.call("fd_fdstat_set_flags", fd, 1),
];
const ON_DIRECTORY: readonly ((g: Caller, fd: number) => string)[] = [
  (g, fd) => g.call("fd_readdir", fd, 0, 100, 0n, 200),
  (g, fd) => g.call("fd_filestat_get", fd, 0),
  (g, fd) => g.call("fd_sync", fd),
  (g, fd) => g.at("path_create_directory", "x", fd),
  (g, fd) => g.at("path_remove_directory", "x", fd),
  (g, fd) => g.at("path_unlink_file", "x", fd),
  (g, fd) => g.rename("x", "a", fd, DIR),
  (g, fd) => g.rename("a", "x", DIR, fd),
  (g, fd) => g.link("x", "c", fd, DIR),
  (g, fd) => g.link("a", "x", DIR, fd),
  (g, fd) => g.call("path_symlink", 0, 1, fd, 1, 1),
  (g, fd) => g.call("path_readlink", fd, 0, 1, 0, 1, 8),
  (g, fd) => g.call("path_filestat_get", fd, 0, 0, 1, 100),
  (g, fd) => g.call("path_filestat_set_times", fd, 0, 0, 1, 0n, 0n, 5),
  (g, fd) => g.call("path_open", fd, 0, 0, 1, 0, 0n, 0n, 0, 100),
  (g, fd) => g.call("path_open", fd, 0, 0, 1, 1, 0n, 0n, 0, 100),
];

/** What happens to `a` and `sub` while they are open and nobody has them. */
const HARM: Readonly<Record<string, (dir: string) => void>> = {
  "what was unlinked while it was open is stale"(dir) {
    Deno.removeSync(`${dir}/a`);
    Deno.removeSync(`${dir}/sub`);
  },
  "what was replaced while it was open is stale, never the other one"(dir) {
    Deno.writeTextFileSync(`${dir}/other`, "another a");
    Deno.renameSync(`${dir}/other`, `${dir}/a`);
    Deno.mkdirSync(`${dir}/other`);
    Deno.renameSync(`${dir}/other`, `${dir}/sub`);
  },
};

for (const [what, harm] of Object.entries(HARM)) {
  test(`${what}, and all else goes on`, () => {
    const guest = afterwards((g) => {
      g.read(g.open("a"), 3);
      g.open("sub", { oflags: 2 });
      g.read(g.open("b"), 3);
    }, harm);
    const before = treeOf(pathOf(guest));
    for (const call of ON_FILE) assert.is(call(guest, 4), "stale", `${call}`);
    for (const call of ON_DIRECTORY) {
      assert.is(call(guest, 5), "stale", `${call}`);
    }
    assert.equal(treeOf(pathOf(guest)), before);
    assert.is(guest.read(6), "tents of b");
    for (const fd of [4, 5, 6]) {
      assert.is(guest.call("fd_fdstat_get", fd, 0), "success");
      assert.is(guest.call("fd_close", fd), "success");
    }
  });
}

test("what one node lost stays lost, though a new file got its inode", () => {
  const opens: Play = (g) => void g.open("a");
  const first = dead(opens, plant(FILES));
  Deno.removeSync(`${first.dir}/a`);
  const second = risen(first, opens);
  const makes: Play = (g) => void g.write(g.open("new", { oflags: 5 }), "new");
  assert.is(second.read(4), "stale");
  makes(second);
  const log = [...first.log, ...second.rig.drain()];
  second.rig.close();
  const third = risen({ dir: first.dir, log }, (g) => {
    opens(g);
    g.read(4);
    makes(g);
  });
  assert.is(third.read(4), "stale");
  assert.is(third.pread(5, 0n), "new");
});

test.run();
