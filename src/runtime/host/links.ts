/** Second names beneath a directory: hard and symbolic links. @module */
import { Errno } from "../../wasi-intercept/errno.ts";
import { result } from "./errno.ts";
import { cString, libc } from "./libc.ts";
import { linux } from "./linux.ts";
import { atParent, O, openBeneath } from "./path.ts";

const SLASH = 0x2f;

/** Gives the file at `path` another name; with `follow` a symbolic link at `path` stands for its target. Errors as `atParent` for both. */
export function linkAt(
  from: number,
  path: Uint8Array,
  follow: boolean,
  to: number,
  newPath: Uint8Array,
): number {
  if (follow || path.at(-1) === SLASH) {
    return linkTarget(from, path, to, newPath);
  }
  return atParent(
    from,
    path,
    (parent, name) =>
      atParent(
        to,
        newPath,
        (newParent, newName) =>
          result(libc.linkat(parent, name, newParent, newName, 0)),
      ),
  );
}

/** Links what a walk beneath `from` ends at: the kernel would follow the last link to anywhere. */
function linkTarget(
  from: number,
  path: Uint8Array,
  to: number,
  newPath: Uint8Array,
): number {
  const handle = openBeneath(from, path, O.PATH);
  if (handle < 0) return handle;
  const own = cString(`/proc/self/fd/${handle}`);
  const { AT_FDCWD, AT_SYMLINK_FOLLOW } = linux;
  const done = atParent(
    to,
    newPath,
    (parent, name) =>
      result(libc.linkat(AT_FDCWD, own, parent, name, AT_SYMLINK_FOLLOW)),
  );
  libc.close(handle);
  return done;
}

/** Makes a symbolic link at `path` that says `target`. Errors as `atParent`; `notcapable` for an absolute target, `ilseq` for a NUL in it. */
export function symlinkAt(
  target: Uint8Array,
  dir: number,
  path: Uint8Array,
): number {
  if (target.includes(0)) return -Errno.ilseq;
  if (target[0] === SLASH) return -Errno.notcapable;
  const text = cString(target);
  return atParent(
    dir,
    path,
    (parent, name) => result(libc.symlinkat(text, parent, name)),
  );
}

const EMPTY = cString("");

/** What the symbolic link at `path` says, at most `PATH_MAX` bytes. Errors as `openBeneath`; `inval` for what is no link. */
export function readlinkAt(
  dir: number,
  path: Uint8Array,
): Uint8Array<ArrayBuffer> | number {
  const handle = openBeneath(dir, path, O.PATH | O.NOFOLLOW);
  if (handle < 0) return handle;
  const target = new Uint8Array(linux.PATH_MAX);
  const size = BigInt(target.length);
  const n = result(libc.readlinkat(handle, EMPTY, target, size));
  libc.close(handle);
  if (n === -Errno.noent) return -Errno.inval;
  return n < 0 ? n : target.subarray(0, n);
}
