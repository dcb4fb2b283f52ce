/**
 * The C library, called directly. This folder is the only door to the operating system.
 *
 * @module
 */
import { ReplrtError } from "../errors.ts";
// Refuses other systems before their C library is looked for.
import "./linux.ts";

/**
 * The libc functions in use; all exist in glibc 2.30 and later.
 *
 * The hot ones take a `pointer` of {@linkcode pointerTo}, 6 ns less than a `buffer`, and give an `i32`, 30 ns less than an
 * `isize`: the counts of a vectored call are below 2^31, as the guest's iovecs span less.
 */
const SYMBOLS = {
  __errno_location: { parameters: [], result: "pointer" },
  accept4: { parameters: ["i32", "pointer", "pointer", "i32"], result: "i32" },
  bind: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  clock_getres: { parameters: ["i32", "pointer"], result: "i32" },
  clock_gettime: { parameters: ["i32", "pointer"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
  eventfd: { parameters: ["u32", "i32"], result: "i32" },
  fcntl: { parameters: ["i32", "i32", "i32"], result: "i32" },
  fdatasync: { parameters: ["i32"], result: "i32" },
  flock: { parameters: ["i32", "i32"], result: "i32" },
  fsync: { parameters: ["i32"], result: "i32" },
  ftruncate: { parameters: ["i32", "i64"], result: "i32" },
  futimens: { parameters: ["i32", "buffer"], result: "i32" },
  getdents64: { parameters: ["i32", "buffer", "usize"], result: "isize" },
  getrandom: { parameters: ["buffer", "usize", "u32"], result: "isize" },
  getppid: { parameters: [], result: "i32" },
  getrlimit: { parameters: ["i32", "buffer"], result: "i32" },
  getsockname: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  gettid: { parameters: [], result: "i32" },
  ioctl: { parameters: ["i32", "u64", "buffer"], result: "i32" },
  linkat: {
    parameters: ["i32", "buffer", "i32", "buffer", "i32"],
    result: "i32",
  },
  /** `ioctl` with a number. */
  ioctlOf: {
    name: "ioctl",
    parameters: ["i32", "u64", "i32"],
    result: "i32",
  },
  listen: { parameters: ["i32", "i32"], result: "i32" },
  lseek: { parameters: ["i32", "i64", "i32"], result: "i64" },
  mkdirat: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  open: { parameters: ["buffer", "i32"], result: "i32" },
  poll: { parameters: ["buffer", "u64", "i32"], result: "i32" },
  posix_fadvise: { parameters: ["i32", "i64", "i64", "i32"], result: "i32" },
  posix_fallocate: { parameters: ["i32", "i64", "i64"], result: "i32" },
  ppoll: { parameters: ["buffer", "u64", "buffer", "pointer"], result: "i32" },
  prctl: { parameters: ["i32", "u64"], result: "i32" },
  pread: { parameters: ["i32", "buffer", "usize", "i64"], result: "isize" },
  preadv: { parameters: ["i32", "pointer", "i32", "i64"], result: "i32" },
  pwritev: { parameters: ["i32", "pointer", "i32", "i64"], result: "i32" },
  read: { parameters: ["i32", "buffer", "usize"], result: "isize" },
  readlink: { parameters: ["buffer", "buffer", "usize"], result: "isize" },
  readlinkat: {
    parameters: ["i32", "buffer", "buffer", "usize"],
    result: "isize",
  },
  readv: { parameters: ["i32", "pointer", "i32"], result: "i32" },
  recv: { parameters: ["i32", "buffer", "usize", "i32"], result: "isize" },
  renameat: { parameters: ["i32", "buffer", "i32", "buffer"], result: "i32" },
  sched_yield: { parameters: [], result: "i32" },
  send: { parameters: ["i32", "buffer", "usize", "i32"], result: "isize" },
  setsockopt: {
    parameters: ["i32", "i32", "i32", "buffer", "u32"],
    result: "i32",
  },
  shutdown: { parameters: ["i32", "i32"], result: "i32" },
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  statx: {
    parameters: ["i32", "pointer", "i32", "u32", "pointer"],
    result: "i32",
  },
  symlinkat: { parameters: ["buffer", "i32", "buffer"], result: "i32" },
  syncfs: { parameters: ["i32"], result: "i32" },
  syscall: {
    parameters: ["i64", "i64", "buffer", "buffer", "usize"],
    result: "i64",
  },
  unlinkat: { parameters: ["i32", "buffer", "i32"], result: "i32" },
  utimensat: { parameters: ["i32", "buffer", "buffer", "i32"], result: "i32" },
  write: { parameters: ["i32", "buffer", "usize"], result: "isize" },
  writev: { parameters: ["i32", "pointer", "i32"], result: "i32" },
} as const;

/**
 * Opens a C library.
 *
 * @param name a file that the dynamic linker finds.
 * @throws {ReplrtError} when there is none (musl has another name) or it lacks a function.
 */
export function openLibrary(
  name: string,
): Deno.DynamicLibrary<typeof SYMBOLS>["symbols"] {
  try {
    return Deno.dlopen(name, SYMBOLS).symbols;
  } catch (error) {
    throw new ReplrtError(
      `cannot open the C library ${name}: ${(error as Error).message}`,
      "run it on a Linux with glibc 2.30 or later; Alpine and other systems with musl don't have it",
    );
  }
}

/** Opened once in each isolate. @throws {ReplrtError} at start, as {@linkcode openLibrary}. */
export const libc = openLibrary("libc.so.6");

/** The address of bytes that stay: the caller keeps them for as long as the address is in use. */
export function pointerTo(bytes: Uint8Array<ArrayBuffer>): Deno.PointerValue {
  return Deno.UnsafePointer.of(bytes);
}

/** `errno` of the last call of this thread that failed. */
export function lastErrno(): number {
  const location = libc.__errno_location() as Deno.PointerObject;
  return new Deno.UnsafePointerView(location).getInt32();
}

const encoder = new TextEncoder();

/** A C string of `text` or of bytes. */
export function cString(text: string | Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = typeof text === "string" ? encoder.encode(text) : text;
  const out = new Uint8Array(bytes.length + 1);
  out.set(bytes);
  return out;
}
