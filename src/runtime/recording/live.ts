import { ReplrtError } from "../errors.ts";
import { exitCodeOf } from "../guest/end.ts";
import { tryLock } from "../host/lock.ts";
import { openDirectory } from "../host/open_directory.ts";
import { GuestSockets } from "../node/sockets.ts";
import type { Address, GuestDir } from "../options.ts";
import { Say } from "../say.ts";
import type { StatusStyle } from "../status.ts";
import { goOn } from "./live_run.ts";
import { surveyOf } from "./live_survey.ts";
import { moduleOf } from "./recorded_module.ts";
import { Recording } from "./recording.ts";
import { checkSockets, unknownDirectory } from "./resume.ts";

/** All that `replrt replay --live` was told. */
export interface LiveOptions extends StatusStyle {
  readonly file: string;
  /** Path of the module; undefined: the one in the recording, else where it was. */
  readonly module: string | undefined;
  /** Where the recorded directories are, by the guest's names. */
  readonly dirs: readonly GuestDir[];
  /** The listening sockets, in the guest's order. */
  readonly tcpListen: readonly Address[];
}

/**
 * Replays a recording to its end and goes on with the program from there, live and recorded further; gives its exit code.
 *
 * @throws {ReplrtError} for what the operator has to mend.
 */
export async function replayLive(options: LiveOptions): Promise<number> {
  const { file, tcpListen } = options;
  const say = new Say(options);
  const recording = Recording.open(file);
  if (tryLock(file, "file") === undefined) {
    throw new ReplrtError(
      `cannot go on from ${file}: another process records to it`,
      "wait until that has ended",
    );
  }
  const { config } = recording.init;
  if (config.dirs.some(({ shared }) => !shared)) {
    throw new ReplrtError(
      `cannot go on from ${file}: the contents of the program's directories are not in it`,
      "where it stands in a state directory: replrt resume DIR",
    );
  }
  const survey = surveyOf(recording);
  if (survey.end !== undefined && survey.released >= survey.next) {
    const code = exitCodeOf(survey.end);
    say.event({ event: "over", code });
    say.end(survey.end);
    await say.flush(1000);
    return code;
  }
  const loaded = moduleOf(recording, options.module);
  const hosts = hostsOf(recording, options.dirs);
  checkSockets(recording, tcpListen);
  return await goOn({
    ...{ say, recording, survey, loaded, sync: false },
    dirs: hosts.map(openDirectory),
    sockets: new GuestSockets(tcpListen),
    arrive: () => Promise.resolve(),
    lost(error, end) {
      const next = `make room, then go on: replrt replay ${file} --live …`;
      const message = `cannot go on recording to ${file}: ${error.message}`;
      end({ error: new ReplrtError(message, next) });
      return false;
    },
  });
}

/** Where each directory of the program is. @throws {ReplrtError} that names one that is not given, or that it did not have. */
function hostsOf(
  { path, init }: Recording,
  given: readonly GuestDir[],
): string[] {
  const { dirs } = init.config;
  const stray = given.find(({ guest }) =>
    !dirs.some(({ name }) => name === guest)
  );
  if (stray !== undefined) throw unknownDirectory(stray, dirs);
  return dirs.map(({ name }) => {
    const host = given.find(({ guest }) => guest === name)?.host;
    if (host !== undefined) return host;
    throw new ReplrtError(
      `cannot go on from ${path}: the program had the directory ${name}, and it is not given`,
      `say where it is: --dir HOST::${name}`,
    );
  });
}
