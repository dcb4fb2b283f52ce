import { exitCodeOf } from "../guest/end.ts";
import type { NodeEnd } from "../node/core.ts";
import type { Say } from "../say.ts";
import type { Inspection } from "./check/inspection.ts";
import type { Recorder } from "./recorder.ts";

/** How long an ending node tries to write its last status lines, in ms. */
const LAST_LINES_MS = 1000;

/**
 * Waits for the end of a recorded guest, or of its node by `ending`, and gives the exit code.
 *
 * @throws {ReplrtError} when the node could not go on.
 */
export async function endOfRun(
  recorder: Recorder,
  ending: Promise<NodeEnd>,
  say: Say,
  inspection?: Inspection,
): Promise<number> {
  const ended = await Promise.race([recorder.ended, ending]);
  recorder.close();
  if (!("end" in ended)) return endWith(ended);
  inspection?.ended(ended);
  say.end(ended.end);
  await say.flush(LAST_LINES_MS);
  return exitCodeOf(ended.end);
}

/** The exit code of a node that ended so. @throws {ReplrtError} */
export function endWith(end: NodeEnd): number {
  if ("bug" in end) throw new Error(end.bug);
  if ("error" in end) throw end.error;
  return end.code;
}
