import { ReplrtError } from "../errors.ts";
import { EMPTY_HASH } from "./contents.ts";
import { comparePaths, makeManifest } from "./manifest.ts";
import type { Entry, Manifest } from "./types.ts";

/**
 * Takes a manifest from another node: nothing in it is believed before it is checked, so that no path leaves
 * the directory or passes through a link.
 *
 * @throws {ReplrtError} naming the first entry that is wrong, or the digest.
 */
export function checkManifest(value: unknown): Manifest {
  const given = fields(value);
  const { entries, mode } = given;
  if (!Array.isArray(entries) || !isMode(mode)) {
    throw refused("it has no entries or no mode");
  }
  const directories = new Set<string>([""]);
  const checked: Entry[] = [];
  let last = "";
  for (const item of entries) {
    const entry = toEntry(fields(item));
    if (last !== "" && comparePaths(last, entry.path) >= 0) {
      throw refused(`${JSON.stringify(entry.path)} is out of order`);
    }
    last = entry.path;
    const parent = last.slice(0, Math.max(0, last.lastIndexOf("/")));
    if (!directories.has(parent)) {
      throw refused(`${JSON.stringify(last)} is in no directory`);
    }
    if (entry.type === "directory") directories.add(last);
    checked.push(entry);
  }
  const manifest = makeManifest(mode, checked);
  if (!Number.isSafeInteger(manifest.bytes)) throw refused("it is too large");
  if (given.bytes !== manifest.bytes || given.digest !== manifest.digest) {
    throw refused("its digest does not fit its entries");
  }
  return manifest;
}

/**
 * Takes a run id, which becomes part of file names, from another node.
 *
 * @throws {ReplrtError} unless it is 1 to 64 letters, digits, "-" and "_".
 */
export function checkRun(run: string): void {
  if (/^[A-Za-z0-9_-]{1,64}$/.test(run)) return;
  throw new ReplrtError(
    `cannot join the run ${JSON.stringify(run)}: that is no run id`,
    "run the same version of replrt on both nodes",
  );
}

function toEntry(item: Record<string, unknown>): Entry {
  const { type, path, mode, size, hash, target } = item;
  if (!isPath(path)) {
    throw refused(`${JSON.stringify(path) ?? path} is no path`);
  }
  if (type === "directory" && isMode(mode)) return { type, path, mode };
  if (type === "symlink" && isText(target)) return { type, path, target };
  if (type === "file" && isMode(mode) && isSize(size) && isHash(hash)) {
    if ((size === 0) === (hash === EMPTY_HASH)) {
      return { type, path, mode, size, hash };
    }
  }
  throw refused(`the entry of ${JSON.stringify(path)} is malformed`);
}

function fields(value: unknown): Record<string, unknown> {
  if (typeof value === "object" && value !== null) {
    return value as Record<string, unknown>;
  }
  throw refused("it is malformed");
}

function isPath(value: unknown): value is string {
  return isText(value) &&
    value.split("/").every((name) => !["", ".", ".."].includes(name));
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "" && !value.includes("\0") &&
    value.isWellFormed();
}

function isMode(value: unknown): value is number {
  return isSize(value) && value <= 0o7777;
}

function isSize(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isHash(value: unknown): value is string {
  return typeof value === "string" && /^[0-9a-f]{64}$/.test(value);
}

function refused(why: string): ReplrtError {
  return new ReplrtError(
    `cannot take the manifest from the other node: ${why}`,
    "run the same version of replrt on both nodes",
  );
}
