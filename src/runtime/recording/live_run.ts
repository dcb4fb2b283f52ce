import { encode } from "cbor-x";
import { Control } from "../../engine/message.ts";
import { offsetsAfter, stampBytes } from "../clocks.ts";
import { ReplrtError } from "../errors.ts";
import { liveRecord } from "../guest/ring_messages.ts";
import { GuestClocks } from "../host/clock.ts";
import type { LoadedModule } from "../module/load.ts";
import type { NodeEnd } from "../node/core.ts";
import { endForFault, type Fault } from "../node/faults.ts";
import { fillInbox } from "../node/inbox.ts";
import { LogFile } from "../node/log_file.ts";
import type { GuestSockets } from "../node/sockets.ts";
import { GuestThread } from "../node/thread.ts";
import type { Say } from "../say.ts";
import type { Survey } from "./live_survey.ts";
import { endOfRun, endWith } from "./ending.ts";
import { Recorder } from "./recorder.ts";
import type { Recording } from "./recording.ts";
import { batchAt, usedUp, withoutInit } from "./replay.ts";
import type { LogLoss } from "./solo_log_loss.ts";

/** What a recorded program goes on with. */
export interface LiveRun {
  readonly say: Say;
  readonly recording: Recording;
  readonly survey: Survey;
  readonly loaded: LoadedModule;
  /** Handles of its directories, in the guest's order. */
  readonly dirs: readonly number[];
  readonly sockets: GuestSockets;
  readonly sync: boolean;
  readonly lost: LogLoss;
  /** Puts in place what the live guest needs; called once it has followed the log to its end. */
  readonly arrive: () => Promise<void>;
}

/**
 * Runs a recorded program again up to the end of its recording, and from there on live, the recording with it; gives its exit
 * code. Of one that had ended only the outputs leave that may not have left.
 *
 * @throws {ReplrtError} for what the operator has to mend.
 */
export async function goOn(run: LiveRun): Promise<number> {
  const { say, recording, survey, loaded, dirs, sockets } = run;
  const { path, init } = recording;
  const thread = new GuestThread();
  const { promise: ending, resolve } = Promise.withResolvers<NodeEnd>();
  const read = (from: number) => batchAt(recording, from);
  const fault = (report: Fault) =>
    report.kind === "storage"
      ? resolve({ error: storageError(path, report.reason) })
      : endForFault({ say, end: resolve, log: { read } }, report, () => {});
  thread.onReport = (report) => {
    if (report.kind === "refused") fault(report);
  };
  const handles = { dirs, listeners: sockets.handles };
  const { config } = init;
  const ready = thread.prepare(
    loaded.prepare(config.schedule),
    config,
    handles,
    true,
  );
  const tid = await Promise.race([ready, ending]);
  if (typeof tid !== "number") return endWith(tid);
  const clocks = new GuestClocks(tid);
  const recorder = new Recorder({
    ...{ thread, clocks, fault, run: recording.run, sync: run.sync },
    log: new LogFile(path, recording.run, undefined, survey.size),
    before: { ...survey, epoch: survey.epoch + 1 },
    lost: (error) => run.lost(error, resolve),
  });
  thread.go();
  recorder.pump();
  const arrived = follow(run, thread).then(async () => {
    if (recorder.over) return;
    if (survey.end === undefined) await goLive(run, thread, recorder, clocks);
    recorder.open();
  });
  arrived.catch((error) => resolve(failureOf(error)));
  return await endOfRun(recorder, ending, say);
}

function failureOf(error: unknown): NodeEnd {
  return error instanceof ReplrtError ? { error } : {
    bug: error instanceof Error ? error.stack ?? error.message : `${error}`,
  };
}

/** Gives the guest the whole recording; resolves when it has used that up. */
async function follow(
  { recording, survey }: LiveRun,
  thread: GuestThread,
): Promise<void> {
  for (const { batch } of recording.frames()) {
    await fillInbox(thread.inbox, withoutInit(batch));
  }
  if (survey.end === undefined) await usedUp(thread);
}

/** Begins an epoch: its first message fixes the clocks, behind which the guest goes on by itself. */
async function goLive(
  run: LiveRun,
  thread: GuestThread,
  recorder: Recorder,
  clocks: GuestClocks,
): Promise<void> {
  const { say, survey, sockets } = run;
  await run.arrive();
  sockets.listen();
  const own = clocks.stamp();
  const since = own.realtime - survey.clocks.realtime;
  const offsets = offsetsAfter(survey.clocks, since > 0n ? since : 0n, own);
  clocks.offsets = offsets;
  const epoch = { number: survey.epoch + 1, node: 0 };
  const data = encode({ epoch, offsets: stampBytes(offsets) });
  const takeover = recorder.control(Control.takeover, new Uint8Array(data));
  if (recorder.over) return;
  const listen = sockets.texts;
  say.event({
    event: "resumed",
    epoch: epoch.number,
    seq: survey.next,
    listen,
  });
  await fillInbox(thread.inbox, takeover.bytes);
  await fillInbox(thread.inbox, liveRecord());
}

function storageError(path: string, reason: string): ReplrtError {
  return new ReplrtError(
    `cannot go on from ${path}: ${reason}`,
    "see that the disk is whole and that nobody changes the directories or the images beside the log",
  );
}
