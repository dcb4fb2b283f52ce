import { type Look, look, names } from "../host/tree.ts";
import { ReplrtError } from "../errors.ts";

/** One thing below the root of a walk. */
export interface Found {
  /** Relative to the root; for display only when `exact` is false. */
  readonly path: string;
  /** The root and `path`. */
  readonly full: string;
  /** False when a name in the path is not UTF-8; `look` is missing then. */
  readonly exact: boolean;
  readonly look?: Look;
}

/**
 * Everything below `root`, a directory before what it holds, siblings in the order of their bytes.
 *
 * Links are never followed. Special files and names that are not UTF-8 are given too: the caller decides.
 *
 * @throws {ReplrtError} when something cannot be read or vanishes during the walk.
 */
export function* walk(root: string): Generator<Found> {
  const open: Iterator<Found>[] = [children(root, root, "")];
  while (open.length > 0) {
    const next = (open.at(-1) as Iterator<Found>).next();
    if (next.done) {
      open.pop();
      continue;
    }
    const found = next.value;
    yield found;
    if (found.look?.type === "directory") {
      open.push(children(root, found.full, `${found.path}/`));
    }
  }
}

function* children(
  root: string,
  directory: string,
  prefix: string,
): Generator<Found> {
  for (const name of names(directory)) {
    const path = `${prefix}${name.text}`;
    const full = `${root}/${path}`;
    if (!name.exact) {
      yield { path, full, exact: false };
      continue;
    }
    const here = look(full);
    if (here === undefined) throw vanished(full);
    yield { path, full, exact: true, look: here };
  }
}

/** What is thrown when something that was listed is gone, or is not what it was. */
export function vanished(path: string): ReplrtError {
  return new ReplrtError(
    `cannot read ${path}: it changed while it was read`,
    "stop the other programs that write there, and start again",
  );
}
