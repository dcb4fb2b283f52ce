/** A node's state directory on disk. Private to the operator (0700): a log holds what the guest read. @module */
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import process from "node:process";
import { getSystemErrorName } from "node:util";
import { doing, systemCode } from "./failure.ts";
import { lastErrno, libc } from "./libc.ts";

/** Makes a directory and its parents where they are missing. @throws {ReplrtError} */
export function makeStateDir(path: string): void {
  doing(
    `make state directory ${path}`,
    () => mkdirSync(path, { recursive: true, mode: 0o700 }),
  );
}

/** Makes a new directory of this process among the system's temporary ones. @throws {ReplrtError} */
export function temporaryDir(prefix: string): string {
  return doing(
    "make a temporary state directory",
    () => mkdtempSync(`${tmpdir()}/${prefix}`),
  );
}

/** How long nobody must have made anything in a temporary directory before it counts as left behind, in ms. */
const LEFT_MS = 60_000;

/** The temporary directories with this prefix that nobody has made anything in lately; those of others are left out. */
export function oldTemporaryDirs(prefix: string): string[] {
  const dirs = readdirSync(tmpdir()).filter((name) => name.startsWith(prefix));
  return dirs.map((name) => `${tmpdir()}/${name}`).filter((path) => {
    const stat = statSync(path, { throwIfNoEntry: false });
    return stat !== undefined && stat.isDirectory() &&
      stat.uid === process.getuid?.() && Date.now() - stat.mtimeMs > LEFT_MS;
  });
}

/** A small file's text; undefined when there is none. @throws {ReplrtError} */
export function readText(path: string): string | undefined {
  return doing(`read ${path}`, () => {
    try {
      return readFileSync(path, "utf8");
    } catch (error) {
      if (systemCode(error) === "ENOENT") return undefined;
      throw error;
    }
  });
}

/** Writes a small file, whole or not at all. @throws {ReplrtError} */
export function writeText(path: string, text: string): void {
  doing(`write ${path}`, () => {
    writeFileSync(`${path}.new`, text, { mode: 0o600 });
    renameSync(`${path}.new`, path);
  });
}

/** Moves `names` out of `dir` to a sibling `DIR.<suffix>`, numbered if that is taken; gives the sibling. @throws {ReplrtError} */
export function moveTo(
  dir: string,
  suffix: string,
  names: readonly string[],
): string {
  return doing(`move the old state out of ${dir}`, () => {
    let to = `${dir}.${suffix}`;
    for (let n = 2; existsSync(to); n++) to = `${dir}.${suffix}.${n}`;
    mkdirSync(to, { mode: 0o700 });
    for (const name of names) {
      if (existsSync(`${dir}/${name}`)) {
        renameSync(`${dir}/${name}`, `${to}/${name}`);
      }
    }
    return to;
  });
}

/** Renames a file. @throws {ReplrtError} */
export function renameState(from: string, to: string): void {
  doing(`rename ${from} to ${to}`, () => renameSync(from, to));
}

/** Whether something is there. */
export function isThere(path: string): boolean {
  return existsSync(path);
}

/** Returns when all of the file system on which `path` is, a directory, is on the disk itself (syncfs(2)). @throws {ReplrtError} */
export function syncAll(path: string): void {
  doing(`write ${path} to its disk`, () => {
    const fd = openSync(path, "r");
    try {
      if (libc.syncfs(fd) === 0) return;
      const code = getSystemErrorName(-lastErrno());
      throw Object.assign(new Error(code), { code });
    } finally {
      closeSync(fd);
    }
  });
}

/** Removes a tree, if it is there. @throws {ReplrtError} */
export function removeState(path: string): void {
  doing(`remove ${path}`, () => rmSync(path, { recursive: true, force: true }));
}
