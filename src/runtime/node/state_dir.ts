import { ReplrtError } from "../errors.ts";
import { releaseLock, tryLock } from "../host/lock.ts";
import {
  isThere,
  makeStateDir,
  moveTo,
  oldTemporaryDirs,
  readText,
  removeState,
  renameState,
  temporaryDir,
  writeText,
} from "../host/state.ts";
import type { Address, LogErrorPolicy } from "../options.ts";

/** What a run without backups needs to go on from its state directory, beside log and images. */
export interface KeptRun {
  /** Paths of its directories, in the guest's order. */
  readonly dirs: readonly string[];
  /** The guest's addresses, in its order. */
  readonly listen: readonly Address[];
  readonly sync: boolean;
  readonly onLogError: LogErrorPolicy;
}

/** What a state directory says of itself. */
interface Mark {
  readonly run: string;
  /** Only in that of a run without backups. */
  readonly kept?: KeptRun;
}

const MARK = "run.json";

/** What a log is called that its run went on without. */
const GIVEN_UP = "log.given-up";

/** How the names of temporary state directories begin. */
const PREFIX = "replrt-state-";

/** Where a node keeps the log and the images: a given directory, or a temporary one that goes with the node. */
export class StateDir {
  readonly path: string;
  readonly #temporary: boolean;

  private constructor(path: string, temporary: boolean) {
    this.path = path;
    this.#temporary = temporary;
  }

  /**
   * Opens the directory given with `--state-dir`, or a temporary one.
   *
   * @throws {ReplrtError} when it can't be made or another process has it.
   */
  static open(given: string | undefined): StateDir {
    if (given === undefined) return StateDir.#temporarily();
    makeStateDir(given);
    if (tryLock(given) === undefined) {
      throw new ReplrtError(
        `cannot use state directory ${given}: another process has it`,
        "give each node its own with --state-dir",
      );
    }
    return new StateDir(given, false);
  }

  /** A locked temporary directory. What a node left there that was killed is removed: its run lives on elsewhere, or is over. */
  static #temporarily(): StateDir {
    const path = temporaryDir(PREFIX);
    tryLock(path);
    oldTemporaryDirs(PREFIX).forEach(removeLeft);
    return new StateDir(path, true);
  }

  /** Where the log is. */
  get log(): string {
    return `${this.path}/log`;
  }

  /** Where a run without backups makes its log, until {@linkcode begin}. */
  get newLog(): string {
    return `${this.path}/log.new`;
  }

  /** Puts the new log in its place: from now on the run has begun. @throws {ReplrtError} */
  begin(): void {
    renameState(this.newLog, this.log);
  }

  /** Whether the run that is held made a call. */
  get #begun(): boolean {
    return this.kept === undefined || isThere(this.log) || this.hasGivenUp;
  }

  /** Whether the run went on without its log. */
  get hasGivenUp(): boolean {
    return isThere(`${this.path}/${GIVEN_UP}`);
  }

  /** Sees to it that nobody goes on from the log, whose run goes on without it; a rename needs no room. @throws {ReplrtError} */
  giveUpLog(): void {
    renameState(this.log, `${this.path}/${GIVEN_UP}`);
  }

  /** The run whose state this is, as 32 hex digits; undefined when it is empty. @throws {ReplrtError} when it is something else's. */
  get run(): string | undefined {
    return this.#mark()?.run;
  }

  /** What the run goes on with, if it had no backups. @throws {ReplrtError} as {@linkcode run}. */
  get kept(): KeptRun | undefined {
    return this.#mark()?.kept;
  }

  #mark(): Mark | undefined {
    const text = readText(`${this.path}/${MARK}`);
    if (text === undefined) return undefined;
    try {
      const mark = JSON.parse(text) as Mark;
      if (/^[0-9a-f]{32}$/.test(mark.run)) return mark;
    } catch {
      // Falls through: a mark that is no mark.
    }
    throw new ReplrtError(
      `cannot use state directory ${this.path}: ${MARK} is not one of replrt`,
      "give another directory with --state-dir",
    );
  }

  /**
   * Makes it ready for `run`: empty but for its mark. What it held of the same run is dropped, since a node starts at message 0;
   * what it held of another is moved to `DIR.before-<run>`, if `overwrite` says so.
   *
   * @param kept what a run without backups goes on with.
   * @returns where it was moved to, if it was.
   * @throws {ReplrtError} when it holds another run and may not be overwritten.
   */
  claim(run: string, overwrite: boolean, kept?: KeptRun): string | undefined {
    const held = this.run;
    let moved: string | undefined;
    removeState(this.newLog);
    if (held !== undefined && held !== run && this.#begun) {
      if (!overwrite) {
        throw foreignRun(this.path, held, this.kept !== undefined);
      }
      moved = moveTo(this.path, `before-${run.slice(0, 12)}`, [
        MARK,
        "log",
        GIVEN_UP,
        "images",
      ]);
    } else if (held !== undefined) {
      for (const name of ["log", "images"]) removeState(`${this.path}/${name}`);
    }
    const mark: Mark = kept === undefined ? { run } : { run, kept };
    writeText(`${this.path}/${MARK}`, JSON.stringify(mark));
    return moved;
  }

  /** Notes what the run that is held goes on with from now on. @throws {ReplrtError} */
  remember(kept: KeptRun): void {
    const mark = this.#mark();
    const text = JSON.stringify({ ...mark, kept });
    if (text !== JSON.stringify(mark)) writeText(`${this.path}/${MARK}`, text);
  }

  /** Removes a temporary directory. */
  close(): void {
    if (this.#temporary) removeState(this.path);
  }
}

function foreignRun(
  path: string,
  held: string,
  isKept: boolean,
): ReplrtError {
  const goOn = isKept
    ? `to go on with that run: replrt resume ${path}\n`
    : "to join that run where it lives on: --role primary --peer HOST:PORT\n";
  return new ReplrtError(
    `cannot use state directory ${path}: it holds run ${held}`,
    `${goOn}to start a new run and move the old state aside: add --overwrite`,
  );
}

/** Removes a directory that nobody has; it stays where another node removes it at this moment, or where it can't be removed. */
function removeLeft(path: string): void {
  try {
    const lock = tryLock(path);
    if (lock === undefined) return;
    try {
      removeState(path);
    } finally {
      releaseLock(lock);
    }
  } catch (error) {
    if (!(error instanceof ReplrtError)) throw error;
  }
}
