import { ReplrtError } from "../errors.ts";
import type { NodeEnd } from "../node/core.ts";
import type { StateDir } from "../node/state_dir.ts";
import type { LogErrorPolicy } from "../options.ts";
import type { Say } from "../say.ts";

/** Gets why a log can't be written any more; gives whether the run goes on. Else it was ended by `end`. */
export type LogLoss = (
  error: ReplrtError,
  end: (end: NodeEnd) => void,
) => boolean;

/** What becomes of a run whose log in a state directory is lost: it stops, and can be resumed, or goes on and never can. */
export function keptLogLoss(
  say: Say,
  policy: LogErrorPolicy,
  state: StateDir,
): LogLoss {
  return (error, end) => {
    if (policy === "stop") {
      const next = `make room, then go on: replrt resume ${state.path}\n` +
        "to go on without a log, and never be resumed: --on-log-error continue";
      const message = `cannot go on with the log: ${error.message}`;
      end({ error: new ReplrtError(message, next) });
      return false;
    }
    try {
      state.giveUpLog();
    } catch (failure) {
      if (!(failure instanceof ReplrtError)) throw failure;
      end({ error: failure });
      return false;
    }
    say.event({ event: "resumeOff", reason: error.message });
    return true;
  };
}
