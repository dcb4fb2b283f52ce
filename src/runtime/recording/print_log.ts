import { Control } from "../../engine/message.ts";
import { ReplrtError } from "../errors.ts";
import { Lines, ReaderGone } from "../host/stdout.ts";
import { Say } from "../say.ts";
import { entriesOf, type Entry, whereOf } from "./messages.ts";
import { jsonOf, lineOf } from "./print.ts";
import { painter } from "./print_call.ts";
import { checkNames, isWanted, type LogFilter } from "./print_filter.ts";
import { CUT, Recording, type RecordingEnd } from "./recording.ts";
import { Stats } from "./stats.ts";

/** All that `replrt log` was told. */
export interface LogOptions {
  readonly file: string;
  readonly filter: LogFilter;
  /** Sums by method instead of messages. */
  readonly stats: boolean;
  readonly json: boolean;
}

/** Whether lines on stdout may be coloured. */
export function stdoutHasColours(): boolean {
  return Deno.stdout.isTerminal() && !Deno.noColor;
}

/**
 * Prints a recording as far as it is good; gives the exit code.
 *
 * @throws {ReplrtError} for names that no message has, for a recording that can't be opened, and, after all that is good was printed, for a damaged one.
 */
export async function printLog(options: LogOptions): Promise<number> {
  checkNames(options.filter);
  const recording = Recording.open(options.file);
  const lines = new Lines();
  try {
    const end = await printTo(lines, recording, options);
    await lines.flush();
    if (end !== undefined) await sayEnd(recording, end);
  } catch (error) {
    if (!(error instanceof ReaderGone)) throw error;
  } finally {
    recording.close();
  }
  return 0;
}

/** Adds all that is wanted; gives how far the recording is good, if it was read to its end. */
async function printTo(
  lines: Lines,
  recording: Recording,
  { filter, stats, json }: LogOptions,
): Promise<RecordingEnd | undefined> {
  const paint = painter(!json && stdoutHasColours());
  const threads = new Threads();
  const sums = stats ? new Stats() : undefined;
  const entries = entriesOf(recording);
  let end: RecordingEnd | undefined;
  for (;;) {
    const step = entries.next();
    if (step.done) {
      end = step.value;
      break;
    }
    const entry = step.value;
    if (entry.seq > filter.to) break;
    threads.see(entry);
    if (!isWanted(filter, entry)) continue;
    if (sums !== undefined) sums.add(entry);
    else if (json) await lines.add(jsonOf(entry));
    else {
      const style = { paint, threads: threads.several, pointers: false };
      await lines.add(lineOf(entry, style));
    }
  }
  if (sums !== undefined) {
    for (const line of json ? sums.json() : sums.lines(paint)) {
      await lines.add(line);
    }
  }
  return end;
}

/** Whether a guest has shown more than one thread so far. */
class Threads {
  #first: { readonly pid: number; readonly tid: number } | undefined;
  several = false;

  see({ pid, tid, seen, method }: Entry): void {
    if (method === Control.threadCreate) this.several = true;
    if (seen === undefined) return;
    this.#first ??= { pid, tid };
    this.several ||= pid !== this.#first.pid || tid !== this.#first.tid;
  }
}

/** Says that a recording was cut. @throws {ReplrtError} when it is damaged. */
async function sayEnd({ path }: Recording, end: RecordingEnd): Promise<void> {
  if (end.damage === undefined) return;
  if (end.damage !== CUT) {
    throw new ReplrtError(`cannot read on in ${path} ${whereOf(end)}`);
  }
  const say = new Say({ json: false, quiet: false });
  say.lines([`replrt: ${path} ends ${whereOf(end)}`]);
  await say.flush(1000);
}
