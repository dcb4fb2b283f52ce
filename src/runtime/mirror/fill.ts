import { createHash, type Hash } from "node:crypto";
import { assert } from "../../bytes/assert.ts";
import { ReplrtError } from "../errors.ts";
import { releaseLock, tryLock } from "../host/lock.ts";
import {
  look,
  makeDirectory,
  makeFile,
  makeLink,
  setMode,
  writeAt,
} from "../host/tree.ts";
import { closeDirectories } from "./copy.ts";
import type { DirectoryLock } from "./lock.ts";
import { describe, digestOf } from "./manifest.ts";
import type { Entry, FileEntry, Manifest } from "./types.ts";
import { walk } from "./walk.ts";
import { discard, openWorkspace, place, type Workspace } from "./workspace.ts";

/** A file whose bytes are still to come. */
interface Open {
  readonly entry: FileEntry;
  readonly hash: Hash;
  written: number;
}

/** A file that is wanted, and from where. */
export interface Wanted {
  readonly path: string;
  readonly offset: number;
  readonly size: number;
}

/**
 * Builds what a manifest says, out of chunks, and puts it in the place of an empty mirrored directory.
 *
 * Until `finish` the directory itself is untouched. After an error call `abandon`; where even that is not
 * possible (the process died), locking the directory again clears the left-overs away.
 */
export class Filling {
  readonly #lock: DirectoryLock;
  readonly #manifest: Manifest;
  readonly #workspace: Workspace;
  readonly #mode: number;
  readonly #open = new Map<string, Open>();
  #ended = false;

  /**
   * Makes the directories, links and empty files of `manifest`, which `checkManifest` has passed.
   *
   * @param lock of the directory, which is empty; the lock goes over to the new content.
   * @param run id of the run, part of the temporary directory's name.
   * @throws {ReplrtError} when something cannot be made; what was made is removed.
   */
  constructor(lock: DirectoryLock, manifest: Manifest, run: string) {
    this.#lock = lock;
    this.#manifest = manifest;
    const standing = look(lock.path)?.mode ?? manifest.mode;
    this.#mode = lock.made ? manifest.mode : standing;
    this.#workspace = openWorkspace(lock.path, run);
    try {
      for (const entry of manifest.entries) this.#make(entry);
    } catch (error) {
      this.abandon();
      throw error;
    }
  }

  #make(entry: Entry): void {
    const path = this.#full(entry);
    if (entry.type === "directory") return makeDirectory(path);
    if (entry.type === "symlink") return makeLink(path, entry.target);
    makeFile(path);
    if (entry.size === 0) return setMode(path, entry.mode);
    this.#open.set(entry.path, {
      entry,
      hash: createHash("sha256"),
      written: 0,
    });
  }

  #full(entry: Entry): string {
    return `${this.#workspace.tree}/${entry.path}`;
  }

  /** The next file that lacks bytes, in the order of the manifest; `undefined` when none does. */
  wanted(): Wanted | undefined {
    for (const { entry, written } of this.#open.values()) {
      return { path: entry.path, offset: written, size: entry.size };
    }
    return undefined;
  }

  /**
   * Takes the next bytes of a file; files may take turns, the chunks of one come in order.
   *
   * @throws {ReplrtError} when no bytes of `path` are wanted, `offset` is not the next one, there are too many
   * or no bytes, the last ones do not complete the hash, or they cannot be written.
   */
  write(path: string, offset: number, bytes: Uint8Array): void {
    assert(!this.#ended, "a filling takes no chunk after its end");
    const open = this.#open.get(path);
    if (open === undefined) {
      throw bad(path, offset, "no more bytes of it are wanted");
    }
    const { entry, hash, written } = open;
    if (offset !== written) {
      throw bad(path, offset, `byte ${written} is the next one`);
    }
    if (bytes.length === 0 || bytes.length > entry.size - written) {
      throw bad(
        path,
        offset,
        `${bytes.length} bytes do not fit its size of ${entry.size}`,
      );
    }
    writeAt(this.#full(entry), bytes, offset);
    hash.update(bytes);
    open.written += bytes.length;
    if (open.written < entry.size) return;
    if (hash.digest("hex") !== entry.hash) {
      throw bad(path, offset, "its content does not have the announced hash");
    }
    setMode(this.#full(entry), entry.mode);
    this.#open.delete(path);
  }

  /**
   * Checks the whole against the manifest's digest and puts it in place. The directory's own mode is kept; one
   * that `lockDirectory` has made gets the manifest's.
   *
   * @throws {ReplrtError} when bytes are missing, the digest differs, or the directory is no longer empty or cannot
   * be replaced; the directory is as it was.
   */
  finish(): void {
    assert(!this.#ended, "a filling ends once");
    const { tree, inside } = this.#workspace;
    closeDirectories(tree, this.#manifest.entries);
    this.#verify();
    const held = inside ? undefined : tryLock(tree);
    assert(inside || held !== undefined, "a new tree is nobody else's");
    try {
      place(this.#workspace, this.#lock.path);
    } finally {
      if (held !== undefined) {
        const placed = look(tree) === undefined;
        if (placed) this.#lock.adopt(held);
        else releaseLock(held);
      }
    }
    this.#ended = true;
    if (!inside || this.#lock.made) setMode(this.#lock.path, this.#mode);
  }

  #verify(): void {
    const missing = this.wanted();
    if (missing !== undefined) {
      throw bad(missing.path, missing.offset, "bytes of it are missing");
    }
    const hashes = new Map(
      this.#manifest.entries.map((e) => [e.path, e.type === "file" && e.hash]),
    );
    const built = Array.from(walk(this.#workspace.tree), (found): Entry => {
      const entry = describe(found);
      const hash = hashes.get(entry.path);
      return entry.type === "file" && hash ? { ...entry, hash } : entry;
    });
    if (digestOf(built) === this.#manifest.digest) return;
    throw new ReplrtError(
      `cannot fill ${this.#lock.path}: what was built differs from what the other node has`,
      "stop the other programs that write beside it, use a file system that keeps names and modes, and start again",
    );
  }

  /** Removes everything that was built; after `finish` or again it does nothing. */
  abandon(): void {
    if (this.#ended) return;
    this.#ended = true;
    discard(this.#workspace);
  }
}

function bad(path: string, offset: number, why: string): ReplrtError {
  return new ReplrtError(
    `cannot take bytes of ${JSON.stringify(path)} at ${offset}: ${why}`,
    "start this node again; it asks for everything anew",
  );
}
