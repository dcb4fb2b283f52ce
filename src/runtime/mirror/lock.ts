import { dirname, resolve } from "node:path";
import { ReplrtError } from "../errors.ts";
import {
  type HeldLock,
  inodeOf,
  machineId,
  releaseLock,
  tryLock,
} from "../host/lock.ts";
import { makeDirectories, realPath } from "../host/tree.ts";
import { settle } from "./workspace.ts";

/** A mirrored directory that is this process's alone until it ends, or until `release`. */
export class DirectoryLock {
  #held: HeldLock | undefined;

  constructor(
    /** The real path: absolute, without links. Everything else in this folder works on it. */
    readonly path: string,
    /** True when the directory was missing and has been made, mode 0700. */
    readonly made: boolean,
    held: HeldLock,
  ) {
    this.#held = held;
  }

  /**
   * Names the directory in the handshake: "machine:device:inode".
   *
   * Two nodes with the same one share the directory. Filling and setting aside change it.
   */
  get identity(): string {
    return `${machineId()}:${this.#held?.inode ?? inodeOf(this.path)}`;
  }

  /** Goes over to the lock of the directory that now stands at `path`. */
  adopt(held: HeldLock): void {
    this.release();
    this.#held = held;
  }

  /** Gives the lock back; again does nothing. */
  release(): void {
    if (this.#held !== undefined) releaseLock(this.#held);
    this.#held = undefined;
  }
}

/**
 * Locks the directory `dir` and clears away what an interrupted filling has left in it or beside it.
 *
 * @param missing what happens when `dir` does not exist: a primary refuses, a joiner makes it.
 * @throws {ReplrtError} when it is missing and refused, is no directory, cannot be read, or is locked.
 */
export function lockDirectory(
  dir: string,
  missing: "refuse" | "make",
): DirectoryLock {
  const found = realPath(dir);
  if (found === undefined) {
    if (missing === "refuse") {
      throw new ReplrtError(
        `cannot use ${dir}: it does not exist`,
        `make it: mkdir -p ${dir}`,
      );
    }
    makeDirectories(resolve(dir));
  }
  const path = found ?? realPath(dir) ?? resolve(dir);
  const held = tryLock(path);
  if (held === undefined) {
    throw new ReplrtError(
      `cannot use ${dir}: another process on this machine has it as a mirrored directory`,
      "give each node a directory of its own",
    );
  }
  try {
    settle(path);
  } catch (error) {
    releaseLock(held);
    throw error;
  }
  return new DirectoryLock(path, found === undefined, held);
}

/**
 * Refuses a guest's directories that are the same or one inside the other, and a state directory that is
 * one of them, inside one, or around one. Links and bind mounts are seen through; what is missing is fine.
 *
 * @throws {ReplrtError} naming both directories as they were given.
 */
export function refuseOverlap(dirs: readonly string[], stateDir?: string) {
  const next = "give each a directory of its own, none inside another";
  dirs.forEach((one, index) => {
    for (const other of dirs.slice(index + 1)) {
      const how = overlap(one, other);
      if (how === undefined) continue;
      throw new ReplrtError(
        `cannot use ${one} and ${other}: ${how}`,
        next,
      );
    }
    const how = stateDir === undefined ? undefined : overlap(one, stateDir);
    if (how === undefined) return;
    throw new ReplrtError(
      `cannot use ${one} and keep state in ${stateDir}: ${how}`,
      `${next}: --state-dir DIR`,
    );
  });
}

function overlap(one: string, other: string): string | undefined {
  const a = lineage(one);
  const b = lineage(other);
  if (a[0] === b[0]) return "they are the same directory";
  if (b.includes(a[0] as string)) return `${other} is inside ${one}`;
  if (a.includes(b[0] as string)) return `${one} is inside ${other}`;
  return undefined;
}

/** Names of `dir` and its ancestors, from itself up: the inode where it exists, else the path. */
function lineage(dir: string): string[] {
  const start = realPath(dir);
  if (start === undefined) {
    const absolute = resolve(dir);
    const above = lineage(dirname(absolute));
    return [
      `${above[0]}/${absolute.slice(dirname(absolute).length)}`,
      ...above,
    ];
  }
  const names: string[] = [];
  for (let path = start;; path = dirname(path)) {
    names.push(inodeOf(path));
    if (path === dirname(path)) return names;
  }
}
