import { Control } from "../../engine/message.ts";
import { ReplrtError } from "../errors.ts";
import { traceOf } from "../guest/trace_style.ts";
import { GuestClocks } from "../host/clock.ts";
import { newRunId, thisMachine } from "../host/machine.ts";
import { syncAll } from "../host/state.ts";
import { loadModule } from "../module/load.ts";
import type { NodeEnd } from "../node/core.ts";
import { runText } from "../node/core.ts";
import { Directories } from "../node/directories.ts";
import { endForFault } from "../node/faults.ts";
import { LogFile } from "../node/log_file.ts";
import { encodeInit } from "../node/primary.ts";
import { configOf } from "../node/solo.ts";
import { GuestSockets } from "../node/sockets.ts";
import { StateDir } from "../node/state_dir.ts";
import { GuestThread } from "../node/thread.ts";
import type { RunOptions } from "../options.ts";
import type { Say } from "../say.ts";
import { endOfRun, endWith } from "./ending.ts";
import { Recorder } from "./recorder.ts";
import { keptLogLoss } from "./solo_log_loss.ts";
import { refuseUnkeepable } from "./resume_directories.ts";

/**
 * Runs a program that nobody follows with its log and the images of its directories in a state directory, so that it can be
 * resumed; gives its exit code.
 *
 * @throws {ReplrtError} for what the operator has to mend; a log that can't be written, unless the run is to go on.
 */
export async function runKept(
  options: RunOptions & { readonly stateDir: string },
  say: Say,
): Promise<number> {
  const { stateDir, overwrite, sync } = options;
  const config = configOf(options);
  const loaded = loadModule(options.module);
  const state = StateDir.open(stateDir);
  const directories = new Directories(options, "refuse");
  refuseUnkeepable(directories.locks);
  const sockets = new GuestSockets(options.tcpListen);
  const thread = new GuestThread();
  thread.trace = traceOf(options);
  const { promise: ending, resolve } = Promise.withResolvers<NodeEnd>();
  thread.onReport = (report) => {
    if (report.kind === "refused") {
      resolve({ error: new ReplrtError(report.message, report.next) });
    }
  };
  const handles = { dirs: directories.open(), listeners: sockets.handles };
  const ready = thread.prepare(
    loaded.prepare(config.schedule),
    config,
    handles,
    false,
  );
  const tid = await Promise.race([ready, ending]);
  if (typeof tid !== "number") return endWith(tid);
  const run = newRunId();
  const dirs = directories.locks.map(({ path }) => path);
  const moved = state.claim(runText(run), overwrite, {
    ...{ dirs, sync, onLogError: options.onLogError },
    listen: sockets.addresses,
  });
  if (moved !== undefined) {
    say.event({ event: "moved", from: stateDir, to: moved });
  }
  await directories.image(state.path);
  const lost = keptLogLoss(say, options.onLogError, state);
  const log = new LogFile(state.newLog, run, loaded.bytes);
  const recorder = new Recorder({
    ...{ thread, clocks: new GuestClocks(tid), run, log, sync },
    lost: (error) => lost(error, resolve),
    fault: (report) => endForFault({ say, end: resolve, log }, report, noPeer),
  });
  const digests = directories.images.map(({ manifest }) => manifest.digest);
  const init = { run, module: loaded.hash, machine: thisMachine(), config };
  recorder.control(Control.processInit, encodeInit({ ...init, digests }));
  state.begin();
  if (sync) syncAll(state.path);
  sockets.serveAlone(say);
  thread.go();
  recorder.pump();
  return await endOfRun(recorder, ending, say);
}

function noPeer(): void {}
