import { type Batch, controlBatch, nextOf } from "../../engine/batch.ts";
import { runTag } from "../../engine/epoch.ts";
import { encodeFrame, type Envelope } from "../../engine/frame.ts";
import { drain, type StreamSink } from "../drain.ts";
import { ReplrtError } from "../errors.ts";
import type { GuestEnd } from "../guest/end.ts";
import { STDERR_SLOT, StreamOp } from "../guest/local.ts";
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
  /** Whether nothing leaves before the log is on the disk itself. */
  readonly sync?: boolean;
  /** What the log holds already; the guest follows it, until {@linkcode Recorder.takeOver}. */
  readonly before?: Before;
  /** The log could not be written: gives whether the run goes on without. */
  readonly lost: (error: ReplrtError) => boolean;
  /** Gets what the guest reports but its end. */
  readonly fault: (
    report: Exclude<GuestReport, { kind: "ready" | "live" | "ended" }>,
  ) => void;
}

/** A log that goes on. */
export interface Before {
  /** The first number that it has not. */
  readonly next: number;
  /** Outputs of messages below this are known to have left: they don't leave again. */
  readonly released: number;
  /** Number of the epoch that begins. */
  readonly epoch: number;
}

/** How a recorded guest ended, once all its outputs have left. */
export interface RecordedEnd {
  readonly end: GuestEnd;
  readonly memory: string | undefined;
}

/**
 * Drives a guest with its log on disk and no backup: the log counts as one that acks when it is written, so that nothing leaves
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
  #next: number;
  /** What the last frame on disk says of how far outputs have left. */
  #logged: number;
  /** Outputs of messages below this may count as left: the guest has made all of them. */
  #leftLimit: number;
  /** Whether outputs may leave. */
  #open: boolean;
  /** The last message with an output on stdout or stderr. */
  #shown = -1;
  #over = false;

  constructor(parts: RecorderParts) {
    const { thread, run, clocks, before } = parts;
    this.#parts = parts;
    this.#next = before?.next ?? 0;
    this.#logged = before?.released ?? 0;
    this.#leftLimit = before?.released ?? Infinity;
    this.#open = before === undefined;
    this.#log = parts.log;
    this.#outputs = new OutputQueues(thread.slots, () => thread.wake());
    this.#outputs.mayRelease = () => !this.#over;
    this.#outputs.forget(this.#logged);
    const epoch = { number: before?.epoch ?? 1, node: 0 };
    this.#envelope = () => ({
      run: runTag(run),
      epoch,
      clocks: stampBytes(clocks.stamp()),
    });
    const { promise, resolve } = Promise.withResolvers<RecordedEnd>();
    this.ended = promise;
    this.#end = resolve;
    this.#ticker = setInterval(() => this.#tick(), TICK_MS);
    thread.onReport = (report) => void this.#report(report);
  }

  /** Logs a control message of the node's own. */
  control(method: number, data: Uint8Array): Batch {
    const batch = controlBatch(method, this.#next, data);
    this.#store(batch);
    return batch;
  }

  /** Lets outputs leave: those that the log has and that are not known to have left, then the guest's own. */
  open(): void {
    this.#open = true;
    while (this.#drain());
  }

  /** Whether it stopped. */
  get over(): boolean {
    return this.#over;
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
    const { batch, more } = drain(outbox, this.#next, this.#sink);
    if (batch !== undefined) this.#store(batch);
    if (!this.#over && this.#open) this.#outputs.release(this.#next);
    return more;
  }

  readonly #sink: StreamSink = (seq, slot, op, bytes) => {
    if (slot <= STDERR_SLOT && op === StreamOp.bytes) this.#shown = seq;
    this.#outputs.add(seq, slot, op, bytes);
  };

  #store(batch: Batch): void {
    const released = this.#left();
    this.#next = nextOf(batch);
    const frame = { kind: "data", batch, released } as const;
    this.#write(released, (log) => {
      log.append(encodeFrame(this.#envelope(), frame), batch.first);
      if (this.#parts.sync) log.sync();
    });
  }

  #left(): number {
    const left = Math.min(this.#outputs.left(this.#next), this.#leftLimit);
    return Math.max(this.#logged, left);
  }

  /** Notes in the log that outputs have left since its last frame, so that they don't leave again where it goes on. */
  #mark(): void {
    const released = this.#left();
    if (released <= this.#logged) return;
    const next = this.#next;
    const at = { next, end: next, released, sent: 0 };
    const frame = { kind: "heartbeat", ...at } as const;
    this.#write(
      released,
      (log) => log.note(encodeFrame(this.#envelope(), frame)),
    );
  }

  #tick(): void {
    this.#drain();
    if (!this.#over && this.#shown >= this.#logged) this.#mark();
  }

  #write(released: number, write: (log: LogFile) => void): void {
    if (this.#log === undefined) return;
    try {
      write(this.#log);
      this.#logged = released;
    } catch (error) {
      if (!(error instanceof ReplrtError)) throw error;
      this.#log.close();
      this.#log = undefined;
      if (!this.#parts.lost(error)) this.close();
    }
  }

  async #report(report: GuestReport): Promise<void> {
    if (report.kind === "ready") return;
    if (report.kind !== "ended" && report.kind !== "live") {
      return this.#parts.fault(report);
    }
    while (this.#drain());
    this.#leftLimit = Infinity;
    if (report.kind === "live") return;
    const deadline = bootMs() + LAST_BYTES_MS;
    const unread = () => this.#outputs.left(this.#next) < this.#next;
    while (
      !this.#over &&
      (unread() || !this.#outputs.idle && bootMs() < deadline)
    ) {
      await new Promise((resolve) => setTimeout(resolve, 1));
      this.#outputs.retry();
    }
    if (this.#over) return;
    this.#mark();
    this.close();
    this.#end({ end: report.end, memory: report.memory });
  }
}
