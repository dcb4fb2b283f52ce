import { ReplrtError } from "../errors.ts";
import { releaseLock, tryLock } from "../host/lock.ts";
import {
  makeStateDir,
  moveTo,
  oldTemporaryDirs,
  readText,
  removeState,
  temporaryDir,
  writeText,
} from "../host/state.ts";

/** What a state directory says of itself. */
interface Mark {
  readonly run: string;
}

const MARK = "run.json";

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
    for (const old of oldTemporaryDirs(PREFIX)) {
      const lock = tryLock(old);
      if (lock === undefined) continue;
      removeState(old);
      releaseLock(lock);
    }
    return new StateDir(path, true);
  }

  /** The run whose state this is, as 32 hex digits; undefined when it is empty. */
  get run(): string | undefined {
    const text = readText(`${this.path}/${MARK}`);
    if (text === undefined) return undefined;
    try {
      const { run } = JSON.parse(text) as Mark;
      if (/^[0-9a-f]{32}$/.test(run)) return run;
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
   * @returns where it was moved to, if it was.
   * @throws {ReplrtError} when it holds another run and may not be overwritten.
   */
  claim(run: string, overwrite: boolean): string | undefined {
    const held = this.run;
    let moved: string | undefined;
    if (held !== undefined && held !== run) {
      if (!overwrite) throw foreignRun(this.path, held);
      moved = moveTo(this.path, `before-${run.slice(0, 12)}`, [
        MARK,
        "log",
        "images",
      ]);
    } else if (held !== undefined) {
      for (const name of ["log", "images"]) removeState(`${this.path}/${name}`);
    }
    writeText(`${this.path}/${MARK}`, JSON.stringify({ run }));
    return moved;
  }

  /** Removes a temporary directory. */
  close(): void {
    if (this.#temporary) removeState(this.path);
  }
}

function foreignRun(path: string, held: string): ReplrtError {
  return new ReplrtError(
    `cannot use state directory ${path}: it holds run ${held}`,
    "to join that run where it lives on: --role primary --peer HOST:PORT\n" +
      "to start a new run and move the old state aside: add --overwrite",
  );
}
