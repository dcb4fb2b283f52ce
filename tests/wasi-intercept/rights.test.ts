import { test } from "uvu";
import * as assert from "uvu/assert";
import { Errno } from "../../src/wasi-intercept/errno.ts";
import {
  ALL_RIGHTS,
  DIRECTORY_RIGHTS,
  FILE_RIGHTS,
  INHERITABLE_RIGHTS,
  Right,
} from "../../src/wasi-intercept/rights.ts";
import { TABLE } from "../../src/wasi-intercept/table.ts";
import { assertSame, plant } from "./pair.ts";
import { DIR, Paths, READ_WRITE, Rig } from "./rig.ts";

const STAT = 50_000, IOVS = 52_000, BUFFER = 53_000, OUT = 62_000;

/** Base and inheriting rights as the guest sees them. */
function rightsAt(rig: Rig, fd: number): [bigint, bigint] {
  assert.is(rig.call.fd_fdstat_get!(fd, STAT), 0);
  const { memory } = rig.kernel;
  return [memory.u64(STAT + 8), memory.u64(STAT + 16)];
}

/** What each right is needed for, with an argument list that would succeed. */
function calls(rig: Rig, fd: number): Record<string, [number, () => number]> {
  const { call } = rig;
  rig.iovecs(IOVS, [BUFFER, 4]);
  return {
    fd_advise: [Right.fd_advise, () => call.fd_advise!(fd, 0n, 1n, 0)],
    fd_allocate: [Right.fd_allocate, () => call.fd_allocate!(fd, 0n, 1n)],
    fd_datasync: [Right.fd_datasync, () => call.fd_datasync!(fd)],
    fd_sync: [Right.fd_sync, () => call.fd_sync!(fd)],
    fd_fdstat_set_flags: [
      Right.fd_fdstat_set_flags,
      () => call.fd_fdstat_set_flags!(fd, 0),
    ],
    fd_filestat_get: [
      Right.fd_filestat_get,
      () => call.fd_filestat_get!(fd, OUT),
    ],
    fd_filestat_set_size: [
      Right.fd_filestat_set_size,
      () => call.fd_filestat_set_size!(fd, 9n),
    ],
    fd_filestat_set_times: [
      Right.fd_filestat_set_times,
      () => call.fd_filestat_set_times!(fd, 1n, 1n, 5),
    ],
    fd_read: [Right.fd_read, () => call.fd_read!(fd, IOVS, 1, OUT)],
    fd_write: [Right.fd_write, () => call.fd_write!(fd, IOVS, 1, OUT)],
    fd_pread: [Right.fd_seek, () => call.fd_pread!(fd, IOVS, 1, 0n, OUT)],
    fd_pwrite: [Right.fd_seek, () => call.fd_pwrite!(fd, IOVS, 1, 0n, OUT)],
    fd_seek: [Right.fd_seek, () => call.fd_seek!(fd, 1n, 0, OUT)],
  };
}

test("a call without its right gives notcapable, with it success, on a backup too", () => {
  assertSame((rig) => {
    for (const name of Object.keys(calls(rig, 0))) {
      const fd = new Paths(rig).open("a", { rights: READ_WRITE });
      const [right, run] = calls(rig, fd)[name]!;
      assert.is(run(), Errno.success, name);
      const rest = BigInt(FILE_RIGHTS & ~right);
      assert.is(rig.call.fd_fdstat_set_rights!(fd, rest, 0n), 0);
      assert.is(run(), Errno.notcapable, name);
    }
  }, { a: "text" });
});

test("a descriptor has of the rights asked for those of its kind", () => {
  const rig = new Rig({ dirs: [plant({ a: "", "d/": "" })] });
  const paths = new Paths(rig);
  const file = paths.open("a", { rights: READ_WRITE });
  assert.equal(rightsAt(rig, file), [BigInt(FILE_RIGHTS), 0n]);
  const dir = paths.open("d", { rights: BigInt(DIRECTORY_RIGHTS) });
  const own = [BigInt(DIRECTORY_RIGHTS), BigInt(INHERITABLE_RIGHTS)];
  assert.equal(rightsAt(rig, dir), own);
  assert.equal(rightsAt(rig, DIR), own);
});

test("rights can be taken away and never given", () => {
  const rig = new Rig({ dirs: [plant({ a: "" })] });
  const fd = new Paths(rig).open("a", { rights: 6n });
  const set = (base: bigint, inheriting = 0n) =>
    rig.call.fd_fdstat_set_rights!(fd, base, inheriting);
  assert.is(set(6n), 0);
  assert.is(set(7n), Errno.notcapable);
  assert.is(set(6n, 1n), Errno.notcapable);
  assert.is(set(2n), 0);
  assert.is(set(6n), Errno.notcapable);
  assert.equal(rightsAt(rig, fd), [2n, 0n]);
  assert.is(set(BigInt(ALL_RIGHTS) + 1n), Errno.inval);
  assert.is(set(1n << 63n), Errno.inval);
  assert.is(rig.call.fd_fdstat_set_rights!(99, 0n, 0n), Errno.badf);
});

test("a directory hands on no right that it does not inherit", () => {
  const rig = new Rig({ dirs: [plant({ a: "" })] });
  const keep = BigInt(INHERITABLE_RIGHTS & ~Right.fd_write);
  rig.call.fd_fdstat_set_rights!(DIR, BigInt(DIRECTORY_RIGHTS), keep);
  const open = (rights: bigint, inheriting = 0n, fdflags = 0) => {
    const n = rig.poke(BUFFER, "a");
    return rig.call.path_open!(
      ...[DIR, 0, BUFFER, n, 0, rights, inheriting, fdflags, OUT],
    );
  };
  assert.is(open(BigInt(Right.fd_read)), 0);
  assert.is(open(BigInt(Right.fd_write)), Errno.notcapable);
  assert.is(open(0n, BigInt(Right.fd_write)), Errno.notcapable);
  assert.is(open(1n << 40n), Errno.inval);
});

test("a directory that is opened hands on what the one above does, whatever was asked for", () => {
  const rig = new Rig({ dirs: [plant({ "d/": "" })] });
  const n = rig.poke(BUFFER, "d");
  const asked = BigInt(DIRECTORY_RIGHTS);
  const { call } = rig;
  assert.is(call.path_open!(DIR, 0, BUFFER, n, 2, asked, 0n, 0, OUT), 0);
  const dir = rig.u32(OUT);
  assert.equal(rightsAt(rig, dir), [asked, BigInt(INHERITABLE_RIGHTS)]);
  const paths = new Paths(rig);
  assert.ok(paths.open("a", { dir, oflags: 1, rights: READ_WRITE }) > 0);
});

test("creating and truncating need rights of the directory", () => {
  const rig = new Rig({ dirs: [plant({ a: "" })] });
  const paths = new Paths(rig);
  const less = Right.path_create_file | Right.path_filestat_set_size;
  const base = BigInt(DIRECTORY_RIGHTS & ~less);
  rig.call.fd_fdstat_set_rights!(DIR, base, BigInt(INHERITABLE_RIGHTS));
  assert.ok(paths.open("a") > 0);
  assert.is(paths.open("a", { oflags: 1 }), -Errno.notcapable);
  assert.is(paths.open("a", { oflags: 8 }), -Errno.notcapable);
});

test("what none of a kind can do gives the errno of the kind", () => {
  const rig = new Rig({ dirs: [plant({ a: "" })] });
  const file = new Paths(rig).open("a");
  const { call } = rig;
  rig.iovecs(IOVS, [BUFFER, 4]);
  assert.is(call.fd_read!(DIR, IOVS, 1, OUT), Errno.isdir);
  assert.is(call.fd_seek!(DIR, 0n, 0, OUT), Errno.isdir);
  assert.is(call.fd_allocate!(DIR, 0n, 1n), Errno.isdir);
  assert.is(call.fd_seek!(1, 0n, 0, OUT), Errno.spipe);
  assert.is(call.fd_pread!(0, IOVS, 1, 0n, OUT), Errno.spipe);
  assert.is(call.fd_sync!(1), Errno.inval);
  assert.is(call.fd_readdir!(1, BUFFER, 9, 0n, OUT), Errno.notdir);
  assert.is(
    call.path_create_directory!(file, BUFFER, rig.poke(BUFFER, "x")),
    Errno.notdir,
  );
  assert.is(call.path_create_directory!(99, BUFFER, 1), Errno.badf);
});

test("each right of the spec but the implied ones is needed somewhere", () => {
  const needed = TABLE.flatMap(({ needs = {} }) => Object.values(needs).flat());
  const all = needed.reduce((bits, right) => bits | right, 0);
  const elsewhere = Right.path_create_file | Right.path_filestat_set_size |
    Right.poll_fd_readwrite;
  assert.is(all | elsewhere, ALL_RIGHTS);
});

test.run();
