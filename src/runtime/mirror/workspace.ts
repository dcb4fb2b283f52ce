/**
 * The place where a directory is built before it takes its own.
 *
 * DIR.joining-RUN, beside DIR, is the rule: one rename puts the tree in place. DIR/.replrt-joining-RUN is used
 * where DIR cannot be renamed over: it is a mount point, or its parent cannot be written. A workspace holds
 * `tree` and a marker, and nothing else; a directory with such a name and other contents is somebody else's.
 * An empty one is a left-over too. Whoever holds the lock of DIR may take every workspace of DIR for a left-over.
 *
 * @module
 */
import { basename, dirname } from "node:path";
import { ReplrtError } from "../errors.ts";
import { checkRun } from "./check.ts";
import { systemCode } from "../host/failure.ts";
import {
  isMountPoint,
  look,
  makeDirectory,
  makeFile,
  move,
  names,
  remove,
  removeTree,
  setMode,
} from "../host/tree.ts";

const FILLING = "replrt-filling";
/** The tree is whole and checked, and its entries are on their way into DIR. */
const PLACING = "replrt-placing";
const INSIDE = ".replrt-joining-";
const BESIDE = ".joining-";

/** A workspace that this process has made. */
export interface Workspace {
  readonly path: string;
  /** The new content of DIR. */
  readonly tree: string;
  readonly inside: boolean;
}

/**
 * Makes a workspace for `dir`, with an empty tree.
 *
 * @throws {ReplrtError} when it can be made neither beside nor inside `dir`.
 */
export function openWorkspace(dir: string, run: string): Workspace {
  checkRun(run);
  settle(dir);
  const path = isMountPoint(dir) ? undefined : makeBeside(dir, run);
  if (path !== undefined) return furnish(path, false);
  const inside = `${dir}/${INSIDE}${run}`;
  makeDirectory(inside);
  return furnish(inside, true);
}

function makeBeside(dir: string, run: string): string | undefined {
  const path = `${dir}${BESIDE}${run}`;
  try {
    makeDirectory(path);
    return path;
  } catch (error) {
    const code = systemCode(error) ?? "";
    if (["EACCES", "EPERM", "EROFS", "ENAMETOOLONG"].includes(code)) {
      return undefined;
    }
    throw error;
  }
}

function furnish(path: string, inside: boolean): Workspace {
  try {
    makeFile(`${path}/${FILLING}`);
    makeDirectory(`${path}/tree`);
  } catch (error) {
    removeWorkspace(path);
    throw error;
  }
  return { path, tree: `${path}/tree`, inside };
}

/**
 * Puts the tree in the place of `dir`, which is empty, and removes the workspace.
 *
 * Beside: one rename. Inside: a rename for each name, and `settle` ends what was interrupted.
 *
 * @throws {ReplrtError} when `dir` is no longer empty or cannot be replaced; nothing is lost.
 */
export function place(workspace: Workspace, dir: string): void {
  const { path, tree, inside } = workspace;
  if (inside) {
    refuseFull(dir, basename(path));
    move(`${path}/${FILLING}`, `${path}/${PLACING}`);
    moveUp(path, dir);
  } else {
    move(tree, dir);
  }
  removeWorkspace(path);
}

/** Gives up a workspace; one whose tree is half placed stays, and `settle` ends it. */
export function discard(workspace: Workspace): void {
  if (look(`${workspace.path}/${PLACING}`) === undefined) {
    removeWorkspace(workspace.path);
  }
}

function removeWorkspace(path: string): void {
  removeTree(`${path}/tree`);
  removeTree(`${path}/${FILLING}`);
  removeTree(`${path}/${PLACING}`);
  remove(path);
}

/**
 * Ends what an interrupted filling of `dir` has left: a whole tree that was being put in place is put there,
 * a half-built one is removed. The caller holds the lock of `dir`.
 *
 * @throws {ReplrtError} when a left-over cannot be read, moved or removed.
 */
export function settle(dir: string): void {
  for (const path of workspaces(dir, INSIDE)) {
    if (look(`${path}/${PLACING}`) !== undefined) moveUp(path, dir);
    removeWorkspace(path);
  }
  const parent = dirname(dir);
  if (parent === dir) return;
  for (const path of workspaces(parent, `${basename(dir)}${BESIDE}`)) {
    removeWorkspace(path);
  }
}

function workspaces(parent: string, prefix: string): string[] {
  try {
    return names(parent)
      .filter((name) => name.exact && name.text.startsWith(prefix))
      .map((name) => `${parent}/${name.text}`)
      .filter(isWorkspace);
  } catch (error) {
    if (systemCode(error) === "EACCES") return [];
    throw error;
  }
}

function isWorkspace(path: string): boolean {
  if (look(path)?.type !== "directory") return false;
  const tree = look(`${path}/tree`);
  const inside = names(path).map((name) => name.text);
  return inside.every((name) => ["tree", FILLING, PLACING].includes(name)) &&
    (tree === undefined ||
      tree.type === "directory" && inside.length > 1);
}

function moveUp(path: string, dir: string): void {
  const tree = `${path}/tree`;
  if (look(tree) === undefined) return;
  for (const { text } of names(tree)) {
    const target = `${dir}/${text}`;
    if (look(target) !== undefined) throw taken(dir, text);
    const here = look(`${tree}/${text}`);
    // A directory without write permission cannot get another parent (rename(2), EACCES).
    const shut = here?.type === "directory" && (here.mode & 0o200) === 0;
    if (shut) setMode(`${tree}/${text}`, here.mode | 0o200);
    move(`${tree}/${text}`, target);
    if (shut) setMode(target, here.mode);
  }
}

function refuseFull(dir: string, workspace: string): void {
  const other = names(dir).find((name) => name.text !== workspace);
  if (other !== undefined) throw taken(dir, other.text);
}

function taken(dir: string, name: string): ReplrtError {
  return new ReplrtError(
    `cannot fill ${dir}: ${name} has appeared in it`,
    `move ${dir}/${name} away, and start again`,
  );
}
