/** What is printed of recordings. @module */
import {
  entriesOf,
  type Entry,
} from "../../../src/runtime/recording/messages.ts";
import { lineOf } from "../../../src/runtime/recording/print.ts";
import { painter } from "../../../src/runtime/recording/print_call.ts";
import {
  Recording,
  type RecordingEnd,
} from "../../../src/runtime/recording/recording.ts";
import { startNode } from "../../kit/node.ts";
import { type Ended, ended } from "./runs.ts";

/** Runs `replrt log`. */
export function log(
  file: string,
  ...options: readonly string[]
): Promise<Ended> {
  return ended(startNode(["log", file, ...options]));
}

/** Runs `replrt diff`. */
export function diff(a: string, b: string): Promise<Ended> {
  return ended(startNode(["diff", a, b]));
}

/** The lines of a text. */
export function linesOf(text: string): string[] {
  return text.split("\n").slice(0, -1);
}

/** All messages of a recording, and how far it is good. */
export function read(
  file: string,
): { readonly entries: Entry[]; readonly end: RecordingEnd } {
  const recording = Recording.open(file);
  const entries: Entry[] = [];
  const all = entriesOf(recording);
  for (;;) {
    const step = all.next();
    if (step.done) {
      recording.close();
      return { entries, end: step.value };
    }
    entries.push(step.value);
  }
}

const PLAIN = { paint: painter(false), threads: false, pointers: false };

/** A message as `replrt log` prints it. */
export function line(entry: Entry): string {
  return lineOf(entry, PLAIN);
}

/** Messages as a trace shows them: without their numbers. */
export function unnumbered(entries: readonly Entry[]): string[] {
  return entries.map((entry) => line(entry).replace(/^ *\d+ /, ""));
}
