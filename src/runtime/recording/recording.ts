/**
 * Recordings: the log of a run in a file of its own.
 *
 * A recording is a log file (docs/PROTOCOL.md): a head, perhaps the guest's module, then data frames from message 0 on, which
 * is PROCESS_INIT with the configuration; between them heartbeats, which say that more outputs have left. One that was cut, by a crash or a full disk, is good up to its last whole frame.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { type Batch, controlsOf, nextOf, viewOf } from "../../engine/batch.ts";
import { decodeFrame, frameSize } from "../../engine/decode.ts";
import type { RunTag } from "../../engine/epoch.ts";
import { runTag, sameRun } from "../../engine/epoch.ts";
import {
  FRAME_MAGIC,
  FrameHeader,
  NO_CLOCKS,
  PROTOCOL_VERSION,
} from "../../engine/frame.ts";
import { decodeLogHeader, LOG_MAGIC, LogHeader } from "../../engine/log.ts";
import { Control } from "../../engine/message.ts";
import { stampOf } from "../clocks.ts";
import { ReplrtError } from "../errors.ts";
import type { Stamp } from "../host/clock.ts";
import { ReadableFile } from "../host/read_file.ts";
import type { InitData } from "../node/primary.ts";
import { decodeInit } from "./init.ts";

/** What every frame of a recording says. */
interface Mark {
  /** The guest's clocks when it was written. */
  readonly clocks: Stamp;
  /** Outputs of messages below this had left. */
  readonly released: number;
  /** Where it ends in the file. */
  readonly end: number;
}

/** One frame of a recording with messages. */
export interface RecordedFrame extends Mark {
  readonly batch: Batch;
  /** Number of the epoch in which it was written. */
  readonly epoch: number;
}

/** How far a recording can be read. */
export interface RecordingEnd {
  /** The first number that it has not. */
  readonly next: number;
  /** Bytes that are good. */
  readonly size: number;
  /** Why it ends before the end of its file; undefined when all of the file is good. */
  readonly damage: string | undefined;
  /** Outputs of messages below this are known to have left. */
  readonly released: number;
  /** The guest's clocks when the last good frame was written. */
  readonly clocks: Stamp;
}

/** A recording that is open. */
export class Recording {
  readonly path: string;
  readonly run: Uint8Array;
  /** What the run was started with. */
  readonly init: InitData;
  readonly #file: ReadableFile;
  readonly #tag: RunTag;
  readonly #start: number;
  readonly #moduleSize: number;

  private constructor(file: ReadableFile, head: Head) {
    this.path = file.path;
    this.#file = file;
    this.run = head.run;
    this.#tag = runTag(head.run);
    this.#moduleSize = head.module;
    this.#start = LogHeader.size + head.module;
    this.init = this.#readInit();
  }

  /**
   * Opens the recording at `path`.
   *
   * @throws {ReplrtError} for a file that can't be read, is none, is of another version, or is damaged before its first message.
   */
  static open(path: string): Recording {
    const file = new ReadableFile(path);
    try {
      return new Recording(file, headOf(file));
    } catch (error) {
      file.close();
      throw error;
    }
  }

  /** The module that was put into it; undefined when it was not. @throws {ReplrtError} when it is damaged. */
  module(): Uint8Array<ArrayBuffer> | undefined {
    if (this.#moduleSize === 0) return undefined;
    const bytes = this.#file.readAt(LogHeader.size, this.#moduleSize);
    const hash = createHash("sha256").update(bytes).digest("hex");
    if (hash === this.init.module) return bytes;
    throw new ReplrtError(
      `cannot read ${this.path}: the module in it is damaged`,
      "give the module with --module",
    );
  }

  /** All frames in order, as far as they are good. @throws {ReplrtError} when the disk fails. */
  *frames(): Generator<RecordedFrame, RecordingEnd> {
    const { size } = this.#file;
    let last: Mark = {
      clocks: stampOf(NO_CLOCKS),
      released: 0,
      end: this.#start,
    };
    let next = 0;
    const endedBy = (damage: string | undefined) => {
      const { clocks, released, end } = last;
      return { next, size: end, damage, released, clocks };
    };
    while (last.end < size) {
      const frame = this.#frameAt(last.end, next);
      if (typeof frame === "string") return endedBy(frame);
      last = frame;
      if (!("batch" in frame)) continue;
      next = nextOf(frame.batch);
      yield frame;
    }
    return endedBy(undefined);
  }

  /** Whether a good frame of this run stands anywhere from byte `from` on. @throws {ReplrtError} when the disk fails. */
  hasFrameAfter(from: number): boolean {
    const { size } = this.#file;
    for (let start = from; start < size; start += SEARCH_BYTES) {
      const bytes = this.#file.readAt(start, SEARCH_BYTES + 3);
      const view = viewOf(bytes);
      for (let at = 0; at + 4 <= bytes.length; at++) {
        if (view.getUint32(at, true) !== FRAME_MAGIC) continue;
        if (typeof this.#frameAt(start + at) !== "string") return true;
      }
    }
    return false;
  }

  close(): void {
    this.#file.close();
  }

  /** The frame at byte `at`, whose first message is `next` where that is known; why there is none. */
  #frameAt(at: number, next?: number): RecordedFrame | Mark | string {
    const head = this.#file.readAt(at, FrameHeader.size);
    if (head.length < FrameHeader.size) return CUT;
    const size = frameSize(viewOf(head), 0);
    if (typeof size === "string") return size;
    const bytes = this.#file.readAt(at, size);
    if (bytes.length < size) return CUT;
    const frame = decodeFrame(bytes);
    if (typeof frame === "string") return frame;
    const { body } = frame;
    if (body.kind !== "data" && body.kind !== "heartbeat") {
      return `a ${body.kind} frame is in it`;
    }
    if (!sameRun(frame.run, this.#tag)) {
      return "a frame of another run is in it";
    }
    const { released } = body;
    const clocks = stampOf(frame.clocks ?? NO_CLOCKS);
    const mark = { clocks, released, end: at + size };
    if (body.kind === "heartbeat") return mark;
    const { batch } = body;
    if (next !== undefined && batch.first !== next) {
      return `message ${batch.first} stands where ${next} should`;
    }
    return { ...mark, batch, epoch: frame.epoch.number };
  }

  #readInit(): InitData {
    const frame = this.#frameAt(this.#start, 0);
    if (typeof frame === "string") {
      throw new ReplrtError(
        `cannot read ${this.path}: ${frame} before its first message`,
        "record the run again",
      );
    }
    const [first] = "batch" in frame ? controlsOf(frame.batch) : [];
    const init = first?.method === Control.processInit && first.seq === 0
      ? decodeInit(first.data)
      : undefined;
    if (init === undefined) throw noRecording(this.path);
    return init;
  }
}

/** What is said of a file that ends within a frame. */
export const CUT = "it was cut";

/** Bytes in which a frame is searched at a time. */
const SEARCH_BYTES = 1 << 20;

interface Head {
  readonly run: Uint8Array;
  readonly module: number;
}

function headOf(file: ReadableFile): Head {
  const bytes = file.readAt(0, LogHeader.size);
  if (bytes.length === 0) throw noRecording(file.path, "it is empty");
  const view = viewOf(bytes);
  if (bytes.length < 12 || view.getUint32(0, true) !== LOG_MAGIC) {
    throw noRecording(file.path);
  }
  const version = view.getUint32(LogHeader.at.version, true);
  const head = decodeLogHeader(bytes);
  if (typeof head !== "string") return head;
  throw version === PROTOCOL_VERSION || version > 0xffff
    ? new ReplrtError(
      `cannot read ${file.path}: ${head}`,
      "record the run again",
    )
    : new ReplrtError(
      `cannot read ${file.path}: it is of format version ${version}, this replrt reads version ${PROTOCOL_VERSION}`,
      "use the replrt that made it, or record the run again",
    );
}

function noRecording(path: string, why = "it is no recording"): ReplrtError {
  return new ReplrtError(
    `cannot read ${path}: ${why}`,
    "make one with replrt record",
  );
}
