/** What the log holds of a shared directory, when it is written, and what else a guest gets to see. @module */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { Divergence } from "../../src/runtime/guest/ring_messages.ts";
import { StreamOp } from "../../src/runtime/guest/local.ts";
import { MAX_STREAM_IO } from "../../src/wasi-intercept/fd_io.ts";
import { removeDirs, tempDir, treeOf } from "../kit/place.ts";
import { Caller } from "./caller.ts";
import { dead, risen } from "./dead.ts";
import type { Play } from "./lives.ts";
import { plant } from "./pair.ts";
import { DIR, Rig } from "./rig.ts";

test.after.each(removeDirs);

const FILES = { "a": "contents of a", "b": "contents of b", "sub/": "" };

/** Everything that a guest can do to a shared directory. */
const everything: Play = (g) => {
  const fd = g.open("a");
  g.read(fd, 3);
  g.pread(fd, 2n);
  g.seek(fd, 0n, 2);
  g.write(fd, "more");
  g.pwrite(fd, "MORE", 0n);
  g.fstat(fd);
  g.call("fd_sync", fd);
  g.call("fd_filestat_set_size", fd, 4n);
  g.call("fd_allocate", fd, 0n, 10n);
  g.write(g.open("new", { oflags: 5, fdflags: 1 }), "text");
  g.open("none");
  g.open("a", { oflags: 5 });
  g.list(DIR);
  g.link("a", "c");
  g.symlink("a", "link");
  g.readlink("link");
  g.rename("c", "d");
  g.at("path_create_directory", "dir");
  g.at("path_remove_directory", "dir");
  g.at("path_unlink_file", "d");
  g.setTimes("b", 1_000_000_000_000_000_000n);
  g.stat("b");
  g.call("fd_close", fd);
};

test("a backup needs and touches nothing of the storage", () => {
  const rig = new Rig({ shared: [plant(FILES)] });
  const primary = new Caller(rig);
  everything(primary);
  const dir = tempDir();
  const changedAt = () => Deno.statSync(dir).ctime?.getTime();
  const before = changedAt();
  const backup = new Rig({ shared: [dir], following: true });
  const log = rig.drain();
  backup.feed(log);
  const guest = new Caller(backup);
  everything(guest);
  assert.is(backup.messages.seq, log.length);
  assert.equal(guest.seen, primary.seen);
  assert.equal(backup.memory, rig.memory);
  assert.equal(treeOf(dir), {});
  assert.is(changedAt(), before);
});

test("a change waits for its permit with its intent in the log and nothing done", () => {
  const dir = plant(FILES);
  const before = treeOf(dir);
  const asked: unknown[] = [];
  let messages = 0;
  const rig = new Rig({
    shared: [dir],
    sink: (seq, slot, op) => void asked.push([seq, slot, op]),
    permit() {
      messages += rig.drain().length;
      assert.equal(treeOf(dir), before);
    },
  });
  const guest = new Caller(rig);
  guest.at("path_unlink_file", "none");
  guest.stat("a");
  assert.is(rig.drain().length, 2);
  guest.at("path_unlink_file", "a");
  assert.equal(asked, [[3, 0, StreamOp.permit]]);
  assert.is(messages, 1);
  assert.not.ok("a" in treeOf(dir));
});

test("a backup whose guest changes something else than the intent says is found", () => {
  const unlinks: Play = (g) => void g.at("path_unlink_file", "a");
  const log = dead(unlinks, plant(FILES)).log.slice(0, 1);
  for (
    const other of [
      (g: Caller) => g.at("path_unlink_file", "b"),
      (g: Caller) => g.at("path_remove_directory", "a"),
      (g: Caller) => g.rename("a", "z"),
    ]
  ) {
    assert.throws(
      () => risen({ dir: plant(FILES), log }, (g) => void other(g)),
      (error: Error) =>
        error instanceof Divergence &&
        /the log has intent of path_unlink_file\(fd=3, path="a"\)/.test(
          error.message,
        ),
    );
  }
});

test("nothing is linked or renamed between a shared directory and another, and nothing logged", () => {
  const [own, shared] = [plant(FILES), plant(FILES)];
  const rig = new Rig({ dirs: [own], shared: [shared] });
  const guest = new Caller(rig);
  for (const [from, to] of [[DIR, DIR + 1], [DIR + 1, DIR]] as const) {
    assert.is(guest.rename("a", "c", from, to), "xdev");
    assert.is(guest.link("a", "c", from, to), "xdev");
  }
  assert.is(rig.drain().length, 0);
  assert.equal(treeOf(own), treeOf(shared));
});

test("the lock file is not listed, and only in the root", () => {
  const name = ".replrt-lock";
  const dir = plant({ [name]: "", "sub/": "", [`sub/${name}`]: "" });
  const guest = new Caller(new Rig({ shared: [dir] }));
  const names = (fd: number) => guest.list(fd).map(({ name }) => name);
  assert.equal(names(DIR), [".", "..", "sub"]);
  assert.equal(names(guest.open(".", { oflags: 2 })), [".", "..", "sub"]);
  assert.equal(names(guest.open("sub", { oflags: 2 })), [".", "..", name]);
  assert.ok(guest.stat(name) > 0n);
});

test("a read of more than a message holds is short, and the next goes on behind it", () => {
  const dir = tempDir();
  const size = 3 << 20;
  const bytes = new Uint8Array(size).map((_, i) => i >> 10);
  Deno.writeFileSync(`${dir}/big`, bytes);
  const chunk = 1 << 16, count = size / chunk;
  const primary = new Rig({ shared: [dir] });
  const backup = new Rig({ shared: [tempDir()], following: true });
  const both = (call: (guest: Caller) => void): void => {
    call(new Caller(primary));
    backup.feed(primary.drain());
    call(new Caller(backup));
    assert.equal(backup.memory, primary.memory);
  };
  both((guest) => void guest.open("big"));
  for (const rest of [size, size - MAX_STREAM_IO, size - 2 * MAX_STREAM_IO]) {
    both(({ rig }) => {
      const iovecs = Array.from({ length: count }, () => [chunk, chunk]);
      rig.iovecs(0, ...iovecs as [number, number][]);
      assert.is(rig.call.fd_read!(4, 0, count, 2000), 0);
      assert.is(rig.u32(2000), Math.min(rest, MAX_STREAM_IO));
    });
  }
});

test.run();
