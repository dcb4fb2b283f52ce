import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { layout } from "../../bytes/layout.ts";
import { ReplrtError } from "../errors.ts";
import { linkTarget, look } from "../host/tree.ts";
import { hashFile } from "./contents.ts";
import type { Entry, Manifest, Steps } from "./types.ts";
import { type Found, vanished, walk } from "./walk.ts";

/** The head of an entry as the digest sees it; its path and its body follow, both unpadded. */
export const EntryHead = layout("ManifestEntry", 16, [
  [0, "u8", "type", "1 file, 2 directory, 3 symlink"],
  [2, "u16", "mode", "permission bits; 0 for a symlink"],
  [4, "u32", "pathSize", "bytes of the path"],
  [8, "u64", "bodySize", "file: bytes of content; symlink: bytes of target"],
]);

const TYPES = { file: 1, directory: 2, symlink: 3 } as const;

/**
 * The order of entries: by the bytes of their components, so that a directory comes right before what it holds.
 *
 * @returns below, at or above 0, as for `Array.sort`.
 */
export function comparePaths(a: string, b: string): number {
  return Buffer.compare(orderKey(a), orderKey(b));
}

function orderKey(path: string): Buffer {
  return Buffer.from(path.replaceAll("/", "\0"));
}

/**
 * Reads all of `dir`; hard links count as separate files.
 *
 * @throws {ReplrtError} naming the path: it cannot be read, changes meanwhile, has a name or link target that
 * is not UTF-8, or is neither file, directory nor symbolic link.
 */
export function* manifestOf(dir: string): Steps<Manifest> {
  const root = look(dir);
  if (root?.type !== "directory") {
    throw new ReplrtError(`cannot read ${dir}: it is not a directory`);
  }
  const entries: Entry[] = [];
  for (const found of walk(dir)) {
    const entry = describe(found);
    if (entry.type === "file" && found.look !== undefined) {
      const hash = yield* hashFile(found.full, found.look);
      entries.push({ ...entry, hash });
    } else {
      entries.push(entry);
      yield 0;
    }
  }
  return makeManifest(root.mode, entries);
}

/**
 * The entry of something found; a file's has no hash yet.
 *
 * @throws {ReplrtError} when it cannot be mirrored, see {@linkcode manifestOf}.
 */
export function describe(found: Found): Entry {
  const { path, full, look: here } = found;
  if (here === undefined) {
    throw cannotMirror(full, "its name is not UTF-8", "rename it");
  }
  const { mode, size } = here;
  switch (here.type) {
    case "file":
      return { type: "file", path, mode, size, hash: "" };
    case "directory":
      return { type: "directory", path, mode };
    case "symlink":
      return { type: "symlink", path, target: exactTarget(full) };
    case "other":
      throw cannotMirror(
        full,
        "it is a socket, a pipe or a device",
        "move it away",
      );
  }
}

function exactTarget(full: string): string {
  const target = linkTarget(full);
  if (target.text === "") throw vanished(full);
  if (target.exact) return target.text;
  throw cannotMirror(full, "the link's target is not UTF-8", "replace it");
}

function cannotMirror(full: string, why: string, action: string): ReplrtError {
  return new ReplrtError(
    `cannot mirror ${full}: ${why}`,
    `${action}, and start again`,
  );
}

/** A manifest of `entries`, which are in order. */
export function makeManifest(
  mode: number,
  entries: readonly Entry[],
): Manifest {
  let bytes = 0;
  for (const entry of entries) if (entry.type === "file") bytes += entry.size;
  return { mode, entries, bytes, digest: digestOf(entries) };
}

/** sha256, in hex, over each entry's {@linkcode EntryHead}, path, and hash (of a file) or target (of a link). */
export function digestOf(entries: readonly Entry[]): string {
  const hash = createHash("sha256");
  const head = new Uint8Array(EntryHead.size);
  const view = new DataView(head.buffer);
  for (const entry of entries) {
    const path = Buffer.from(entry.path);
    const body = bodyOf(entry);
    EntryHead.write(view, 0, {
      type: TYPES[entry.type],
      mode: entry.type === "symlink" ? 0 : entry.mode,
      pathSize: path.length,
      bodySize: entry.type === "file" ? entry.size : body.length,
    });
    hash.update(head).update(path).update(body);
  }
  return hash.digest("hex");
}

function bodyOf(entry: Entry): Buffer {
  if (entry.type === "directory") return Buffer.alloc(0);
  if (entry.type === "symlink") return Buffer.from(entry.target);
  return Buffer.from(entry.hash, "hex");
}
