import { openDirectory } from "../host/open_directory.ts";
import { type Image, takeImage } from "../mirror/image.ts";
import {
  type DirectoryLock,
  lockDirectory,
  refuseOverlap,
} from "../mirror/lock.ts";
import type { RunOptions } from "../options.ts";
import { unhurried } from "./unhurried.ts";

/** The mirrored directories of a node: locked for its life, imaged before the guest's first call. */
export class Directories {
  readonly locks: readonly DirectoryLock[];
  readonly #guests: readonly string[];
  #images: readonly Image[] = [];

  /**
   * Locks the directories of `options`.
   *
   * @param missing what to do about one that does not exist: a backup makes it.
   * @throws {ReplrtError} when one can't be used, or another process has it.
   */
  constructor(options: RunOptions, missing: "refuse" | "make") {
    refuseOverlap(options.dirs.map(({ host }) => host), options.stateDir);
    this.locks = options.dirs.map(({ host }) => lockDirectory(host, missing));
    this.#guests = options.dirs.map(({ guest }) => guest);
  }

  /** As a HELLO names them. */
  get names(): { guest: string; identity: string }[] {
    return this.locks.map(({ identity }, i) => ({
      guest: this.#guests[i] as string,
      identity,
    }));
  }

  /** The copies from before the first call; none when joins are closed. */
  get images(): readonly Image[] {
    return this.#images;
  }

  /** Copies each directory to `stateDir`. @throws {ReplrtError} when one can't be read or the copy has no room. */
  async image(stateDir: string): Promise<void> {
    const images: Image[] = [];
    for (const [i, { path }] of this.locks.entries()) {
      images.push(await unhurried(takeImage(path, `${stateDir}/images/${i}`)));
    }
    this.#images = images;
  }

  /** Handles for the guest. */
  open(): number[] {
    return this.locks.map(({ path }) => openDirectory(path));
  }
}
