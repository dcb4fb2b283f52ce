/** Arguments and environment: `args_get`, `args_sizes_get`, `environ_get`, `environ_sizes_get`. @module */
import { Errno } from "./errno.ts";
import type { Kernel } from "./kernel.ts";
import { u32 } from "./outcome.ts";
import { syscall } from "./syscall.ts";

function total(strings: readonly Uint8Array[]): number {
  return strings.reduce((n, s) => n + s.length, 0);
}

function writeStrings(
  k: Kernel,
  strings: readonly Uint8Array[],
  pointers: number,
  buffer: number,
): number {
  if (!k.memory.fits(pointers, 4 * strings.length)) return Errno.fault;
  if (!k.memory.fits(buffer, total(strings))) return Errno.fault;
  let at = buffer;
  for (const [i, s] of strings.entries()) {
    k.memory.setU32(pointers + 4 * i, at);
    k.memory.write(at, s);
    at += s.length;
  }
  return Errno.success;
}

function writeSizes(
  k: Kernel,
  strings: readonly Uint8Array[],
  count: number,
  size: number,
): number {
  k.memory.setU32(count, strings.length);
  k.memory.setU32(size, total(strings));
  return Errno.success;
}

/** Writes the arguments and pointers to them. Errors: `fault` if either array leaves memory; nothing is written then. */
export const args_get = syscall({
  name: "args_get",
  id: 256,
  effect: "local",
  params: [["argv", "u32"], ["argv_buf", "u32"]],
  commit: (k, argv, argv_buf) => writeStrings(k, k.args, argv, argv_buf),
});

/** Writes how many arguments there are and how many bytes they take, final NULs included. */
export const args_sizes_get = syscall({
  name: "args_sizes_get",
  id: 257,
  effect: "local",
  params: [["argc", "out", 4], ["argv_buf_size", "out", 4]],
  outcome: [u32("argc"), u32("argv_buf_size")],
  commit: (k, argc, size) => writeSizes(k, k.args, argc, size),
});

/** Writes the environment and pointers to it. Errors: `fault` if either array leaves memory; nothing is written then. */
export const environ_get = syscall({
  name: "environ_get",
  id: 258,
  effect: "local",
  params: [["environ", "u32"], ["environ_buf", "u32"]],
  commit: (k, environ, environ_buf) =>
    writeStrings(k, k.environ, environ, environ_buf),
});

/** Writes how many variables there are and how many bytes they take, final NULs included. */
export const environ_sizes_get = syscall({
  name: "environ_sizes_get",
  id: 259,
  effect: "local",
  params: [["count", "out", 4], ["environ_buf_size", "out", 4]],
  outcome: [u32("count"), u32("environ_buf_size")],
  commit: (k, count, size) => writeSizes(k, k.environ, count, size),
});
