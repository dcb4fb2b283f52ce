import {
  cloneFile,
  type Look,
  look,
  makeDirectory,
  makeFile,
  makeLink,
  setMode,
} from "../host/tree.ts";
import { hashFile } from "./contents.ts";
import { describe, makeManifest } from "./manifest.ts";
import type { Entry, Manifest, Steps } from "./types.ts";
import { vanished, walk } from "./walk.ts";

/**
 * Copies what is in `from` into the empty directory `to`: modes kept, links as links, hard links as files of
 * their own, blocks shared where the file system can. The modes of `to` and its directories are left to
 * `closeDirectories`.
 *
 * @returns the manifest of the copy.
 * @throws {ReplrtError} when something cannot be mirrored (see `manifestOf`), changes meanwhile, or cannot be written.
 */
export function* copyTree(
  from: string,
  to: string,
  mode: number,
): Steps<Manifest> {
  const entries: Entry[] = [];
  for (const found of walk(from)) {
    const entry = describe(found);
    const target = `${to}/${entry.path}`;
    if (entry.type === "file" && found.look !== undefined) {
      const hash = yield* copyFile(found.full, found.look, target);
      entries.push({ ...entry, hash });
      continue;
    }
    if (entry.type === "directory") makeDirectory(target);
    if (entry.type === "symlink") makeLink(target, entry.target);
    entries.push(entry);
    yield 0;
  }
  return makeManifest(mode, entries);
}

function* copyFile(from: string, seen: Look, to: string): Steps<string> {
  makeFile(to);
  const clone = cloneFile(from, to) ? look(to) : undefined;
  const hash = clone === undefined
    ? yield* hashFile(from, seen, to)
    : yield* hashFile(to, clone);
  if (look(from)?.stamp !== seen.stamp) throw vanished(from);
  setMode(to, seen.mode);
  return hash;
}

/** Gives the directories below `root` their modes, the inner ones first. */
export function closeDirectories(root: string, entries: readonly Entry[]) {
  for (const entry of entries.toReversed()) {
    if (entry.type === "directory") {
      setMode(`${root}/${entry.path}`, entry.mode);
    }
  }
}
