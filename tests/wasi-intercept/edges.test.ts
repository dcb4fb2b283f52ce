/** Where memory ends: pointers to its last bytes, above 2 GiB too. @module */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { Errno } from "../../src/wasi-intercept/errno.ts";
import type { Syscall } from "../../src/wasi-intercept/syscall.ts";
import { TABLE } from "../../src/wasi-intercept/table.ts";
import { removeDirs, tempDir } from "../kit/place.ts";
import { FuzzGuest } from "./fuzz_guest.ts";
import { DIR, READ_WRITE } from "./rig.ts";

/** One page, a little more than 2 GiB, and all that 32 bits can address. */
const SIZES = [1, 32_832, 65_536];

function guestOf(pages: number, solo = false): FuzzGuest {
  const dir = tempDir();
  Deno.writeTextFileSync(`${dir}/ab`, "contents");
  Deno.symlinkSync("ab", `${dir}/l`);
  return new FuzzGuest({ pages: [pages, pages], solo }, { dirs: [dir] });
}

function call(
  guest: FuzzGuest,
  name: string,
  ...args: (number | bigint)[]
): number {
  const row = TABLE.find((row) => row.name === name) as Syscall;
  const where = `${name}(${args.join(", ")})`;
  const outcome = guest.make({ row, args, pokes: [], pages: 0 }, where);
  guest.rig.drain();
  return outcome as number;
}

/** Arguments that no function finds wrong by themselves. */
function mildArguments({ params }: Syscall): (number | bigint)[] {
  return params.flatMap(([name, type]): (number | bigint)[] => {
    if (type === "u64") return [0n];
    if (type === "path") return [0, 0];
    return [name.endsWith("fd") ? DIR : name === "nsubscriptions" ? 1 : 0];
  });
}

test.after(removeDirs);

for (const pages of SIZES) {
  test(`a result may end with the last byte of ${pages} pages and not one later`, () => {
    const guest = guestOf(pages);
    for (const row of TABLE) {
      let at = 0;
      for (const param of row.params) {
        if (param[1] === "out") {
          for (let beyond = 0; beyond < param[2]; beyond++) {
            const args = mildArguments(row);
            args[at] = guest.size - param[2] + beyond;
            const errno = call(guest, row.name, ...args);
            const where = `${row.name}: ${param[0]} ${beyond} bytes beyond`;
            assert.is(errno === Errno.fault, beyond > 0, where);
          }
        }
        at += param[1] === "path" ? 2 : 1;
      }
    }
  });
}

const IOVEC = 1024, RESULT = 2048, BUFFER = 4096, ZEROES = 32_768;

/** Calls that have a buffer at `end(size)`, for which they write what has to be there. */
function bufferCalls(
  end: (size: number) => number,
  guest: FuzzGuest,
): [name: string, ...args: (number | bigint)[]][] {
  const { args, environ, memory } = guest.rig.kernel;
  const bytes = (strings: readonly Uint8Array[]) =>
    strings.reduce((n, { length }) => n + length, 0);
  memory.setU32(IOVEC, end(5));
  memory.setU32(IOVEC + 4, 5);
  memory.write(IOVEC + 8, new TextEncoder().encode("l"));
  const path = end(2);
  if (path + 2 <= guest.size) {
    memory.write(path, new TextEncoder().encode("ab"));
  }
  return [
    ["path_open", DIR, 0, path, 2, 0, READ_WRITE, READ_WRITE, 0, RESULT],
    ["path_filestat_get", DIR, 0, path, 2, BUFFER],
    ["path_filestat_set_times", DIR, 0, path, 2, 0n, 0n, 0],
    ["path_readlink", DIR, IOVEC + 8, 1, end(50), 50, RESULT],
    ["args_get", end(4 * args.length), BUFFER],
    ["args_get", BUFFER, end(bytes(args))],
    ["environ_get", end(4 * environ.length), BUFFER],
    ["environ_get", BUFFER, end(bytes(environ))],
    ["fd_prestat_dir_name", DIR, end(3), 3],
    ["fd_readdir", DIR, end(100), 100, 0n, RESULT],
    ["random_get", end(10), 10],
    ["random_get", end(5000), 5000],
    ["poll_oneoff", ZEROES, end(32), 1, RESULT],
    ["fd_read", 0, IOVEC, 1, RESULT],
    ["fd_write", 1, IOVEC, 1, RESULT],
  ];
}

/** Calls that have a list of buffers or subscriptions at `end(size)`, all of it 0. */
function listCalls(
  end: (size: number) => number,
): [name: string, ...args: (number | bigint)[]][] {
  return [
    ["fd_read", 0, end(8), 1, RESULT],
    ["fd_read", 0, end(8 * 1024), 1024, RESULT],
    ["fd_write", 1, end(8), 1, RESULT],
    ["fd_write", 1, end(8 * 1024), 1024, RESULT],
    ["poll_oneoff", end(48), BUFFER, 1, RESULT],
    ["poll_oneoff", end(480), BUFFER, 10, RESULT],
  ];
}

for (const pages of SIZES) {
  for (const solo of [false, true]) {
    test(
      `a buffer may end with the last byte of ${pages} pages and not one later${
        solo ? " (solo)" : ""
      }`,
      () => {
        for (const beyond of [0, 1]) {
          const guest = guestOf(pages, solo);
          const end = (size: number) => guest.size - size + beyond;
          for (const calls of [listCalls, bufferCalls]) {
            for (const args of calls(end, guest)) {
              const expected = beyond === 0 ? 0 : Errno.fault;
              assert.is(call(guest, ...args), expected, args.join(" "));
            }
          }
        }
      },
    );
  }
}

test("bytes above 2 GiB are read and written where they lie", () => {
  for (const pages of SIZES.slice(1)) {
    const guest = guestOf(pages);
    const { memory } = guest.rig.kernel;
    const high = guest.size - 100, low = 300;
    const name = new TextEncoder().encode("new");
    memory.write(high, name);
    const how = [1, READ_WRITE, READ_WRITE, 0, RESULT] as const;
    assert.is(call(guest, "path_open", DIR, 0, high, 3, ...how), 0);
    const fd = memory.u32(RESULT);
    memory.write(IOVEC, new Uint8Array(new Uint32Array([high, 3]).buffer));
    assert.is(call(guest, "fd_write", fd, IOVEC, 1, RESULT), 0);
    assert.is(call(guest, "fd_pwrite", fd, IOVEC, 1, 3n, RESULT), 0);
    memory.write(IOVEC, new Uint8Array(new Uint32Array([high + 10, 9]).buffer));
    assert.is(call(guest, "fd_pread", fd, IOVEC, 1, 0n, RESULT), 0);
    assert.is(guest.rig.text(high + 10, 7), "newnew\0");
    memory.write(IOVEC, new Uint8Array(new Uint32Array([low, 9]).buffer));
    assert.is(call(guest, "fd_pread", fd, IOVEC, 1, 0n, RESULT), 0);
    assert.is(guest.rig.text(low, 7), "newnew\0");
  }
});

test.run();
