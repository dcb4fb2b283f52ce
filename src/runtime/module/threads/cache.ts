/** Rewritten modules, kept on disk. @module */
import { createHash } from "node:crypto";
import { readCached, writeCached } from "../../host/cache.ts";
import { rewriteThreads } from "./rewrite.ts";

/**
 * The version of what the rewriter makes.
 *
 * It must be raised with every change by which {@linkcode rewriteThreads} gives other bytes for any module: in this folder, in
 * the table of instructions, in `abi.ts`. What was kept under another version is not used again. A change by which a module counts
 * otherwise raises `PROTOCOL_VERSION` too: the schedule of a log follows from the counts.
 */
export const VERSION = 3;
/** Bytes of a SHA-256. */
const DIGEST_BYTES = 32;

/**
 * As {@linkcode rewriteThreads}, or what it gave before for this module.
 *
 * A file of the cache is the rewritten module and a SHA-256 of its own name and of the module, so that one that is damaged, cut
 * off or renamed is made again.
 *
 * @param hash of `bytes`: sha256, in hex.
 * @throws {Malformed}
 */
export function preparedThreads(
  bytes: Uint8Array,
  hash: string,
  fine: boolean,
): Uint8Array<ArrayBuffer> {
  const name = `${hash}-threads${VERSION}${fine ? "-fine" : ""}.wasm`;
  const kept = readCached(name);
  const module = kept && intact(name, kept);
  if (module) return module;
  const made = rewriteThreads(bytes, { fine });
  writeCached(name, [made, digest(name, made)]);
  return made;
}

/** The module in a file of the cache; undefined when the file is not what was written. */
function intact(
  name: string,
  file: Uint8Array<ArrayBuffer>,
): Uint8Array<ArrayBuffer> | undefined {
  const module = file.subarray(0, -DIGEST_BYTES);
  const expected = digest(name, module);
  return expected.equals(file.subarray(module.length)) ? module : undefined;
}

function digest(name: string, module: Uint8Array): Buffer {
  return createHash("sha256").update(name).update(module).digest();
}
