/** The calls of a guest on a directory, by text; all that the guest sees of them is taken down. @module */
import { errnoName } from "../../src/wasi-intercept/errno.ts";
import { OLD_NS } from "../kit/snapshot.ts";
import { DIR, READ_ONLY, READ_WRITE, type Rig } from "./rig.ts";

const PATH = 60_000, PATH_2 = 61_000, OUT = 62_000, IOVS = 62_100;
const BUFFER = 4096, STAT = 62_200, TIMES = STAT + 40;

const DIRECTORY = 2;

/** Flags of `open`. */
export interface Opening {
  readonly dir?: number;
  /** Preview1 `oflags`: 1 creat, 2 directory, 4 excl, 8 trunc. */
  readonly oflags?: number;
  readonly fdflags?: number;
  readonly follow?: number;
}

/** One entry of a directory, as a guest gets it. */
export interface Listed {
  readonly name: string;
  readonly ino: bigint;
  readonly type: number;
  readonly next: bigint;
}

/** A guest; `dir` is its directory's descriptor wherever none is given. */
export class Caller {
  readonly rig: Rig;
  /** Every call with its errno, and what came with it. */
  readonly seen: string[] = [];
  /** Called after each call. */
  readonly #after: () => void;

  constructor(rig: Rig, after: () => void = () => {}) {
    this.rig = rig;
    this.#after = after;
  }

  /** Makes a call; its errno's name. */
  call(name: string, ...args: (number | bigint)[]): string {
    const errno = errnoName(this.rig.call[name]!(...args));
    this.seen.push(`${name}(${args.join(", ")}) = ${errno}`);
    this.#after();
    return errno;
  }

  /** A call that takes a directory and a path alone. */
  at(name: string, path: string, dir = DIR): string {
    return this.call(name, dir, PATH, this.rig.poke(PATH, path));
  }

  /** Opens for reading and writing, a directory for reading; gives the descriptor, or -1. */
  open(path: string, how: Opening = {}): number {
    const { dir = DIR, oflags = 0, fdflags = 0, follow = 1 } = how;
    const rights = oflags & DIRECTORY ? READ_ONLY : READ_WRITE;
    const n = this.rig.poke(PATH, path);
    const errno = this.call(
      "path_open",
      ...[dir, follow, PATH, n, oflags, rights, READ_WRITE, fdflags, OUT],
    );
    return errno === "success" ? this.rig.u32(OUT) : -1;
  }

  write(fd: number, text: string): string {
    return this.call("fd_write", fd, IOVS, this.#text(text), OUT);
  }

  pwrite(fd: number, text: string, at: bigint): string {
    return this.call("fd_pwrite", fd, IOVS, this.#text(text), at, OUT);
  }

  /** Puts a text into two iovecs; their count. */
  #text(text: string): number {
    const n = this.rig.poke(BUFFER, text);
    return this.rig.iovecs(IOVS, [BUFFER, 1], [BUFFER + 1, n - 1]);
  }

  read(fd: number, size = 100): string {
    this.rig.iovecs(IOVS, [BUFFER, size]);
    return this.#got(this.call("fd_read", fd, IOVS, 1, OUT));
  }

  pread(fd: number, at: bigint, size = 100): string {
    this.rig.iovecs(IOVS, [BUFFER, size]);
    return this.#got(this.call("fd_pread", fd, IOVS, 1, at, OUT));
  }

  #got(errno: string): string {
    if (errno !== "success") return errno;
    const text = this.rig.text(BUFFER, this.rig.u32(OUT));
    this.seen.push(`  ${JSON.stringify(text)}`);
    return text;
  }

  /** Moves the offset; whence 0 set, 1 current, 2 end. Gives it, or the errno. */
  seek(fd: number, by: bigint, whence: number): string {
    return this.#at(this.call("fd_seek", fd, by, whence, OUT));
  }

  /** A file's offset, or the errno. */
  tell(fd: number): string {
    return this.#at(this.call("fd_tell", fd, OUT));
  }

  #at(errno: string): string {
    if (errno !== "success") return errno;
    const offset = `${this.rig.kernel.memory.u64(OUT)}`;
    this.seen.push(`  at ${offset}`);
    return offset;
  }

  rename(path: string, to: string, dir = DIR, toDir = dir): string {
    return this.call("path_rename", dir, ...this.#two(path, toDir, to));
  }

  link(path: string, to: string, dir = DIR, toDir = dir): string {
    return this.call("path_link", dir, 0, ...this.#two(path, toDir, to));
  }

  #two(path: string, dir: number, to: string): number[] {
    const n = this.rig.poke(PATH, path), m = this.rig.poke(PATH_2, to);
    return [PATH, n, dir, PATH_2, m];
  }

  symlink(target: string, path: string): string {
    return this.call("path_symlink", ...this.#two(target, DIR, path));
  }

  readlink(path: string): string {
    const n = this.rig.poke(PATH, path);
    const args = [DIR, PATH, n, BUFFER, 100, OUT];
    return this.#got(this.call("path_readlink", ...args));
  }

  /** Sets both times of a path, in ns. */
  setTimes(path: string, ns: bigint): string {
    const n = this.rig.poke(PATH, path);
    const args = [DIR, 0, PATH, n, ns, ns, 5];
    return this.call("path_filestat_set_times", ...args);
  }

  stat(path: string, dir = DIR): bigint {
    const n = this.rig.poke(PATH, path);
    return this.#stat(this.call("path_filestat_get", dir, 0, PATH, n, STAT));
  }

  fstat(fd: number): bigint {
    return this.#stat(this.call("fd_filestat_get", fd, STAT));
  }

  /** The inode; times, which differ from run to run, are wiped unless they lie in the past. */
  #stat(errno: string): bigint {
    if (errno !== "success") return -1n;
    const { memory } = this.rig.kernel;
    const [ino, type, nlink, size, mtim] = [8, 16, 24, 32, 48]
      .map((at) => memory.u64(STAT + at)) as bigint[];
    memory.write(TIMES, new Uint8Array(24));
    const old = mtim! < OLD_NS ? ` mtim ${mtim}` : "";
    this.seen.push(`  ino ${ino} type ${type} ${nlink} links ${size}${old}`);
    return ino!;
  }

  /** A page of a directory's entries from `cookie` on, as many as fit in `size` bytes. */
  list(fd: number, cookie = 0n, size = 4000): Listed[] {
    const errno = this.call("fd_readdir", fd, BUFFER, size, cookie, OUT);
    const entries: Listed[] = [];
    if (errno !== "success") return entries;
    const { memory } = this.rig.kernel;
    const end = BUFFER + this.rig.u32(OUT);
    for (let at = BUFFER; at + 24 <= end;) {
      const length = memory.u32(at + 16);
      if (at + 24 + length > end) break;
      const name = this.rig.text(at + 24, length);
      const [next, ino] = [memory.u64(at), memory.u64(at + 8)];
      const type = this.rig.memory[at + 20]!;
      entries.push({ name, ino, type, next });
      this.seen.push(`  ${next} ${name} ino ${ino} type ${type}`);
      at += 24 + length;
    }
    return entries;
  }
}
