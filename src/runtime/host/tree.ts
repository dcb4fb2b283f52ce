/**
 * The door to directory trees on disk: nothing here follows a symbolic link at the end of a path.
 *
 * Names and link targets are read as bytes (getdents64(2), readlink(2)), because Deno's own calls turn bytes
 * that are not UTF-8 into U+FFFD. Each function throws a `ReplrtError` "cannot …PATH: reason".
 *
 * @module
 */
import * as fs from "node:fs";
import { doing, systemCode } from "./failure.ts";
import { cString, libc } from "./libc.ts";
import { linux } from "./linux.ts";

const { O_RDONLY, O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = linux;
const { O_NONBLOCK, O_DIRECTORY, PATH_MAX } = linux;
const FICLONE = BigInt(linux.FICLONE);
const ENTRY_SIZE = linux["dirent64.d_reclen"];
const ENTRY_NAME = linux["dirent64.d_name"];

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const lossy = new TextDecoder("utf-8", { ignoreBOM: true });

/** Text that came as bytes: `text` is for display when it is not `exact`. */
export interface BytesText {
  readonly text: string;
  readonly exact: boolean;
}

/** What lstat(2) says, as far as it is mirrored. */
export interface Look {
  readonly type: "file" | "directory" | "symlink" | "other";
  /** `mode & 0o7777`. */
  readonly mode: number;
  readonly size: number;
  /** Changes whenever the file is written, replaced or has its mode changed. */
  readonly stamp: string;
}

/** What stands at `path`, or `undefined` when nothing does. */
export function look(path: string): Look | undefined {
  return doing(`look at ${path}`, () => {
    const stat = fs.lstatSync(path, { bigint: true, throwIfNoEntry: false });
    if (stat === undefined) return undefined;
    return {
      type: stat.isFile()
        ? "file"
        : stat.isDirectory()
        ? "directory"
        : stat.isSymbolicLink()
        ? "symlink"
        : "other",
      mode: Number(stat.mode) & 0o7777,
      size: Number(stat.size),
      stamp: `${stat.ino} ${stat.size} ${stat.mtimeNs} ${stat.ctimeNs}`,
    };
  });
}

/** The names in a directory, in the order of their bytes, without "." and "..". */
export function names(path: string): BytesText[] {
  return doing(`list ${path}`, () => {
    const fd = fs.openSync(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    try {
      return readNames(fd, path).sort(Buffer.compare).map(decode);
    } finally {
      fs.closeSync(fd);
    }
  });
}

/** The names of getdents64(2), each with a NUL, without "." and "..". */
function readNames(fd: number, path: string): Uint8Array[] {
  const found: Uint8Array[] = [];
  const buffer = new Uint8Array(1 << 16);
  const view = new DataView(buffer.buffer);
  while (true) {
    const size = Number(libc.getdents64(fd, buffer, BigInt(buffer.length)));
    if (size === 0) return found;
    // Only a broken device gets here: the descriptor is a directory's and the buffer is large enough.
    if (size < 0) throw Object.assign(new Error(path), { code: "EIO" });
    for (let at = 0; at < size; at += view.getUint16(at + ENTRY_SIZE, true)) {
      const start = at + ENTRY_NAME;
      const name = buffer.slice(start, buffer.indexOf(0, start));
      const dots = name.every((byte) => byte === 0x2e) && name.length <= 2;
      if (!dots) found.push(name);
    }
  }
}

/** Where the symbolic link at `path` points. */
export function linkTarget(path: string): BytesText {
  return doing(`read the link ${path}`, () => {
    const buffer = new Uint8Array(PATH_MAX);
    const size = Number(
      libc.readlink(cString(path), buffer, BigInt(PATH_MAX)),
    );
    if (size >= 0) return decode(buffer.subarray(0, size));
    fs.readlinkSync(path);
    throw Object.assign(new Error(path), { code: "EIO" });
  });
}

function decode(bytes: Uint8Array): BytesText {
  try {
    return { text: strict.decode(bytes), exact: true };
  } catch {
    return { text: lossy.decode(bytes), exact: false };
  }
}

/** The path with every link resolved, or `undefined` when it does not exist. */
export function realPath(path: string): string | undefined {
  try {
    return doing(`find ${path}`, () => Deno.realPathSync(path));
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

/** Whether a file system is mounted at `path`, which is a real path (proc_pid_mountinfo(5), fifth field). */
export function isMountPoint(path: string): boolean {
  const table = doing(
    "read /proc/self/mountinfo",
    () => Deno.readTextFileSync("/proc/self/mountinfo"),
  );
  const escaped = path.replace(
    /[ \t\n\\]/g,
    (c) => `\\${c.charCodeAt(0).toString(8).padStart(3, "0")}`,
  );
  return table.split("\n").some((row) => row.split(" ")[4] === escaped);
}

/** Opens a file for reading, hands its descriptor to `body`, and closes it. */
export function reading<T>(path: string, body: (fd: number) => T): T {
  return doing(`read ${path}`, () => {
    const fd = fs.openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    try {
      return body(fd);
    } finally {
      fs.closeSync(fd);
    }
  });
}

/** Reads from `offset` until `into` is full or the file ends, and gives the bytes read. */
export function readAt(fd: number, into: Uint8Array, offset: number): number {
  let done = 0;
  while (done < into.length) {
    const size = fs.readSync(
      fd,
      into,
      done,
      into.length - done,
      offset + done,
    );
    if (size === 0) break;
    done += size;
  }
  return done;
}

/** Makes an empty file of mode 0600 where nothing stands. */
export function makeFile(path: string): void {
  doing(`make ${path}`, () => {
    fs.closeSync(fs.openSync(path, O_WRONLY | O_CREAT | O_EXCL, 0o600));
  });
}

/** Writes all of `bytes` at `offset` of an existing file. */
export function writeAt(path: string, bytes: Uint8Array, offset: number): void {
  doing(`write ${path}`, () => {
    const fd = fs.openSync(path, O_WRONLY | O_NOFOLLOW);
    try {
      let done = 0;
      while (done < bytes.length) {
        const rest = bytes.length - done;
        done += fs.writeSync(fd, bytes, done, rest, offset + done);
      }
    } finally {
      fs.closeSync(fd);
    }
  });
}

/**
 * Lets the empty file `to` share the blocks of the file `from` (ioctl_ficlone(2)).
 *
 * @returns false, and `to` is still empty, where the file system cannot do it.
 */
export function cloneFile(from: string, to: string): boolean {
  return reading(from, (source) =>
    doing(`write ${to}`, () => {
      const target = fs.openSync(to, O_WRONLY | O_NOFOLLOW);
      try {
        return libc.ioctlOf(target, FICLONE, source) === 0;
      } finally {
        fs.closeSync(target);
      }
    }));
}

/** Makes a directory of mode 0700; its parent exists and its name is free. */
export function makeDirectory(path: string): void {
  doing(`make ${path}`, () => Deno.mkdirSync(path, { mode: 0o700 }));
}

/** Makes a directory of mode 0700 and, as the umask says, the parents it lacks. */
export function makeDirectories(path: string): void {
  const parent = path.slice(0, path.lastIndexOf("/"));
  doing(`make ${path}`, () => {
    if (parent !== "") Deno.mkdirSync(parent, { recursive: true });
    Deno.mkdirSync(path, { mode: 0o700 });
  });
}

/** Makes a symbolic link; `target` is kept as it is. */
export function makeLink(path: string, target: string): void {
  doing(`make the link ${path}`, () => Deno.symlinkSync(target, path));
}

/** Sets the mode of a file or directory that is ours. */
export function setMode(path: string, mode: number): void {
  doing(`set the mode of ${path}`, () => Deno.chmodSync(path, mode));
}

/** Renames as rename(2) does: an empty directory at `to` is replaced. */
export function move(from: string, to: string): void {
  doing(`move ${from} to ${to}`, () => Deno.renameSync(from, to));
}

/** Removes a file, a link, or an empty directory. */
export function remove(path: string): void {
  doing(`remove ${path}`, () => Deno.removeSync(path));
}

/** Removes everything at `path`, directories without write permission included; nothing there is fine. */
export function removeTree(path: string): void {
  if (look(path) === undefined) return;
  openUp(path);
  doing(`remove ${path}`, () => Deno.removeSync(path, { recursive: true }));
}

function openUp(path: string): void {
  const here = look(path);
  if (here?.type !== "directory") return;
  if ((here.mode & 0o700) !== 0o700) setMode(path, here.mode | 0o700);
  for (const name of names(path)) {
    if (name.exact) openUp(`${path}/${name.text}`);
  }
}
