/** Stops the world between a primary and its backup around one change of a shared directory. @module */
import type { Batch } from "../../../src/engine/batch.ts";
import { viewOf } from "../../../src/engine/batch.ts";
import type { Frame } from "../../../src/engine/frame.ts";
import { MessageHeader } from "../../../src/engine/message.ts";
import { INTENT } from "../../../src/wasi-intercept/syscall.ts";
import type { Proxy, Way } from "../../nodes/kit/proxy.ts";

/** How far a change and its messages have come. */
export const WINDOWS = [
  "the intent is on its way",
  "the intent is held, its ack is on its way",
  "the change is made, its outcome is on its way",
  "the outcome is held",
] as const;

/** One of them. */
export type Window = typeof WINDOWS[number];

/** Whether the change may have been made in a window. */
export function isMade(window: Window): boolean {
  return window === WINDOWS[2] || window === WINDOWS[3];
}

/** Number of the first message of `method` in a batch, if there is one. */
function find({ first, count, bytes }: Batch, method: number) {
  const view = viewOf(bytes);
  for (let at = 0, seq = first; seq < first + count; seq++) {
    if (view.getUint16(at + MessageHeader.at.method, true) === method) {
      return seq;
    }
    at += view.getUint32(at + MessageHeader.at.size, true);
  }
  return undefined;
}

/** So many signs of life behind a held ack: a primary that did not wait for it would have gone on by then. */
const BEATS = 3;

/** Resolves when the next change by `method` has come to `window`; what would bring it further is held from then on. */
export function stopAt(
  proxy: Proxy,
  method: number,
  window: Window,
): Promise<void> {
  const [intentLost, ackLost, outcomeLost] = WINDOWS;
  const byData = window === intentLost || window === outcomeLost;
  const early = window === intentLost || window === ackLost;
  const wanted = early ? method + INTENT : method;
  return new Promise((resolve) => {
    let seq: number | undefined, stopped = false, beats = 0;
    const stops = ({ body }: Frame, way: Way): boolean => {
      if (way === "toBackup" && body.kind === "data") {
        seq ??= find(body.batch, wanted);
        return byData && seq !== undefined;
      }
      const acks = way === "toPrimary" && body.kind === "ack";
      return acks && !byData && seq !== undefined && body.next > seq;
    };
    proxy.rule = (frame, way) => {
      const held = stops(frame, way);
      stopped ||= held;
      if (stopped && frame.body.kind === "heartbeat") beats++;
      const over = early ? beats === BEATS : stopped;
      if (over) resolve();
      return held ? "hold" : frame;
    };
  });
}
