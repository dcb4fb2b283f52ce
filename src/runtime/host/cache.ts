/**
 * Files that can be made again, in `$XDG_CACHE_HOME/replrt` or else `$HOME/.cache/replrt` (XDG Base Directory Specification).
 *
 * Private to the operator: files are 0600, directories that are made 0700. Any of them may vanish or be damaged at any
 * time, and whatever keeps a file from being read or written only means that it is not there.
 *
 * @module
 */
import * as fs from "node:fs";
import process from "node:process";
import { systemCode } from "./failure.ts";

/** How many files stay: the last used. */
const KEPT = 16;

/** The contents of a file, which counts as used now; undefined when it cannot be read. */
export function readCached(name: string): Uint8Array<ArrayBuffer> | undefined {
  return trying((dir) => {
    const path = `${dir}/${name}`;
    const bytes = Deno.readFileSync(path);
    trying(() => fs.utimesSync(path, new Date(), new Date()));
    return bytes;
  });
}

/** Writes a file of these parts, whole or not at all, and removes those that were not used for the longest time. */
export function writeCached(name: string, parts: readonly Uint8Array[]): void {
  trying((dir) => {
    fs.mkdirSync(dir, { recursive: true, mode: 0o700 });
    const made = `${dir}/${name}.${crypto.randomUUID()}`;
    try {
      for (const part of parts) {
        fs.writeFileSync(made, part, { flag: "a", mode: 0o600 });
      }
      fs.renameSync(made, `${dir}/${name}`);
    } catch (error) {
      fs.rmSync(made, { force: true });
      throw error;
    }
    removeOld(dir);
  });
}

function removeOld(dir: string): void {
  const found = fs.readdirSync(dir).map((name) => {
    const path = `${dir}/${name}`;
    return { path, used: fs.statSync(path).mtimeMs };
  });
  found.sort((a, b) => b.used - a.used);
  for (const { path } of found.slice(KEPT)) fs.rmSync(path, { force: true });
}

/** Runs `body` with the cache's directory; undefined when there is none, or the system refuses something. */
function trying<T>(body: (dir: string) => T): T | undefined {
  const dir = cacheDir();
  if (dir === undefined) return undefined;
  try {
    return body(dir);
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return undefined;
  }
}

/** Paths that are not absolute are to be ignored. */
function cacheDir(): string | undefined {
  const { XDG_CACHE_HOME: cache, HOME: home } = process.env;
  if (cache?.startsWith("/")) return `${cache}/replrt`;
  return home?.startsWith("/") ? `${home}/.cache/replrt` : undefined;
}
