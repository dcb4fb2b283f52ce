import { inodeOf, machineId } from "../host/lock.ts";
import { LockFile } from "../host/lock_file.ts";
import { openDirectory } from "../host/open_directory.ts";
import { type Image, takeImage } from "../mirror/image.ts";
import {
  type DirectoryLock,
  lockDirectory,
  refuseOverlap,
} from "../mirror/lock.ts";
import type { GuestDir, RunOptions } from "../options.ts";
import type { NamedDirectory } from "./handshake.ts";
import { type SharedDirectory, SharedLocks } from "./shared_locks.ts";
import { unhurried } from "./unhurried.ts";

/** A mirrored or a shared directory, in the guest's order. */
type Directory =
  | { readonly guest: string; readonly mirror: DirectoryLock }
  | {
    readonly guest: string;
    readonly shared: SharedDirectory;
    readonly identity: string;
  };

/** The directories of a node: mirrored ones are locked for its life and imaged before the guest's first call, shared ones are opened. */
export class Directories {
  /** Of the mirrored ones. */
  readonly locks: readonly DirectoryLock[];
  /** Who may change the shared ones. */
  readonly shared: SharedLocks;
  readonly #all: readonly Directory[];
  #images: readonly Image[] = [];

  /**
   * Locks or opens the directories of `options`.
   *
   * @param missing what to do about a mirrored one that does not exist: a backup makes it.
   * @throws {ReplrtError} when one can't be used, or another process has it.
   */
  constructor(options: RunOptions, missing: "refuse" | "make") {
    const { dirs, stateDir } = options;
    refuseOverlap(dirs.map(({ host }) => host), stateDir);
    this.#all = dirs.map((dir) =>
      dir.shared
        ? openShared(dir)
        : { guest: dir.guest, mirror: lockDirectory(dir.host, missing) }
    );
    this.locks = this.#all.flatMap((dir) => "mirror" in dir ? dir.mirror : []);
    this.shared = new SharedLocks(
      this.#all.flatMap((dir) => "shared" in dir ? dir.shared : []),
    );
  }

  /** As a HELLO names them. */
  get names(): NamedDirectory[] {
    return this.#all.map((dir) => ({
      guest: dir.guest,
      shared: "shared" in dir,
      identity: "shared" in dir ? dir.identity : dir.mirror.identity,
    }));
  }

  /** The copies of the mirrored ones from before the first call; none when joins are closed. */
  get images(): readonly Image[] {
    return this.#images;
  }

  /** Copies each mirrored directory to `stateDir`. @throws {ReplrtError} when one can't be read or the copy has no room. */
  async image(stateDir: string): Promise<void> {
    const images: Image[] = [];
    for (const [i, { path }] of this.locks.entries()) {
      images.push(await unhurried(takeImage(path, `${stateDir}/images/${i}`)));
    }
    this.#images = images;
  }

  /** Handles for the guest. */
  open(): number[] {
    return this.#all.map((dir) =>
      "shared" in dir ? dir.shared.handle : openDirectory(dir.mirror.path)
    );
  }
}

function openShared({ host, guest }: GuestDir): Directory {
  const handle = openDirectory(host);
  return {
    guest,
    shared: { host, guest, handle, lock: new LockFile(host, handle) },
    identity: `${machineId()}:${inodeOf(`/proc/self/fd/${handle}`)}`,
  };
}
