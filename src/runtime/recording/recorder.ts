import { type Batch, controlBatch, nextOf } from "../../engine/batch.ts";
import { runTag } from "../../engine/epoch.ts";
import { encodeFrame, type Envelope } from "../../engine/frame.ts";
import { drain } from "../drain.ts";
import { ReplrtError } from "../errors.ts";
import type { GuestEnd } from "../guest/end.ts";
import type { GuestReport } from "../guest/protocol.ts";
import { bootMs } from "../host/clock.ts";
import type { GuestClocks } from "../host/clock.ts";
import type { LogFile } from "../node/log_file.ts";
import type { GuestThread } from "../node/thread.ts";
import { breathe } from "../node/unhurried.ts";
import { OutputQueues } from "../outputs.ts";
import { stampBytes } from "../clocks.ts";

/** How often a guest is looked after that does not call for it, in ms. */
const TICK_MS = 50;

/** How long an ending node waits for peers that take nothing, in ms. */
const LAST_BYTES_MS = 5000;

/** What a recorder stands on. */
export interface RecorderParts {
  readonly thread: GuestThread;
  readonly clocks: GuestClocks;
  readonly run: Uint8Array;
  readonly log: LogFile;
  /** The log could not be written: gives whether the run goes on without. */
  readonly lost: (error: ReplrtError) => boolean;
  /** Gets what the guest reports but its end. */
  readonly fault: (
    report: Exclude<GuestReport, { kind: "ready" | "live" | "ended" }>,
  ) => void;
}

/** How a recorded guest ended, once all its outputs have left. */
export interface RecordedEnd {
  readonly end: GuestEnd;
  readonly memory: string | undefined;
}

/**
 * Runs a guest with its log on disk and no backup: the log counts as one that acks when it is written, so that nothing leaves
 * which the log does not have.
 */
export class Recorder {
  /** Resolves when the guest has ended and its outputs have left. */
  readonly ended: Promise<RecordedEnd>;
  readonly #parts: RecorderParts;
  readonly #outputs: OutputQueues;
  readonly #envelope: () => Envelope;
  readonly #end: (end: RecordedEnd) => void;
  readonly #ticker: ReturnType<typeof setInterval>;
  #log: LogFile | undefined;
  #next = 0;
  #over = false;

  constructor(parts: RecorderParts) {
    const { thread, run, clocks } = parts;
    this.#parts = parts;
    this.#log = parts.log;
    this.#outputs = new OutputQueues(thread.slots, () => thread.wake());
    this.#outputs.mayRelease = () => !this.#over;
    this.#envelope = () => ({
      run: runTag(run),
      epoch: { number: 1, node: 0 },
      clocks: stampBytes(clocks.stamp()),
    });
    const { promise, resolve } = Promise.withResolvers<RecordedEnd>();
    this.ended = promise;
    this.#end = resolve;
    this.#ticker = setInterval(() => this.#drain(), TICK_MS);
    thread.onReport = (report) => void this.#report(report);
  }

  /** Logs a control message of the node's own. */
  control(method: number, data: Uint8Array): void {
    this.#store(controlBatch(method, this.#next, data));
  }

  /** Takes the guest's messages from now on. */
  async pump(): Promise<void> {
    while (!this.#over) {
      await this.#parts.thread.outbox.readable();
      while (this.#drain());
      await breathe();
    }
  }

  /** Stops; nothing leaves any more. */
  close(): void {
    if (this.#over) return;
    this.#over = true;
    clearInterval(this.#ticker);
    this.#outputs.close();
    this.#log?.close();
  }

  #drain(): boolean {
    if (this.#over) return false;
    const { outbox } = this.#parts.thread;
    const { batch, more } = drain(outbox, this.#next, this.#outputs.add);
    if (batch !== undefined) this.#store(batch);
    if (!this.#over) this.#outputs.release(this.#next);
    return more;
  }

  #store(batch: Batch): void {
    const released = this.#outputs.left(this.#next);
    this.#next = nextOf(batch);
    if (this.#log === undefined) return;
    const frame = { kind: "data", batch, released } as const;
    try {
      this.#log.append(encodeFrame(this.#envelope(), frame), batch.first);
    } catch (error) {
      if (!(error instanceof ReplrtError)) throw error;
      this.#log.close();
      this.#log = undefined;
      if (!this.#parts.lost(error)) this.close();
    }
  }

  async #report(report: GuestReport): Promise<void> {
    if (report.kind === "ready" || report.kind === "live") return;
    if (report.kind !== "ended") return this.#parts.fault(report);
    while (this.#drain());
    const deadline = bootMs() + LAST_BYTES_MS;
    while (!this.#over && !this.#outputs.idle && bootMs() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 1));
      this.#outputs.retry();
    }
    if (this.#over) return;
    this.close();
    this.#end({ end: report.end, memory: report.memory });
  }
}
