/** What a path can do to a host: nothing outside is touched or told. @module */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { lstatSync, readlinkSync } from "node:fs";
import { Errno, errnoName } from "../../src/wasi-intercept/errno.ts";
import { FileType } from "../../src/wasi-intercept/descriptors.ts";
import type { OpenHow } from "../../src/wasi-intercept/host.ts";
import { threadId } from "../../src/runtime/host/clock.ts";
import { GuestHost } from "../../src/runtime/host/guest_host.ts";
import { linux } from "../../src/runtime/host/linux.ts";
import { openDirectory } from "../../src/runtime/host/open_directory.ts";
import { makeWaker, pollHandles, wake } from "../../src/runtime/host/poll.ts";
import { removeDirs, tempDir, treeOf } from "../kit/place.ts";

const host = new GuestHost(threadId(), undefined);

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

const READ: OpenHow = {
  oflags: 0,
  fdflags: 0,
  read: true,
  write: false,
  follow: true,
};
const WRITE: OpenHow = { ...READ, oflags: 1, write: true };

/** An outcome in words. */
function outcome(result: unknown): string {
  return typeof result === "number" && result < 0
    ? errnoName(-result)
    : "success";
}

/** All that can be done with one path, or one path and a name of the guest's own. */
function everyCall(dir: number, text: string): Record<string, string> {
  const path = bytes(text), own = bytes("own"), other = bytes("other");
  const times = { atim: 5n, mtim: 6n, flags: 1 | 4 };
  const results = {
    open: host.open(dir, path, READ),
    openLink: host.open(dir, path, { ...READ, follow: false }),
    openDirectory: host.open(dir, path, { ...READ, oflags: 2 }),
    create: host.open(dir, path, WRITE),
    createNew: host.open(dir, path, { ...WRITE, oflags: 5 }),
    truncate: host.open(dir, path, { ...WRITE, oflags: 9 }),
    stat: host.statAt(dir, path, true),
    statLink: host.statAt(dir, path, false),
    createDirectory: host.createDirectory(dir, path),
    removeDirectory: host.removeDirectory(dir, path),
    renameTo: host.rename(dir, own, dir, path),
    link: host.link(dir, path, false, dir, other),
    linkTarget: host.link(dir, path, true, dir, other),
    linkTo: host.link(dir, own, false, dir, path),
    symlink: host.symlink(own, dir, path),
    readlink: host.readlink(dir, path),
    setTimes: host.setTimesAt(dir, path, true, times),
    setLinkTimes: host.setTimesAt(dir, path, false, times),
    unlink: host.unlink(dir, path),
    rename: host.rename(dir, path, dir, other),
  };
  for (const result of [results.open, results.openLink]) {
    if (result >= 0) host.close(result);
  }
  return Object.fromEntries(
    Object.entries(results).map(([name, result]) => [name, outcome(result)]),
  );
}

const TARGETS = ["../directory", "../file", "../missing", "/", "/missing"];

test.after(removeDirs);

test("no call tells whether something stands outside, nor what it is", () => {
  const top = tempDir();
  Deno.mkdirSync(`${top}/directory/x`, { recursive: true });
  Deno.writeTextFileSync(`${top}/file`, "outside");
  const before = treeOf(top);
  for (
    const form of ["link/", "link/x", "link/x/", "link/.", "link/..", "link"]
  ) {
    const told = TARGETS.map((target) => {
      const inside = `${top}/in`;
      Deno.mkdirSync(inside);
      Deno.writeTextFileSync(`${inside}/own`, "inside");
      Deno.symlinkSync(target, `${inside}/link`);
      const dir = openDirectory(inside);
      const results = everyCall(dir, form);
      host.close(dir);
      Deno.removeSync(inside, { recursive: true });
      return results;
    });
    for (const [i, results] of told.entries()) {
      assert.equal(results, told[0], `${form} of a link to ${TARGETS[i]}`);
    }
  }
  assert.equal(treeOf(top), before);
});

test("the times of a link that is named with a final slash are not those of what it leads to", () => {
  const top = tempDir();
  Deno.mkdirSync(`${top}/in`);
  Deno.symlinkSync("..", `${top}/in/link`);
  const before = Deno.statSync(top).mtime;
  const dir = openDirectory(`${top}/in`);
  const times = { atim: 5n, mtim: 6n, flags: 1 | 4 };
  const result = host.setTimesAt(dir, bytes("link/"), false, times);
  assert.is(outcome(result), "notcapable");
  assert.equal(Deno.statSync(top).mtime, before);
});

test("a link of /proc, which is no path, leads nowhere", () => {
  const dir = openDirectory("/proc/self");
  for (const path of ["cwd", "root/etc", "exe", "fd/0", "cwd/deno.json"]) {
    assert.is(host.open(dir, bytes(path), READ), -Errno.loop, path);
    assert.is(host.statAt(dir, bytes(path), true), -Errno.loop, path);
  }
  const link = host.statAt(dir, bytes("cwd"), false);
  assert.ok(typeof link !== "number");
  assert.is(link.filetype, FileType.symbolicLink);
});

test("a name alone tells what the same name in a longer path does", () => {
  const top = tempDir();
  const inside = `${top}/in`;
  Deno.mkdirSync(`${inside}/directory`, { recursive: true });
  Deno.writeTextFileSync(`${top}/secret`, "outside");
  Deno.writeTextFileSync(`${inside}/file`, "inside");
  Deno.writeTextFileSync(`${inside}/${"n".repeat(255)}`, "long");
  Deno.writeTextFileSync(`${inside}/...`, "dots");
  for (
    const [name, target] of [
      ...[["to-file", "file"], ["to-directory", "directory"]],
      ...[["to-dot", "."], ["to-missing", "missing"], [
        "to-itself",
        "to-itself",
      ]],
      ...[["to-secret", "../secret"], ["to-top", ".."], ["to-root", "/"]],
    ] as const
  ) Deno.symlinkSync(target, `${inside}/${name}`);
  const names = [...Deno.readDirSync(inside)].map(({ name }) => name);
  assert.is(names.length, 12);
  const dir = openDirectory(inside);
  const none = ["missing", ".", "..", "n".repeat(256), "n".repeat(4096)];
  for (const name of [...names, ...none, "file\0", "\0"]) {
    for (const follow of [false, true]) {
      const alone = host.statAt(dir, bytes(name), follow);
      const longer = host.statAt(dir, bytes(`./${name}`), follow);
      assert.equal(alone, longer, `${name.slice(0, 20)} ${follow}`);
    }
  }
  assert.is(host.statAt(dir, bytes(""), true), -Errno.noent);
  const link = host.statAt(dir, bytes("to-secret"), false);
  assert.ok(typeof link !== "number");
  assert.is(link.filetype, FileType.symbolicLink);
  assert.is(host.statAt(dir, bytes("to-secret"), true), -Errno.notcapable);
});

test("a directory can't be made by opening it, on any kernel", () => {
  const top = tempDir();
  const dir = openDirectory(top);
  const how = { ...READ, oflags: 1 | 2 };
  assert.is(host.open(dir, bytes("new"), how), -Errno.inval);
  assert.equal(treeOf(top), {});
});

test("what was open is found again under another name, however deep it lies", () => {
  const top = tempDir();
  const deep = `${top}${"/d".repeat(1500)}`;
  Deno.mkdirSync(deep, { recursive: true });
  Deno.writeTextFileSync(`${deep}/moved`, "");
  const file = {
    ino: lstatSync(`${deep}/moved`, { bigint: true }).ino,
    born: 0n,
  };
  Deno.writeTextFileSync(`${top}/was`, "");
  const dir = openDirectory(top);
  const handle = host.reopen(dir, bytes("was"), file, READ);
  assert.ok(handle >= 0, outcome(handle));
  assert.is(readlinkSync(`/proc/self/fd/${handle}`), `${deep}/moved`);
  Deno.removeSync(`${deep}/moved`);
  assert.is(host.reopen(dir, bytes("was"), file, READ), -Errno.stale);
});

test("a file of more than 2 GiB opens", () => {
  const top = tempDir();
  Deno.createSync(`${top}/large`).truncateSync(3 * 2 ** 30);
  const handle = host.open(openDirectory(top), bytes("large"), READ);
  assert.ok(handle >= 0, outcome(handle));
  assert.is(host.seek(handle, 0n, 2), 3n << 30n);
});

test("a file that is leased to another program gives `again` to who does not wait", () => {
  const { fcntl } = Deno.dlopen("libc.so.6", {
    fcntl: { parameters: ["i32", "i32", "i32"], result: "i32" },
  }).symbols;
  const F_SETSIG = 10, F_SETLEASE = 1024, F_WRLCK = 1, SIGWINCH = 28;
  const top = tempDir();
  const dir = openDirectory(top);
  const leased = host.open(dir, bytes("leased"), WRITE);
  assert.is(fcntl(leased, F_SETSIG, SIGWINCH), 0);
  assert.is(fcntl(leased, F_SETLEASE, F_WRLCK), 0);
  const how = { ...READ, fdflags: 4 };
  assert.is(host.open(dir, bytes("leased"), how), -Errno.again);
});

test("a poll of more entries than the process may have files is one of its handles", () => {
  const entry = (handle: number, events: number) => ({
    handle,
    events,
    revents: 0,
  });
  const [ready, idle] = [makeWaker(), makeWaker()];
  wake(ready);
  const many = Array.from(
    { length: 1_100_000 },
    (_, i) => entry(i % 2 === 0 ? ready : idle, linux.POLLIN),
  );
  assert.is(pollHandles(many, -1n, undefined), many.length / 2);
  assert.ok(
    many.every(({ handle, revents }) => (revents !== 0) === (handle === ready)),
  );
  const both = [...many, entry(idle, linux.POLLOUT)];
  assert.is(pollHandles(both, 0n, undefined), many.length / 2 + 1);
  assert.is(pollHandles(both.slice(1, 2), 0n, undefined), 0);
});

test.run();
