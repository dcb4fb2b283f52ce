import { assert } from "../../bytes/assert.ts";
import { ReplrtError } from "../errors.ts";
import { releaseLock, tryLock } from "../host/lock.ts";
import { openDirectory } from "../host/open_directory.ts";
import {
  isMountPoint,
  look,
  names,
  removeTree,
  setMode,
} from "../host/tree.ts";
import { setAside } from "../mirror/aside.ts";
import { compareDirectory } from "../mirror/compare.ts";
import { closeDirectories, copyTree } from "../mirror/copy.ts";
import type { DirectoryLock } from "../mirror/lock.ts";
import { manifestOf } from "../mirror/manifest.ts";
import {
  discard,
  openWorkspace,
  place,
  type Workspace,
} from "../mirror/workspace.ts";
import { unhurried } from "../node/unhurried.ts";
import type { Say } from "../say.ts";

/** Refuses a directory that a resume could not replace. @throws {ReplrtError} */
export function refuseUnkeepable(locks: readonly DirectoryLock[]): void {
  const lock = locks.find(({ path }) => isMountPoint(path));
  if (lock === undefined) return;
  throw new ReplrtError(
    `cannot use ${lock.path} with a state directory: a file system is mounted there, so that a resume could not replace it`,
    `make a directory in it, and give that: --dir ${lock.path}/DIR::GUEST`,
  );
}

/** A directory that is built again beside its place. */
interface Rebuilt {
  readonly lock: DirectoryLock;
  readonly workspace: Workspace;
  readonly handle: number;
}

/** The directories of a run that is resumed: built again from their images beside their places, and put there once the guest has followed the log. */
export class RebuiltDirectories {
  readonly #run: string;
  readonly #all: Rebuilt[] = [];

  /** `run` is the run's id as text. */
  constructor(run: string) {
    this.#run = run;
  }

  /** Handles for the guest. */
  get handles(): number[] {
    return this.#all.map(({ handle }) => handle);
  }

  /**
   * Builds the next one.
   *
   * @param image where its copy from before the first call is.
   * @param digest of that copy's manifest, as the log has it.
   * @throws {ReplrtError} when the image is not what the log says, or the directory can't be made beside its place.
   */
  async add(
    lock: DirectoryLock,
    image: string,
    digest: string | undefined,
  ): Promise<void> {
    const root = look(image);
    if (root?.type !== "directory") {
      throw damaged(image, "it does not exist");
    }
    const workspace = openWorkspace(lock.path, this.#run);
    try {
      const { path, tree, inside } = workspace;
      if (inside) throw unmovable(lock.path, path);
      const copied = await unhurried(copyTree(image, tree, root.mode));
      if (copied.digest !== digest) {
        throw damaged(image, "it holds something else than the run began with");
      }
      closeDirectories(tree, copied.entries);
      const mode = lock.made ? root.mode : look(lock.path)?.mode ?? root.mode;
      setMode(tree, mode);
      this.#all.push({ lock, workspace, handle: openDirectory(tree) });
    } catch (error) {
      discard(workspace);
      throw error;
    }
  }

  /**
   * Puts each in its place. What stood there is moved to DIR.before-RUN if it holds anything else.
   *
   * @throws {ReplrtError} when one can't be moved.
   */
  async place(say: Say): Promise<void> {
    for (const { lock, workspace } of this.#all) {
      const { path } = lock;
      const full = names(path).length > 0;
      const aside = full ? setAside(lock, this.#run) : undefined;
      const held = tryLock(workspace.tree);
      assert(held !== undefined, "a new tree is nobody else's");
      try {
        place(workspace, path);
      } catch (error) {
        releaseLock(held);
        throw error;
      }
      lock.adopt(held);
      if (aside !== undefined) await dropEqual(say, path, aside);
    }
    this.#all.length = 0;
  }

  /** Removes what was built and not put in its place. */
  abandon(): void {
    for (const { workspace } of this.#all.splice(0)) discard(workspace);
  }
}

/** Removes what was moved aside where it is the same as what took its place; else says where it is. */
async function dropEqual(
  say: Say,
  path: string,
  aside: string,
): Promise<void> {
  const manifest = await unhurried(manifestOf(path));
  const { kind } = await unhurried(compareDirectory(aside, manifest));
  if (kind === "equal") removeTree(aside);
  else say.event({ event: "moved", from: path, to: aside });
}

function damaged(image: string, why: string): ReplrtError {
  return new ReplrtError(
    `cannot build a directory again from ${image}: ${why}`,
    "restore the state directory from a copy; without it the run is over, and a new one starts from what the directories hold",
  );
}

function unmovable(dir: string, workspace: string): ReplrtError {
  return new ReplrtError(
    `cannot build ${dir} again: nothing can be made beside it, only in it as ${workspace}`,
    "give this user write permission beside it, or another place: --dir HOST::GUEST",
  );
}
