/** Runs that are kept in a state directory, killed and resumed. @module */
import { join } from "node:path/posix";
import {
  guest,
  PATIENCE_MS,
  type RunningNode,
  startNode,
  type Surroundings,
} from "../../kit/node.ts";
import { tempDir } from "../../kit/place.ts";
import { viewOf } from "../../../src/engine/batch.ts";
import { MessageHeader } from "../../../src/engine/message.ts";
import { fd_write } from "../../../src/wasi-intercept/fd_io.ts";
import { Recording } from "../../../src/runtime/recording/recording.ts";

/** A state directory, and a directory for the guest that is `/data` to it. */
export interface Kept {
  readonly state: string;
  readonly data: string;
}

/** Places of a run's own. */
export function places(): Kept {
  const dir = tempDir();
  const data = join(dir, "data");
  Deno.mkdirSync(data);
  return { state: join(dir, "state"), data };
}

/** What a kept run is started with. */
export interface KeptHow {
  readonly args?: readonly string[];
  /** More options of `replrt run`. */
  readonly options?: readonly string[];
  readonly around?: Surroundings;
}

/** Runs the guest `name`, kept at `kept`. */
export function keep(
  name: string,
  { state, data }: Kept,
  { args = [], options = [], around }: KeptHow = {},
): RunningNode {
  return startNode([
    ...["run", "--json", "--state-dir", state, "--dir", `${data}::/data`],
    ...[...options, guest(name), "--", ...args],
  ], around);
}

/** Resumes what is kept at `kept`. */
export function resume(
  { state }: Kept,
  options: readonly string[] = [],
  around: Surroundings = {},
): RunningNode {
  return startNode(["resume", "--json", state, ...options], around);
}

/** How far a log goes, and how far it says that outputs have left. */
export interface LogEnd {
  readonly next: number;
  readonly released: number;
  readonly size: number;
}

/** The end of the log at `path`. */
export function endOf(path: string): LogEnd {
  const recording = Recording.open(path);
  const frames = recording.frames();
  for (;;) {
    const step = frames.next();
    if (!step.done) continue;
    recording.close();
    return step.value;
  }
}

/** Resolves when the log says that all it has of stdout has left. @throws {Error} when it does not in time. */
export async function allLeft(path: string): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const { released } = endOf(path);
    const last = lastWrite(path);
    if (last !== undefined && released > last) return;
    if (Date.now() > deadline) {
      throw new Error(`stdout got message ${last}, left is below ${released}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

const STDOUT = 1;

/** The last message of the log that wrote to stdout. */
function lastWrite(path: string): number | undefined {
  const recording = Recording.open(path);
  let last: number | undefined;
  for (const { batch } of recording.frames()) {
    const view = viewOf(batch.bytes);
    for (let at = 0, seq = batch.first; at < batch.bytes.length; seq++) {
      const method = view.getUint16(at + MessageHeader.at.method, true);
      const fd = method === fd_write.id &&
        view.getUint32(at + MessageHeader.size, true);
      if (fd === STDOUT) last = seq;
      at += view.getUint32(at + MessageHeader.at.size, true);
    }
  }
  recording.close();
  return last;
}

/** What several lives of a program printed, as one text: a line that a later life repeats stands there once. @throws {Error} where they don't fit. */
export function joinLives(lives: readonly string[]): string {
  return lives.reduce((before, after) => {
    for (let from = 0; from <= before.length; from++) {
      if (after.startsWith(before.slice(from))) {
        return before.slice(0, from) + after;
      }
    }
    return before + after;
  });
}
