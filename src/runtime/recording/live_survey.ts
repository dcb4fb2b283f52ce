import { controlsOf } from "../../engine/batch.ts";
import { Control } from "../../engine/message.ts";
import { ReplrtError } from "../errors.ts";
import { decodeEnd, type GuestEnd } from "../guest/end.ts";
import type { Stamp } from "../host/clock.ts";
import type { Recording } from "./recording.ts";

/** What has to be known of a recording before its program goes on. */
export interface Survey {
  /** The first number that it has not. */
  readonly next: number;
  /** Bytes that are good; what follows is the torn end of a crash. */
  readonly size: number;
  /** Outputs of messages below this are known to have left. */
  readonly released: number;
  /** The guest's clocks when it was last written. */
  readonly clocks: Stamp;
  /** Number of its last epoch. */
  readonly epoch: number;
  /** How the program ended, if it had. */
  readonly end: GuestEnd | undefined;
}

/**
 * Reads a recording to its end.
 *
 * @throws {ReplrtError} when it is damaged before its end, or backups had a part in its run: one of them may live on.
 */
export function surveyOf(recording: Recording): Survey {
  const { path } = recording;
  const frames = recording.frames();
  let epoch = 1;
  let end: GuestEnd | undefined;
  for (;;) {
    const step = frames.next();
    if (!step.done) {
      epoch = step.value.epoch;
      for (const { method, seq, data } of controlsOf(step.value.batch)) {
        if (method === Control.memberJoined) throw replicated(path);
        if (method !== Control.processExit) continue;
        end = decodeEnd(data);
        if (end === undefined) throw unreadable(path, seq);
      }
      continue;
    }
    const { next, size, damage, released, clocks } = step.value;
    if (damage !== undefined && recording.hasFrameAfter(size)) {
      throw new ReplrtError(
        `cannot go on from ${path}: it is damaged after message ${
          next - 1
        } and goes on behind that (${damage})`,
        `restore it from a copy; to go on from there without what follows: truncate -s ${size} ${path}`,
      );
    }
    return { next, size, released, clocks, epoch, end };
  }
}

function unreadable(path: string, seq: number): ReplrtError {
  return new ReplrtError(
    `cannot go on from ${path}: message ${seq}, the program's end, can't be read`,
    "restore it from a copy",
  );
}

function replicated(path: string): ReplrtError {
  return new ReplrtError(
    `cannot go on from ${path}: the run had backups, of which one may have taken over`,
    "start a node that joins the survivor: replrt run … --role primary --peer HOST:PORT",
  );
}
