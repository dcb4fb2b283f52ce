import { ReplrtError } from "../errors.ts";
import { exitCodeOf } from "../guest/end.ts";
import { isThere } from "../host/state.ts";
import {
  type DirectoryLock,
  lockDirectory,
  refuseOverlap,
} from "../mirror/lock.ts";
import { runText } from "../node/core.ts";
import { GuestSockets } from "../node/sockets.ts";
import { type KeptRun, StateDir } from "../node/state_dir.ts";
import type { Address, GuestDir, LogErrorPolicy } from "../options.ts";
import { Say } from "../say.ts";
import type { StatusStyle } from "../status.ts";
import { goOn } from "./live_run.ts";
import { surveyOf } from "./live_survey.ts";
import { moduleOf } from "./recorded_module.ts";
import { Recording } from "./recording.ts";
import { RebuiltDirectories, refuseUnkeepable } from "./resume_directories.ts";
import { keptLogLoss } from "./solo_log_loss.ts";

/** All that `replrt resume` was told. */
export interface ResumeOptions extends StatusStyle {
  readonly stateDir: string;
  /** Other places of directories, by the guest's names. */
  readonly dirs: readonly GuestDir[];
  /** Other addresses, all or none. */
  readonly tcpListen: readonly Address[];
  /** True from here on; undefined: as before. */
  readonly sync: boolean | undefined;
  /** Undefined: as before. */
  readonly onLogError: LogErrorPolicy | undefined;
}

/**
 * Goes on with a run from its state directory; gives its exit code.
 *
 * @throws {ReplrtError} for what the operator has to mend.
 */
export async function resume(options: ResumeOptions): Promise<number> {
  const { stateDir } = options;
  const say = new Say(options);
  if (!isThere(stateDir)) throw nothingThere(stateDir);
  const state = StateDir.open(stateDir);
  const kept = keptOf(state);
  const recording = openLog(state);
  const survey = surveyOf(recording);
  if (survey.end !== undefined && survey.released >= survey.next) {
    const code = exitCodeOf(survey.end);
    say.event({ event: "over", code });
    say.end(survey.end);
    await say.flush(1000);
    return code;
  }
  const loaded = moduleOf(recording, undefined);
  const locks = lockAll(recording, kept, options);
  const { tcpListen } = options;
  const listen = tcpListen.length > 0 ? tcpListen : kept.listen;
  checkSockets(recording, listen);
  const sockets = new GuestSockets(listen);
  const sync = options.sync ?? kept.sync;
  const onLogError = options.onLogError ?? kept.onLogError;
  const dirs = locks.map(({ path }) => path);
  state.remember({ dirs, listen: sockets.addresses, sync, onLogError });
  const rebuilt = new RebuiltDirectories(runText(recording.run));
  try {
    for (const [i, lock] of locks.entries()) {
      const { digests } = recording.init;
      await rebuilt.add(lock, `${state.path}/images/${i}`, digests[i]);
    }
    return await goOn({
      ...{ say, recording, survey, loaded, sockets, sync },
      dirs: rebuilt.handles,
      lost: keptLogLoss(say, onLogError, state),
      arrive: () => rebuilt.place(say),
    });
  } finally {
    rebuilt.abandon();
  }
}

/** What the run goes on with. @throws {ReplrtError} when the directory holds none that can be resumed. */
function keptOf(state: StateDir): KeptRun {
  const { path, run, kept } = state;
  if (run === undefined) throw nothingThere(path);
  if (kept === undefined) {
    throw new ReplrtError(
      `cannot resume ${path}: it is the state of a node with backups, of which one may have taken over`,
      "to join the survivor: replrt run … --role primary --peer HOST:PORT\n" +
        "where all nodes are dead, start a new run from what the directories hold: --role primary --overwrite",
    );
  }
  return kept;
}

function openLog(state: StateDir): Recording {
  if (state.hasGivenUp) {
    throw new ReplrtError(
      `cannot resume ${state.path}: its log could not be written to the end, and the program went on without`,
      "start a new run from what the directories hold: replrt run … --overwrite",
    );
  }
  if (!isThere(state.log)) {
    throw new ReplrtError(
      `cannot resume ${state.path}: the program had not begun yet`,
      `start it again: replrt run … --state-dir ${state.path}`,
    );
  }
  return Recording.open(state.log);
}

/** Locks the directories, in the guest's order. */
function lockAll(
  { init }: Recording,
  kept: KeptRun,
  { dirs, stateDir }: ResumeOptions,
): DirectoryLock[] {
  const { config } = init;
  const stray = dirs.find(({ guest }) =>
    !config.dirs.some(({ name }) => name === guest)
  );
  if (stray !== undefined) throw unknownDirectory(stray, config.dirs);
  const hosts = config.dirs.map(({ name }, i) =>
    dirs.find(({ guest }) => guest === name)?.host ?? kept.dirs[i] as string
  );
  refuseOverlap(hosts, stateDir);
  const locks = hosts.map((host) => lockDirectory(host, "make"));
  refuseUnkeepable(locks);
  return locks;
}

/** For a `--dir` whose name the program did not have. */
export function unknownDirectory(
  { host, guest }: GuestDir,
  recorded: readonly { readonly name: string }[],
): ReplrtError {
  const names = recorded.map(({ name }) => `--dir HOST::${name}`);
  return new ReplrtError(
    `cannot use --dir ${host}::${guest}: the program had no directory of that name`,
    names.length === 0
      ? "leave it out: the program had none"
      : `it had: ${names.join(" ")}`,
  );
}

/** Refuses another number of sockets than the program had. @throws {ReplrtError} */
export function checkSockets(
  { path, init }: Recording,
  given: readonly Address[],
): void {
  const { listeners } = init.config;
  if (given.length === listeners) return;
  throw new ReplrtError(
    `cannot go on from ${path}: the program had ${listeners} listening sockets, and ${given.length} are given`,
    listeners === 0
      ? "leave --tcplisten out"
      : `give each: ${
        Array(listeners).fill("--tcplisten HOST:PORT").join(" ")
      }`,
  );
}

function nothingThere(path: string): ReplrtError {
  return new ReplrtError(
    `cannot resume ${path}: nothing is kept there`,
    `keep a run there: replrt run APP.wasm --state-dir ${path}`,
  );
}
