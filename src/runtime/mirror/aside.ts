import { dirname } from "node:path";
import { systemFailure } from "../host/failure.ts";
import { tryLock } from "../host/lock.ts";
import { look, makeDirectory, move, setMode } from "../host/tree.ts";
import { ReplrtError } from "../errors.ts";
import { checkRun } from "./check.ts";
import type { DirectoryLock } from "./lock.ts";

/**
 * Moves the directory to DIR.before-RUN (where that is taken: `.2`, `.3`, …) and makes an empty one in its place,
 * with the same mode. Nothing is deleted. The lock goes over to the new directory.
 *
 * @returns where the old content is now.
 * @throws {ReplrtError} when the directory cannot be renamed (a mount point, the parent's permissions); it is as it was.
 */
export function setAside(lock: DirectoryLock, run: string): string {
  checkRun(run);
  const { path } = lock;
  const mode = look(path)?.mode ?? 0o700;
  const aside = freeName(`${path}.before-${run}`);
  try {
    move(path, aside);
  } catch (error) {
    if (!(error instanceof ReplrtError && error.cause)) throw error;
    throw systemFailure(
      `set ${path} aside as ${aside}`,
      error.cause,
      `give this user write permission on ${
        dirname(path)
      }, or, where ${path} is a mount point, ` +
        `move what is in it to another place by hand, and start again`,
    );
  }
  makeDirectory(path);
  setMode(path, mode);
  const held = tryLock(path);
  if (held === undefined) {
    throw new ReplrtError(
      `cannot use ${path}: another process on this machine has taken it; the old content is in ${aside}`,
      "give each node a directory of its own",
    );
  }
  lock.adopt(held);
  return aside;
}

function freeName(wish: string): string {
  let name = wish;
  for (let n = 2; look(name) !== undefined; n++) name = `${wish}.${n}`;
  return name;
}
