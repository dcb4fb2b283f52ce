import { createHash } from "node:crypto";
import { type Look, look, readAt, reading, writeAt } from "../host/tree.ts";
import type { Steps } from "./types.ts";
import { vanished } from "./walk.ts";

/** Bytes of one step. */
const SLICE = 1 << 22;

/** The hash of a file without content. */
export const EMPTY_HASH = createHash("sha256").digest("hex");

/**
 * The sha256 of a file's content, in hex.
 *
 * @param seen what `look` gave for the file when it was listed.
 * @param to also writes the content to this existing, empty file.
 * @throws {ReplrtError} when a file cannot be read or written, or `path` is changed meanwhile.
 */
export function* hashFile(
  path: string,
  seen: Look,
  to?: string,
): Steps<string> {
  const hash = createHash("sha256");
  const size = seen.size;
  const buffer = new Uint8Array(Math.min(SLICE, size));
  for (let offset = 0; offset < size;) {
    const read = reading(path, (fd) => readAt(fd, buffer, offset));
    const bytes = buffer.subarray(0, Math.min(read, size - offset));
    if (bytes.length === 0) throw vanished(path);
    hash.update(bytes);
    if (to !== undefined) writeAt(to, bytes, offset);
    offset += bytes.length;
    yield bytes.length;
  }
  if (look(path)?.stamp !== seen.stamp) throw vanished(path);
  return hash.digest("hex");
}
