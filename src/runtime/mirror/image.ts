import { dirname } from "node:path";
import { ReplrtError } from "../errors.ts";
import {
  look,
  makeDirectories,
  makeDirectory,
  move,
  readAt,
  reading,
  removeTree,
  setMode,
} from "../host/tree.ts";
import { closeDirectories, copyTree } from "./copy.ts";
import { manifestOf } from "./manifest.ts";
import type { FileEntry, Manifest, Steps } from "./types.ts";
import { vanished } from "./walk.ts";

/** The most bytes that one chunk has. */
export const MAX_CHUNK = 1 << 20;

/** A mirrored directory as it was before the guest's first call. */
export class Image {
  readonly #files: ReadonlyMap<string, FileEntry>;

  constructor(readonly path: string, readonly manifest: Manifest) {
    this.#files = new Map(
      manifest.entries.flatMap((e) => e.type === "file" ? [[e.path, e]] : []),
    );
  }

  /**
   * Bytes of a file from `offset`: at most `max` of them, fewer only where the file ends.
   *
   * @throws {ReplrtError} when the manifest has no such file, `offset` is not inside it, `max` is not within
   * 1 and {@linkcode MAX_CHUNK}, or the image was changed or cannot be read.
   */
  chunk(path: string, offset: number, max: number): Uint8Array {
    const size = this.#files.get(path)?.size;
    const where = `${JSON.stringify(path)} at ${offset}`;
    if (size === undefined) {
      throw new ReplrtError(
        `cannot read ${where}: the image has no such file`,
      );
    }
    if (!isIndex(offset, size) || !isIndex(max - 1, MAX_CHUNK)) {
      throw new ReplrtError(
        `cannot read ${where}: ${max} bytes from there are not in its ${size} bytes`,
      );
    }
    const full = `${this.path}/${path}`;
    const bytes = new Uint8Array(Math.min(max, size - offset));
    const read = reading(full, (fd) => readAt(fd, bytes, offset));
    if (read < bytes.length) throw vanished(full);
    return bytes;
  }
}

function isIndex(value: number, length: number): boolean {
  return Number.isSafeInteger(value) && value >= 0 && value < length;
}

/**
 * Copies `dir` to `path`, which must not exist; parents are made. The caller holds the lock of `dir`.
 *
 * The copy is made beside its place and renamed, so that an image is whole or not there.
 *
 * @throws {ReplrtError} when `path` exists, or `dir` cannot be mirrored or copied; nothing is left behind.
 */
export function* takeImage(dir: string, path: string): Steps<Image> {
  const root = look(dir);
  if (root?.type !== "directory") {
    throw new ReplrtError(`cannot copy ${dir}: it is not a directory`);
  }
  if (look(path) !== undefined) {
    throw new ReplrtError(
      `cannot make the image ${path}: it exists already`,
      "use another --state-dir",
    );
  }
  const making = `${path}.making`;
  if (look(dirname(path)) === undefined) makeDirectories(dirname(path));
  removeTree(making);
  let whole = false;
  try {
    makeDirectory(making);
    const manifest = yield* copyTree(dir, making, root.mode);
    closeDirectories(making, manifest.entries);
    setMode(making, root.mode);
    move(making, path);
    whole = true;
    return new Image(path, manifest);
  } finally {
    if (!whole) removeTree(making);
  }
}

/** Opens an image that an earlier process has made, and reads all of it. */
export function* openImage(path: string): Steps<Image> {
  return new Image(path, yield* manifestOf(path));
}
