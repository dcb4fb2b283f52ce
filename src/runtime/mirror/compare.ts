import { linkTarget, look } from "../host/tree.ts";
import { hashFile } from "./contents.ts";
import type { Comparison, Entry, Manifest, Steps } from "./types.ts";
import { type Found, walk } from "./walk.ts";

/**
 * Compares what is in `dir` with `manifest`; changes nothing.
 *
 * Contents are read only where type and size are equal. Special files and names that are not UTF-8 are
 * things that would go. A missing directory is empty, even where the manifest has no entries.
 *
 * @throws {ReplrtError} when something in `dir` cannot be read or changes meanwhile.
 */
export function* compareDirectory(
  dir: string,
  manifest: Manifest,
): Steps<Comparison> {
  if (look(dir) === undefined) return { kind: "empty" };
  const missing = new Map(manifest.entries.map((e) => [e.path, e]));
  let seen = 0;
  let count = 0;
  let bytes = 0;
  let first: string | undefined;
  for (const found of walk(dir)) {
    seen += 1;
    const wanted = found.exact ? missing.get(found.path) : undefined;
    if (found.exact) missing.delete(found.path);
    const lost = yield* lostBytes(found, wanted);
    if (lost === undefined) continue;
    count += 1;
    bytes += lost;
    first ??= found.path;
  }
  if (seen === 0 && manifest.entries.length > 0) return { kind: "empty" };
  for (const path of missing.keys()) first ??= path;
  count += missing.size;
  return first === undefined
    ? { kind: "equal" }
    : { kind: "differs", count, bytes, first };
}

/** `undefined` when `found` is as wanted; else the bytes of content that would change or go. */
function* lostBytes(
  found: Found,
  wanted: Entry | undefined,
): Steps<number | undefined> {
  yield 0;
  const here = found.look;
  const size = here?.type === "file" ? here.size : 0;
  if (here === undefined || wanted?.type !== here.type) return size;
  if (wanted.type === "symlink") {
    const target = linkTarget(found.full);
    return target.exact && target.text === wanted.target ? undefined : 0;
  }
  if (wanted.type === "file") {
    if (wanted.size !== size) return size;
    if (wanted.hash !== (yield* hashFile(found.full, here))) return size;
  }
  return wanted.mode === here.mode ? undefined : 0;
}
