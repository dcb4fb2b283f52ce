import { controlsOf, nextOf } from "../../engine/batch.ts";
import { type Batch, offsetOf } from "../../engine/batch.ts";
import { Control } from "../../engine/message.ts";
import { NO_HANDLE } from "../../wasi-intercept/descriptors.ts";
import { ReplrtError } from "../errors.ts";
import { exitCodeOf } from "../guest/end.ts";
import { bootMs } from "../host/clock.ts";
import type { NodeEnd } from "../node/core.ts";
import { endForFault } from "../node/faults.ts";
import { fillInbox } from "../node/inbox.ts";
import { GuestThread } from "../node/thread.ts";
import { Say } from "../say.ts";
import type { StatusStyle } from "../status.ts";
import type { Inspection } from "./check/inspection.ts";
import { endWith } from "./ending.ts";
import { moduleOf } from "./recorded_module.ts";
import { CUT, type RecordedFrame, Recording } from "./recording.ts";
import { Shown } from "./shown.ts";

/** All that `replrt replay` was told. */
export interface ReplayOptions extends StatusStyle {
  readonly file: string;
  /** Path of the module; undefined: the one in the recording, else where it was. */
  readonly module: string | undefined;
  /** The message to stop after. */
  readonly until: number | undefined;
  /** As fast as it goes, or at the recorded pace. */
  readonly speed: "fast" | "real";
}

/** How often it is looked whether the guest has used up all there is, in ms. */
const LOOK_MS = 5;

/**
 * Runs a recorded program again, with no effect on the world but its stdout and stderr; gives its exit code, or 123 after a
 * divergence. `inspection` is that of `replrt check`.
 *
 * @throws {ReplrtError} for what the operator has to mend: a recording or a module that is not right, one that was cut before its end.
 */
export async function replay(
  options: ReplayOptions,
  inspection?: Inspection,
): Promise<number> {
  const say = inspection?.say ??
    new Say({ json: options.json, quiet: false });
  const recording = Recording.open(options.file);
  const { config } = recording.init;
  if (config.dirs.some(({ shared }) => !shared)) throw unrecorded(options.file);
  const loaded = moduleOf(recording, options.module);
  const thread = new GuestThread();
  const { promise, resolve } = Promise.withResolvers<NodeEnd>();
  const shown = new Shown(thread, options.quiet);
  const log = { read: (from: number) => batchAt(recording, from) };
  thread.onReport = (report) => {
    if (report.kind === "ready" || report.kind === "live") return;
    shown.flush().then(() => {
      if (report.kind !== "ended") {
        return endForFault({ say, end: resolve, log }, report, () => {});
      }
      inspection?.ended({ end: report.end, memory: report.memory });
      say.end(report.end);
      resolve({ code: exitCodeOf(report.end) });
    });
  };
  const none = (count: number) => Array<number>(count).fill(NO_HANDLE);
  const handles = {
    dirs: none(config.dirs.length),
    listeners: none(config.listeners),
  };
  await Promise.race([
    thread.prepare(
      loaded.prepare(config.schedule),
      config,
      handles,
      true,
      inspection,
    ),
    promise,
  ]);
  thread.go();
  shown.pump();
  const fed = feed(recording, thread, options);
  fed.then(async (reason) => {
    if (reason === undefined) return;
    await usedUp(thread);
    await shown.flush();
    const { next, text } = reason;
    if (text === undefined) {
      say.event({ event: "replayed", seq: next - 1, reason: null });
      return resolve({ code: 0 });
    }
    resolve({
      error: new ReplrtError(
        `cannot replay ${options.file} to the program's end: ${text} after message ${
          next - 1
        }`,
      ),
    });
  });
  const end = await promise;
  await say.flush(1000);
  return endWith(end);
}

/** Why a replay ends before the program did. */
interface Stop {
  readonly next: number;
  /** Undefined at the message that was asked for. */
  readonly text: string | undefined;
}

/** Gives the guest the recording; undefined when that has the program's end. */
async function feed(
  recording: Recording,
  thread: GuestThread,
  { until = Infinity, speed }: ReplayOptions,
): Promise<Stop | undefined> {
  const pace = new Pace(speed);
  const frames = recording.frames();
  for (;;) {
    const step = frames.next();
    if (step.done) {
      const { next, damage } = step.value;
      const text = damage === undefined ? CUT : damage;
      return { next, text };
    }
    await pace.wait(step.value);
    const { batch } = step.value;
    const part = cutAfter(batch, until);
    await fillInbox(thread.inbox, withoutInit(part));
    if (nextOf(part) > until) return { next: nextOf(part), text: undefined };
    if (controlsOf(part).some(({ method }) => method === Control.processExit)) {
      return undefined;
    }
  }
}

/** The messages of a batch up to number `last`. */
function cutAfter(batch: Batch, last: number): Batch {
  if (nextOf(batch) - 1 <= last) return batch;
  const count = last + 1 - batch.first;
  const bytes = batch.bytes.subarray(0, offsetOf(batch, last + 1));
  return { first: batch.first, count, bytes };
}

/** A batch's messages without PROCESS_INIT, which is not the guest's. */
export function withoutInit(batch: Batch): Uint8Array {
  return batch.first === 0
    ? batch.bytes.subarray(offsetOf(batch, 1))
    : batch.bytes;
}

/** Waits so that frames come as far apart as they were recorded. */
class Pace {
  readonly #real: boolean;
  #start: { readonly recorded: bigint; readonly now: number } | undefined;

  constructor(speed: "fast" | "real") {
    this.#real = speed === "real";
  }

  async wait({ clocks }: RecordedFrame): Promise<void> {
    if (!this.#real) return;
    this.#start ??= { recorded: clocks.monotonic, now: bootMs() };
    const { recorded, now } = this.#start;
    const due = now + Number(clocks.monotonic - recorded) / 1e6;
    const ms = due - bootMs();
    if (ms > 0) await new Promise((resolve) => setTimeout(resolve, ms));
  }
}

/** Resolves when the guest waits for more than there is. */
export async function usedUp({ inbox }: GuestThread): Promise<void> {
  while (!inbox.empty) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

/** The batch that holds message `from`; undefined where the recording does not. */
export function batchAt(recording: Recording, from: number): Batch | undefined {
  for (const { batch } of recording.frames()) {
    if (nextOf(batch) > from) return batch;
  }
  return undefined;
}

function unrecorded(file: string): ReplrtError {
  return new ReplrtError(
    `cannot replay ${file}: it is the log of a node with a mirrored directory, whose contents are not in it`,
    "record the program with replrt record",
  );
}
