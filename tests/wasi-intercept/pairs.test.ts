import { test } from "uvu";
import * as assert from "uvu/assert";
import { Errno } from "../../src/wasi-intercept/errno.ts";
import { StorageFault } from "../../src/wasi-intercept/kernel.ts";
import { Divergence } from "../../src/runtime/guest/ring_messages.ts";
import { removeDirs, treeOf } from "../kit/place.ts";
import { assertSame, follower, plant, record, type Script } from "./pair.ts";
import { Paths, READ_WRITE, Rig } from "./rig.ts";

const IOVS = 64, BUFFER = 4096, OUT = 32, OUT_2 = 40;

/** Writes text to a descriptor; the errno. */
function write(rig: Rig, fd: number, text: string): number {
  const n = rig.poke(BUFFER, text);
  rig.iovecs(IOVS, [BUFFER, 2], [BUFFER + 2, n - 2]);
  return rig.call.fd_write!(fd, IOVS, 2, OUT);
}

function read(rig: Rig, fd: number, size: number): number {
  rig.iovecs(IOVS, [BUFFER, 3], [BUFFER + 100, size - 3]);
  return rig.call.fd_read!(fd, IOVS, 2, OUT);
}

const FILES = { "a": "contents of a", "sub/": "", "sub/b": "contents of b" };

/** One script a family of calls; each is executed on a primary and followed on a backup. */
const FAMILIES: Readonly<Record<string, Script>> = {
  "clocks and random bytes"(rig) {
    for (let id = 0; id < 6; id++) {
      rig.call.clock_time_get!(id, 1n, 1024 + 8 * id);
      rig.call.clock_res_get!(id, 2048 + 8 * id);
    }
    rig.call.random_get!(BUFFER, 5000);
  },
  "arguments, environment and what is pre-opened"(rig) {
    rig.call.args_sizes_get!(8, 16);
    rig.call.args_get!(32, 64);
    rig.call.environ_sizes_get!(128, 136);
    rig.call.environ_get!(144, 160);
    rig.call.fd_prestat_get!(3, 200);
    rig.call.fd_prestat_dir_name!(3, 208, 16);
    rig.call.fd_fdstat_get!(3, 224);
    rig.call.fd_filestat_get!(3, 256);
    rig.call.fd_filestat_get!(1, 320);
  },
  "reading and writing a file"(rig) {
    const fd = new Paths(rig).open("a", { rights: READ_WRITE });
    read(rig, fd, 8);
    write(rig, fd, " and more");
    rig.call.fd_pwrite!(fd, IOVS, 2, 100n, OUT);
    rig.call.fd_pread!(fd, IOVS, 2, 1n, OUT_2);
    rig.call.fd_seek!(fd, -3n, 2, 48);
    rig.call.fd_tell!(fd, 56);
    rig.call.fd_sync!(fd);
    rig.call.fd_datasync!(fd);
    rig.call.fd_filestat_set_size!(fd, 105n);
    rig.call.fd_filestat_get!(fd, 512);
    rig.call.fd_close!(fd);
  },
  "appending, with flags set at the opening and later"(rig) {
    const paths = new Paths(rig);
    const log = paths.open("log", {
      oflags: 1,
      rights: READ_WRITE,
      fdflags: 1,
    });
    for (let i = 0; i < 20; i++) write(rig, log, `line ${i}\n`);
    rig.call.fd_fdstat_set_flags!(log, 0);
    rig.call.fd_seek!(log, 3n, 0, 48);
    write(rig, log, "over");
    rig.call.fd_fdstat_get!(log, 512);
  },
  "names"(rig) {
    const paths = new Paths(rig);
    paths.at("path_create_directory", "new");
    paths.rename("sub/b", "new/c");
    paths.stat("new/c");
    paths.stat("none");
    paths.at("path_remove_directory", "sub");
    paths.at("path_unlink_file", "a");
    paths.open("new/d", { oflags: 5, rights: READ_WRITE });
    paths.open("new/d", { oflags: 5, rights: READ_WRITE });
    rig.call.fd_readdir!(paths.open("new", { oflags: 2 }), 512, 500, 0n, OUT);
  },
  "descriptors that are closed and moved"(rig) {
    const paths = new Paths(rig);
    const [first, second] = [paths.open("a"), paths.open("sub/b")];
    rig.call.fd_renumber!(first, second);
    read(rig, second, 13);
    rig.call.fd_close!(0);
    read(rig, paths.open("a"), 5);
    rig.call.fd_close!(99);
  },
  "stdout, stderr and an empty stdin"(rig) {
    write(rig, 1, "out");
    write(rig, 2, "err");
    write(rig, 0, "none");
    read(rig, 1, 10);
    rig.iovecs(IOVS, [BUFFER, 0]);
    rig.call.fd_read!(0, IOVS, 1, OUT);
  },
  "errors of every kind of call"(rig) {
    const paths = new Paths(rig);
    read(rig, 3, 10);
    read(rig, 77, 10);
    rig.iovecs(IOVS, [0xffff_fff0, 100]);
    rig.call.fd_write!(1, IOVS, 1, OUT);
    rig.call.random_get!(BUFFER, 0x7fff_ffff);
    rig.call.clock_time_get!(9, 1n, OUT);
    paths.open("a/b");
    paths.open("..");
    paths.rename("none", "other");
    rig.call.poll_oneoff!(0, 0, 0, OUT);
    rig.call.fd_advise!(3, 0n, 0n, 0);
  },
};

test.after(removeDirs);

for (const [name, script] of Object.entries(FAMILIES)) {
  test(`a backup ends as its primary: ${name}`, () => {
    assertSame(script, FILES);
  });
}

function fdOf(rig: Rig): number {
  return new Paths(rig).open("a", { rights: READ_WRITE });
}

/** Pairs of what the primary did and what its backup does instead. */
const DIFFERENCES: Readonly<Record<string, [Script, Script, RegExp]>> = {
  "another call": [
    (rig) => rig.call.clock_time_get!(0, 1n, OUT),
    (rig) => rig.call.random_get!(BUFFER, 8),
    /message 1: the log has clock_time_get\(id=REALTIME.*\), the guest called random_get\(buf=4096, buf_len=8\)/,
  ],
  "another argument": [
    (rig) => rig.call.clock_time_get!(0, 1n, OUT),
    (rig) => rig.call.clock_time_get!(1, 1n, OUT),
    /clock_time_get\(id=REALTIME, .*called clock_time_get\(id=MONOTONIC, /,
  ],
  "another wide argument": [
    (rig) => rig.call.fd_seek!(fdOf(rig), 1n, 0, OUT),
    (rig) => rig.call.fd_seek!(fdOf(rig), 1n << 40n, 0, OUT),
    /message 2: the log has fd_seek\(.*offset=1, .*offset=1099511627776, /,
  ],
  "another path": [
    (rig) => void new Paths(rig).open("a"),
    (rig) => void new Paths(rig).open("b"),
    /the log has path_open\(fd=3, dirflags=SYMLINK_FOLLOW, path="a"/,
  ],
  "a longer path": [
    (rig) => void new Paths(rig).open("a"),
    (rig) => void new Paths(rig).open("a".repeat(4000)),
    /path_open/,
  ],
  "other contents of a write": [
    (rig) => void write(rig, fdOf(rig), "one text"),
    (rig) => void write(rig, fdOf(rig), "two text"),
    /message 2: the log has fd_write\(/,
  ],
  "another split of the same bytes is seen by the iovecs' count": [
    (rig) => void write(rig, 1, "text"),
    (rig) => {
      rig.iovecs(IOVS, [BUFFER, rig.poke(BUFFER, "text")]);
      rig.call.fd_write!(1, IOVS, 1, OUT);
    },
    /fd_write/,
  ],
};

for (const [name, [first, second, text]] of Object.entries(DIFFERENCES)) {
  test(`divergence is found: ${name}`, () => {
    const messages = record(first, { dirs: [plant(FILES)] });
    const backup = follower(messages, { dirs: [plant(FILES)] });
    assert.throws(
      () => second(backup),
      (error: Error) => error instanceof Divergence && text.test(error.message),
    );
  });
}

const readAll: Script = (rig) => void read(rig, fdOf(rig), 100);

/** Directories in which a backup can't do what the primary did. */
const FAULTS: Readonly<
  Record<string, [Script, (dir: string) => void, RegExp]>
> = {
  "the file is missing": [
    readAll,
    (dir) => Deno.removeSync(`${dir}/a`),
    /opening a file failed with noent where the primary's succeeded/,
  ],
  "the file is a directory": [
    (rig) => void new Paths(rig).open("a"),
    (dir) => {
      Deno.removeSync(`${dir}/a`);
      Deno.mkdirSync(`${dir}/a`);
    },
    /a file has another type/,
  ],
  "other contents": [
    readAll,
    (dir) => Deno.writeTextFileSync(`${dir}/a`, "contents of b"),
    /a read of 13 bytes gave other contents/,
  ],
  "less contents": [
    readAll,
    (dir) => Deno.writeTextFileSync(`${dir}/a`, "contents"),
    /a read of 13 bytes gave another count/,
  ],
  "another size": [
    (rig) => void new Paths(rig).stat("a"),
    (dir) => Deno.writeTextFileSync(`${dir}/a`, "more contents of a"),
    /another size/,
  ],
  "another name in a directory": [
    (rig) => void rig.call.fd_readdir!(3, 512, 500, 0n, OUT),
    (dir) => Deno.renameSync(`${dir}/a`, `${dir}/z`),
    /other names/,
  ],
  "a name that is there already": [
    (rig) => void new Paths(rig).at("path_create_directory", "new"),
    (dir) => Deno.mkdirSync(`${dir}/new`),
    /making a directory failed with exist/,
  ],
  "a full disk": [
    (rig) => void write(rig, fdOf(rig), "text"),
    (dir) => {
      Deno.removeSync(`${dir}/a`);
      Deno.symlinkSync("/dev/full", `${dir}/a`);
    },
    /opening a file failed/,
  ],
};

for (const [name, [script, harm, text]] of Object.entries(FAULTS)) {
  test(`a storage fault is found: ${name}`, () => {
    const messages = record(script, { dirs: [plant(FILES)] });
    const dir = plant(FILES);
    harm(dir);
    const backup = follower(messages, { dirs: [dir] });
    assert.throws(
      () => script(backup),
      (error: Error) =>
        error instanceof StorageFault && text.test(error.message),
    );
  });
}

test("a failure of the primary is taken from the log, not tried", () => {
  const script: Script = (rig) => void new Paths(rig).open("late");
  const messages = record(script, { dirs: [plant()] });
  const backup = follower(messages, { dirs: [plant({ late: "here" })] });
  assert.is(new Paths(backup).open("late"), -Errno.noent);
});

test("a backup goes live in the middle of a run and goes on where the log ends", () => {
  const [first, second] = [plant(FILES), plant(FILES)];
  const half = (rig: Rig, from: number) => {
    for (let i = from; i < from + 10; i++) write(rig, 4, `line ${i}\n`);
  };
  const start = (rig: Rig) => {
    new Paths(rig).open("log", { oflags: 1, rights: READ_WRITE });
    half(rig, 0);
  };
  const messages = record(start, { dirs: [first] });
  const backup = follower(messages, { dirs: [second] });
  start(backup);
  backup.goLive();
  half(backup, 10);
  const lines = Array.from({ length: 20 }, (_, i) => `line ${i}\n`).join("");
  assert.is(treeOf(second).log, lines);
  assert.equal(backup.told, ["live"]);
  assert.is(backup.messages.following, false);
  const after = backup.drain();
  assert.is(after.length, 10);
  const third = follower([...messages, ...after], { dirs: [plant(FILES)] });
  start(third);
  half(third, 10);
  assert.is(third.messages.seq, 21);
});

test("a read of a stream gives a backup the bytes, of a file a digest alone", () => {
  const [message] = record((rig) => rig.call.random_get!(BUFFER, 1000), {});
  assert.ok(message!.length >= 1000);
  const dir = plant({ a: "x".repeat(10_000) });
  const [, file] = record((rig) => void read(rig, fdOf(rig), 10_000), {
    dirs: [dir],
  });
  assert.ok(file!.length < 80, `${file!.length} bytes`);
});

test.run();
