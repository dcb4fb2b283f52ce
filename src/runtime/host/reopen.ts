import { FileType } from "../../wasi-intercept/descriptors.ts";
import { Errno } from "../../wasi-intercept/errno.ts";
import type { FileId } from "../../wasi-intercept/host.ts";
import { libc } from "./libc.ts";
import { O, openBeneath } from "./path.ts";
import { entriesOf, statOf } from "./stat.ts";

/**
 * Opens the file or directory that `file` names, beneath `root`: at `path`, else wherever it is now.
 *
 * Gives a handle; `-Errno.stale` when nothing beneath is that file any more.
 */
export function reopenBeneath(
  root: number,
  path: Uint8Array,
  file: FileId,
  flags: number,
): number {
  const handle = openAs(root, path, file, flags);
  return handle >= 0 ? handle : search(root, file, flags);
}

/** Nodes may differ in whether they are told when a file was made. */
function isSame(stat: FileId, { ino, born }: FileId): boolean {
  const told = stat.born !== 0n && born !== 0n;
  return stat.ino === ino && (!told || stat.born === born);
}

/** Opens `path` if it leads to `file`. */
function openAs(
  dir: number,
  path: Uint8Array,
  file: FileId,
  flags: number,
): number {
  const handle = openBeneath(dir, path, flags);
  if (handle < 0) return handle;
  const stat = statOf(handle);
  if (typeof stat !== "number" && isSame(stat, file)) return handle;
  libc.close(handle);
  return -Errno.stale;
}

const DOT = 0x2e, SLASH = 0x2f;

function isDots(name: Uint8Array): boolean {
  return name.length <= 2 && name.every((byte) => byte === DOT);
}

/** Looks for `file` in `root` and all below it that a path can name, a directory at a time: a tree may be deeper than a stack. */
function search(root: number, file: FileId, flags: number): number {
  const directories = [new Uint8Array([DOT])];
  for (const path of directories) {
    const list = O.RDONLY | O.DIRECTORY | O.NOFOLLOW;
    const dir = openBeneath(root, path, list);
    if (dir < 0) continue;
    const found = searchIn(dir, path, file, flags, directories);
    libc.close(dir);
    if (found >= 0) return found;
  }
  return -Errno.stale;
}

/** Looks for `file` in one directory, and adds those below it to `directories`. */
function searchIn(
  dir: number,
  path: Uint8Array,
  file: FileId,
  flags: number,
  directories: Uint8Array[],
): number {
  const entries = entriesOf(dir);
  if (typeof entries === "number") return entries;
  for (const { name, ino: its, filetype } of entries) {
    if (isDots(name)) continue;
    const found = its === file.ino
      ? openAs(dir, name, file, flags)
      : -Errno.stale;
    if (found >= 0) return found;
    // Some file systems don't say what is a directory.
    if (filetype === FileType.directory || filetype === FileType.unknown) {
      directories.push(new Uint8Array([...path, SLASH, ...name]));
    }
  }
  return -Errno.stale;
}
