import { assert } from "../../bytes/assert.ts";
import { compareEpochs, type Epoch } from "../../engine/epoch.ts";
import { ReplrtError } from "../errors.ts";
import type { LockFile } from "../host/lock_file.ts";

/** A shared directory of this node. */
export interface SharedDirectory {
  /** As the operator gave it. */
  readonly host: string;
  /** The guest's name of it. */
  readonly guest: string;
  /** Opened at the node's start. */
  readonly handle: number;
  readonly lock: LockFile;
}

/** Who has a shared directory: a primary of a run. */
export interface Holder {
  /** As 32 hex digits. */
  readonly run: string;
  readonly epoch: Epoch;
  /** Where it takes backups. */
  readonly address: string;
}

/** Why a primary has lost a shared directory. */
export type Loss =
  /** Another node of its run is primary, in a higher epoch. */
  | {
    readonly kind: "deposed";
    readonly epoch: Epoch;
    readonly address: string;
  }
  /** Another run has it, the lock file is gone, or the storage does not tell. */
  | {
    readonly kind: "lost";
    readonly reason: string;
    readonly next: string | undefined;
  };

/** The JSON of a lock file. */
interface Lock {
  readonly run: string;
  readonly epoch: number;
  readonly node: number;
  readonly address: string;
  /** The guest's name of the directory, so that two that were swapped are told apart. */
  readonly guest: string;
}

/**
 * The lock files of the shared directories of a node: each names the primary that may change what is there.
 *
 * They are advice that primaries read, not a fence that the storage keeps: between the last look and the change itself a node
 * can be stopped.
 */
export class SharedLocks {
  readonly #dirs: readonly SharedDirectory[];
  #own: Holder | undefined;

  constructor(dirs: readonly SharedDirectory[]) {
    this.#dirs = dirs;
  }

  /**
   * Refuses a directory that a run has, alive or not: this node can't know.
   *
   * @throws {ReplrtError} naming that run and what to do, unless `overwrite` says that it is dead; when a lock can't be read.
   */
  refuseHeld(overwrite: boolean): void {
    for (const { host, lock } of this.#dirs) {
      const text = lock.read();
      if (text !== undefined && !overwrite) throw held(host, parse(text));
    }
  }

  /** Takes the directories for a new run. @throws {ReplrtError} as `refuseHeld`, and when a lock can't be written. */
  claim(own: Holder, overwrite: boolean): void {
    this.refuseHeld(overwrite);
    this.#write(own);
  }

  /** Makes sure that these are the directories of the primary at `where`. @throws {ReplrtError} when one is not. */
  checkJoined(run: string, where: string): void {
    for (const { host, guest, lock } of this.#dirs) {
      const found = parse(lock.read());
      if (found?.run === run && found.guest === guest) continue;
      throw new ReplrtError(
        `cannot join ${where}: ${host} is not the primary's shared directory`,
        `mount the storage that the primary has as ${guest}, and give it with --dir HOST::${guest}::shared`,
      );
    }
  }

  /** Takes the directories over from the run's former primary. Gives why that may not be; nothing is written then. */
  takeOver(own: Holder): Loss | undefined {
    const loss = this.#first((dir) => lossOf(dir, own));
    if (loss !== undefined) return loss;
    return failing(() => this.#write(own));
  }

  /**
   * Looks whether this primary still has the directories: a small file read for each. A lower epoch of its run, which came too
   * late, is replaced by its own.
   */
  loss(): Loss | undefined {
    if (this.#dirs.length === 0) return undefined;
    const own = this.#own;
    assert(own !== undefined, "a primary has taken its shared directories");
    return this.#first((dir) => {
      const text = dir.lock.read();
      if (text === textOf(dir, own)) return undefined;
      const loss = lossOf(dir, own);
      if (loss === undefined) dir.lock.write(textOf(dir, own));
      return loss;
    });
  }

  /** Whether all locks are as this primary wrote them, without making this isolate wait for the storage; undefined when that does not tell. */
  async unchanged(): Promise<boolean | undefined> {
    const own = this.#own;
    if (own === undefined || this.#dirs.length === 0) return true;
    try {
      const texts = await Promise.all(
        this.#dirs.map(({ lock }) => lock.readLater()),
      );
      return this.#own !== own ||
        this.#dirs.every((dir, i) => texts[i] === textOf(dir, own));
    } catch (error) {
      if (error instanceof ReplrtError) return undefined;
      throw error;
    }
  }

  /** Gives the directories back at the end of the run. Locks of others stay, and one that can't be removed: the next run names it. */
  release(own: Holder): void {
    this.#own = undefined;
    this.#first((dir) => {
      if (lossOf(dir, own) === undefined) dir.lock.remove();
      return undefined;
    });
  }

  #write(own: Holder): void {
    for (const dir of this.#dirs) dir.lock.write(textOf(dir, own));
    this.#own = own;
  }

  #first(look: (dir: SharedDirectory) => Loss | undefined): Loss | undefined {
    for (const dir of this.#dirs) {
      const loss = failing(() => look(dir));
      if (loss !== undefined) return loss;
    }
    return undefined;
  }
}

function textOf({ guest }: SharedDirectory, own: Holder): string {
  const { run, epoch: { number: epoch, node }, address } = own;
  const lock: Lock = { run, epoch, node, address, guest };
  return `${JSON.stringify(lock)}\n`;
}

/** A lock file's content; undefined when it is none. */
function parse(text: string | undefined): Lock | undefined {
  try {
    const lock = JSON.parse(text ?? "") as Lock | null;
    const whole = /^[0-9a-f]{32}$/.test(lock?.run ?? "") &&
      Number.isSafeInteger(lock?.epoch) && Number.isSafeInteger(lock?.node) &&
      isLine(lock?.address) && typeof lock?.guest === "string";
    return whole ? lock as Lock : undefined;
  } catch {
    return undefined;
  }
}

/** Safe to print: others write there too. */
function isLine(value: unknown): boolean {
  return typeof value === "string" && /^[\x21-\x7e]{1,300}$/.test(value);
}

/** Why `own` has no right to a directory; undefined when its lock is its own, or that of a lower epoch of its run. */
function lossOf(dir: SharedDirectory, own: Holder): Loss | undefined {
  const { host, lock } = dir;
  const text = lock.read();
  const found = parse(text);
  if (found?.run === own.run && found.guest === dir.guest) {
    const epoch = { number: found.epoch, node: found.node };
    if (compareEpochs(epoch, own.epoch) <= 0) return undefined;
    return { kind: "deposed", epoch, address: found.address };
  }
  if (text === undefined) {
    return {
      kind: "lost",
      reason: `${lock.path} is gone`,
      next:
        `see whether ${host} is still the shared storage; remove that file only when its run is dead`,
    };
  }
  return {
    kind: "lost",
    reason: `${ownerOf(found)} has taken shared directory ${host}`,
    next: "see which of the two runs is to have it, and end the other",
  };
}

/** A failure of the storage as a loss. */
function failing(body: () => Loss | void): Loss | undefined {
  try {
    return body() ?? undefined;
  } catch (error) {
    if (!(error instanceof ReplrtError)) throw error;
    return { kind: "lost", reason: error.message, next: error.next };
  }
}

function held(host: string, lock: Lock | undefined): ReplrtError {
  const address = lock?.address ?? "HOST:PORT";
  return new ReplrtError(
    `cannot use shared directory ${host}: ${ownerOf(lock)} has it`,
    `to join that run where it lives on: --peer ${address}\n` +
      "to take the directory when that run is dead: add --overwrite",
  );
}

function ownerOf(lock: Lock | undefined): string {
  return lock === undefined
    ? "something that is not this version of replrt"
    : `run ${lock.run}, epoch ${lock.epoch}, primary ${lock.address},`;
}
