/** Every change of a shared directory, each with calls before and after that see what it did. @module */
import type { Play, Story } from "./lives.ts";
import type { Caller } from "./caller.ts";

const FILES = {
  "a": "contents of a",
  "b": "contents of b",
  "sub/": "",
  "sub/c": "contents of c",
  "empty/": "",
};

/** Looks at all names. */
function look(guest: Caller): void {
  guest.list(3);
  guest.list(guest.open("sub", READING));
  for (const path of ["a", "b", "sub/c", "sub", "empty"]) guest.stat(path);
}

const READING = { oflags: 2 };
const SOME_TIME = 1_000_000_000_123_456_789n;

/** By what changes; each starts and ends with a look at the directory. */
const PLAYS: Readonly<Record<string, Play>> = {
  "creating a file"(g) {
    const fd = g.open("new", { oflags: 1 });
    g.write(fd, "first");
    g.fstat(fd);
  },
  "creating a file that is not to be there"(g) {
    const fd = g.open("sub/new", { oflags: 5 });
    g.fstat(fd);
    g.write(fd, "first");
    g.tell(fd);
  },
  "opening with truncation"(g) {
    const fd = g.open("a", { oflags: 8 });
    g.read(fd);
    g.write(fd, "short");
    g.fstat(fd);
  },
  "writing at the offset"(g) {
    const fd = g.open("a");
    g.read(fd, 3);
    g.write(fd, "ONE");
    g.write(fd, "TWO and longer than it was");
    g.tell(fd);
    g.seek(fd, -4n, 1);
    g.read(fd);
  },
  "appending"(g) {
    const fd = g.open("a", { fdflags: 1 });
    g.write(fd, "+one");
    g.write(fd, "+two");
    g.tell(fd);
    g.pread(fd, 0n);
    g.fstat(fd);
    g.seek(fd, 3n, 0);
    g.call("fd_write", fd, 0, 0, 0);
    g.tell(fd);
  },
  "appending from two descriptors, and no more to one of them"(g) {
    const [one, two] = [g.open("a", { fdflags: 1 }), g.open("a")];
    g.call("fd_fdstat_set_flags", two, 1);
    g.write(one, "+one");
    g.write(two, "+two");
    g.call("fd_fdstat_set_flags", two, 0);
    g.seek(two, 2n, 0);
    g.write(two, "over");
    g.write(one, "+three");
    g.pread(one, 0n);
  },
  "writing at a place"(g) {
    const fd = g.open("a");
    g.pwrite(fd, "ONE", 4n);
    g.pwrite(fd, "beyond the end", 40n);
    g.tell(fd);
    g.read(fd);
  },
  "renaming"(g) {
    const fd = g.open("a");
    g.read(fd, 3);
    g.rename("a", "z");
    g.read(fd, 3);
    g.stat("a");
  },
  "renaming over another file"(g) {
    const fd = g.open("a");
    g.rename("a", "b");
    g.write(fd, "after");
    g.stat("a");
    g.read(g.open("b"));
  },
  "renaming into another directory"(g) {
    const [from, to] = [g.open("sub", READING), g.open("empty", READING)];
    g.rename("c", "d", from, to);
    g.list(to);
    g.list(from);
  },
  "renaming a directory that is open, with an open file in it"(g) {
    const [dir, fd] = [g.open("sub", READING), g.open("sub/c")];
    g.rename("sub", "empty/sub");
    g.read(fd, 8);
    g.write(g.open("e", { dir, oflags: 5 }), "in it");
    g.rename("empty/sub", "sub");
  },
  "renaming a directory over an empty one"(g) {
    g.rename("sub", "empty");
    g.rename("empty", "sub");
  },
  "renaming to the name that it has, and to its other name"(g) {
    g.rename("a", "a");
    g.link("a", "same");
    g.rename("a", "same");
  },
  "changing two names with each other"(g) {
    g.rename("a", "t");
    g.rename("b", "a");
    g.rename("t", "b");
    g.read(g.open("a"));
  },
  "unlinking"(g) {
    g.at("path_unlink_file", "a");
    g.stat("a");
    g.at("path_unlink_file", "a");
  },
  "linking"(g) {
    g.link("a", "sub/again");
    g.stat("a");
    g.at("path_unlink_file", "a");
    g.read(g.open("sub/again"));
  },
  "making a symbolic link"(g) {
    g.symlink("sub/c", "link");
    g.readlink("link");
    g.read(g.open("link"));
    g.stat("link");
  },
  "making a directory"(g) {
    g.at("path_create_directory", "sub/new");
    g.open("sub/new/file", { oflags: 5 });
  },
  "removing a directory"(g) {
    g.at("path_remove_directory", "empty");
    g.stat("empty");
    g.at("path_remove_directory", "empty");
  },
  "setting a size"(g) {
    const fd = g.open("a");
    g.call("fd_filestat_set_size", fd, 5n);
    g.fstat(fd);
    g.call("fd_filestat_set_size", fd, 9n);
    g.read(fd);
  },
  "making room"(g) {
    const fd = g.open("a");
    g.call("fd_allocate", fd, 10n, 20n);
    g.fstat(fd);
  },
  "setting times"(g) {
    const fd = g.open("a");
    g.call("fd_filestat_set_times", fd, 1n, SOME_TIME, 5);
    g.fstat(fd);
    g.setTimes("sub/c", SOME_TIME);
  },
  "a file that is made, filled, renamed and replaced, as editors do"(g) {
    const fd = g.open("a.new", { oflags: 13 });
    g.write(fd, "new contents");
    g.call("fd_sync", fd);
    g.call("fd_datasync", fd);
    g.call("fd_close", fd);
    g.rename("a.new", "a");
    g.read(g.open("a"));
  },
  "descriptors that are moved and closed"(g) {
    const [one, two] = [g.open("a"), g.open("b", { fdflags: 1 })];
    g.read(one, 5);
    g.call("fd_renumber", two, one);
    g.write(one, "+more");
    g.call("fd_close", one);
    g.read(g.open("a"));
  },
  "directories that are made and removed below one that is closed"(g) {
    const dir = g.open("sub", READING);
    g.at("path_create_directory", "d", dir);
    g.call("fd_close", dir);
    g.at("path_remove_directory", "sub/d");
  },
};

/** Calls that fail, each with what the guest gets; the same where nothing is shared. */
const FAILURES: Readonly<Record<string, readonly [Play, string]>> = {
  "making what is there": [(g) => g.open("a", { oflags: 5 }), "exist"],
  "making a file below nothing": [
    (g) => g.open("none/new", { oflags: 1 }),
    "noent",
  ],
  "making a file that is a directory": [
    (g) => g.open("sub", { oflags: 1 }),
    "isdir",
  ],
  "truncating what is not there": [(g) => g.open("no", { oflags: 8 }), "noent"],
  "opening a link that is not to be followed with truncation": [
    (g) => {
      g.symlink("a", "link");
      g.open("link", { oflags: 8, follow: 0 });
    },
    "loop",
  ],
  "unlinking what is not there": [
    (g) => g.at("path_unlink_file", "none"),
    "noent",
  ],
  "unlinking a directory": [(g) => g.at("path_unlink_file", "sub"), "isdir"],
  "unlinking below a file": [(g) => g.at("path_unlink_file", "a/b"), "notdir"],
  "renaming what is not there": [(g) => g.rename("none", "new"), "noent"],
  "renaming into nothing": [(g) => g.rename("a", "none/a"), "noent"],
  "renaming a file over a directory": [(g) => g.rename("a", "sub"), "isdir"],
  "renaming a directory over a file": [(g) => g.rename("sub", "a"), "notdir"],
  "renaming over a full directory": [
    (g) => g.rename("empty", "sub"),
    "notempty",
  ],
  "renaming a directory into itself": [
    (g) => g.rename("sub", "sub/sub"),
    "inval",
  ],
  "making a directory over a file": [
    (g) => g.at("path_create_directory", "a"),
    "exist",
  ],
  "making a directory that is there": [
    (g) => g.at("path_create_directory", "sub"),
    "exist",
  ],
  "making a directory outside": [
    (g) => g.at("path_create_directory", "../new"),
    "notcapable",
  ],
  "removing a full directory": [
    (g) => g.at("path_remove_directory", "sub"),
    "notempty",
  ],
  "removing what is not there": [
    (g) => g.at("path_remove_directory", "none"),
    "noent",
  ],
  "removing a file as a directory": [
    (g) => g.at("path_remove_directory", "a"),
    "notdir",
  ],
  "linking what is not there": [(g) => g.link("none", "new"), "noent"],
  "linking over a name": [(g) => g.link("a", "b"), "exist"],
  "linking a directory": [(g) => g.link("sub", "new"), "perm"],
  "linking symbolically over a name": [(g) => g.symlink("a", "b"), "exist"],
  "linking symbolically to an absolute path": [
    (g) => g.symlink("/etc", "new"),
    "notcapable",
  ],
  "writing with wrong iovecs": [
    (g) => g.call("fd_write", g.open("a"), 0xffff_fff0, 5, 0),
    "fault",
  ],
  "writing at an impossible place": [
    (g) => g.pwrite(g.open("a"), "text", 1n << 63n),
    "inval",
  ],
  "an impossible size": [
    (g) => g.call("fd_filestat_set_size", g.open("a"), 1n << 63n),
    "inval",
  ],
  "times of what is not there": [
    (g) => g.setTimes("none", SOME_TIME),
    "noent",
  ],
};

/** Every change. */
export const CHANGES: ReadonlyMap<string, Story> = new Map(
  Object.entries(PLAYS).map(([what, play]) => [what, {
    files: FILES,
    play(guest) {
      guest.list(3);
      play(guest);
      look(guest);
    },
  }]),
);

/** Every failure, which is the story's last call, and its errno. */
export const REFUSALS: ReadonlyMap<
  string,
  { readonly story: Story; readonly errno: string }
> = new Map(
  Object.entries(FAILURES).map(([what, [play, errno]]) => [
    what,
    { story: { files: FILES, play }, errno },
  ]),
);
