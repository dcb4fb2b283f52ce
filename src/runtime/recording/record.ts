import { Control } from "../../engine/message.ts";
import { ReplrtError } from "../errors.ts";
import type { GuestConfig } from "../guest/config.ts";
import { traceOf } from "../guest/trace_style.ts";
import { GuestClocks } from "../host/clock.ts";
import { tryLock } from "../host/lock.ts";
import { newRunId, thisMachine } from "../host/machine.ts";
import { openDirectory } from "../host/open_directory.ts";
import { absolute, clearPlace } from "../host/recording_place.ts";
import { loadModule } from "../module/load.ts";
import type { NodeEnd } from "../node/core.ts";
import { endForFault } from "../node/faults.ts";
import { LogFile } from "../node/log_file.ts";
import { encodeInit } from "../node/primary.ts";
import { configOf } from "../node/solo.ts";
import { GuestSockets } from "../node/sockets.ts";
import { GuestThread } from "../node/thread.ts";
import type { LogErrorPolicy, RunOptions } from "../options.ts";
import { Say } from "../say.ts";
import type { Inspection } from "./check/inspection.ts";
import { endOfRun, endWith } from "./ending.ts";
import { Recorder } from "./recorder.ts";

/** All that `replrt record` was told. */
export interface RecordOptions {
  /** The program and what it gets; role solo. */
  readonly run: RunOptions;
  /** The recording's file. */
  readonly out: string;
  /** Whether the module goes into it. */
  readonly embed: boolean;
  readonly onLogError: LogErrorPolicy;
}

/** What a recorded guest sees of itself: its directories' contents go into the log, and nobody takes over from it. */
function recordedConfig(options: RunOptions): GuestConfig {
  const config = configOf(options);
  const dirs = config.dirs.map(({ name }) => ({ name, shared: true }));
  return { ...config, dirs, intents: false };
}

/**
 * Runs a program and records it; gives its exit code. `inspection` is that of `replrt check`.
 *
 * @throws {ReplrtError} for what the operator has to mend; a log that can't be written, unless the run is to go on.
 */
export async function record(
  options: RecordOptions,
  inspection?: Inspection,
): Promise<number> {
  const { run: wanted, out, embed, onLogError } = options;
  const say = inspection?.say ?? new Say(wanted);
  const loaded = loadModule(wanted.module);
  const config = recordedConfig(wanted);
  const dirs = wanted.dirs.map(({ host }) => openDirectory(host));
  const sockets = new GuestSockets(wanted.tcpListen);
  const thread = new GuestThread();
  thread.trace = traceOf(wanted);
  const { promise, resolve } = Promise.withResolvers<NodeEnd>();
  thread.onReport = (report) => {
    if (report.kind === "refused") {
      resolve({ error: new ReplrtError(report.message, report.next) });
    }
  };
  const handles = { dirs, listeners: sockets.handles };
  const ready = thread.prepare(
    loaded.prepare(config.schedule),
    config,
    handles,
    false,
    inspection,
  );
  const tid = await Promise.race([ready, promise]);
  if (typeof tid !== "number") return endWith(tid);
  const run = newRunId();
  const init = encodeInit({
    ...{ run, module: loaded.hash, path: absolute(wanted.module) },
    ...{ machine: thisMachine(), config, digests: [] },
  });
  clearPlace(out);
  const log = new LogFile(out, run, embed ? loaded.bytes : undefined);
  tryLock(out, "file");
  const recorder = new Recorder({
    thread,
    clocks: new GuestClocks(tid),
    run,
    log,
    lost: (error) => {
      say.event({ event: "recordingOff", reason: error.message });
      if (onLogError === "stop") resolve({ error: stopped(out, error) });
      return onLogError === "continue";
    },
    fault: (report) => endForFault({ say, end: resolve, log }, report, noPeer),
  });
  recorder.control(Control.processInit, init);
  sockets.serveAlone(say);
  thread.go();
  recorder.pump();
  return await endOfRun(recorder, promise, say, inspection);
}

function noPeer(): void {}

function stopped(out: string, error: ReplrtError): ReplrtError {
  return new ReplrtError(
    `cannot go on recording to ${out}: ${error.message}`,
    "make room, or let the program go on without its recording: --on-log-error continue",
  );
}
