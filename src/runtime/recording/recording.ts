/**
 * Recordings: the log of a run in a file of its own.
 *
 * A recording is a log file (docs/PROTOCOL.md): a head, perhaps the guest's module, then data frames from message 0 on, which
 * is PROCESS_INIT with the configuration. One that was cut, by a crash or a full disk, is good up to its last whole frame.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { decode } from "cbor-x";
import { type Batch, controlsOf, nextOf, viewOf } from "../../engine/batch.ts";
import { decodeFrame, frameSize } from "../../engine/decode.ts";
import type { RunTag } from "../../engine/epoch.ts";
import { runTag, sameRun } from "../../engine/epoch.ts";
import {
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

/** One frame of a recording. */
export interface RecordedFrame {
  readonly batch: Batch;
  /** The guest's clocks when it was written. */
  readonly clocks: Stamp;
  /** Outputs of messages below this had left. */
  readonly released: number;
  /** Where it ends in the file. */
  readonly end: number;
}

/** How far a recording can be read. */
export interface RecordingEnd {
  /** The first number that it has not. */
  readonly next: number;
  /** Bytes that are good. */
  readonly size: number;
  /** Why it ends before the end of its file; undefined when all of the file is good. */
  readonly damage: string | undefined;
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
    let at = this.#start;
    let next = 0;
    while (at < size) {
      const frame = this.#frameAt(at, next);
      if (typeof frame === "string") {
        return { next, size: at, damage: frame };
      }
      at = frame.end;
      next = nextOf(frame.batch);
      yield frame;
    }
    return { next, size: at, damage: undefined };
  }

  close(): void {
    this.#file.close();
  }

  #frameAt(at: number, next: number): RecordedFrame | string {
    const head = this.#file.readAt(at, FrameHeader.size);
    if (head.length < FrameHeader.size) return CUT;
    const size = frameSize(viewOf(head), 0);
    if (typeof size === "string") return size;
    const bytes = this.#file.readAt(at, size);
    if (bytes.length < size) return CUT;
    const frame = decodeFrame(bytes);
    if (typeof frame === "string") return frame;
    const { body } = frame;
    if (body.kind !== "data") return `a ${body.kind} frame is in it`;
    if (!sameRun(frame.run, this.#tag)) {
      return "a frame of another run is in it";
    }
    const { batch, released } = body;
    if (batch.first !== next) {
      return `message ${batch.first} stands where ${next} should`;
    }
    return {
      batch,
      released,
      clocks: stampOf(frame.clocks ?? NO_CLOCKS),
      end: at + size,
    };
  }

  #readInit(): InitData {
    const frame = this.#frameAt(this.#start, 0);
    if (typeof frame === "string") {
      throw new ReplrtError(
        `cannot read ${this.path}: ${frame} before its first message`,
        "record the run again",
      );
    }
    const [init] = controlsOf(frame.batch);
    if (init?.method !== Control.processInit) throw noRecording(this.path);
    return decode(init.data) as InitData;
  }
}

/** What is said of a file that ends within a frame. */
export const CUT = "it was cut";

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
