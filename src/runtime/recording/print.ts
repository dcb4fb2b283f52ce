/** Lines of a log, as text and as JSON. @module */
import { controlName } from "../../wasi-intercept/describe.ts";
import type { Entry } from "./messages.ts";
import {
  callJson,
  type CallStyle,
  callText,
  threadText,
} from "./print_call.ts";
import { controlJson, controlText, controlTitle } from "./print_control.ts";

/** How lines look. */
export interface LineStyle extends CallStyle {
  /** Whether process and thread stand on each line. */
  readonly threads: boolean;
}

/** Room for a message's number. */
const NUMBER_WIDTH = 7;

/** A message as a line, without the line end. */
export function lineOf(entry: Entry, style: LineStyle): string {
  const { paint, threads } = style;
  const { seq, seen, method, data } = entry;
  const number = paint("number", `${seq}`.padStart(NUMBER_WIDTH));
  const thread = threads ? ` ${threadText(entry, paint)}` : "";
  const text = seen === undefined
    ? `${paint("control", controlTitle(method))}: ${controlText(method, data)}`
    : callText(seen, style);
  return `${number}${thread} ${text}`;
}

/** A message as one JSON object; its fields are those that README.md lists. */
export function jsonOf(entry: Entry): string {
  const { seq, pid, tid, monotonic, seen, method, data } = entry;
  const what = seen === undefined
    ? { control: controlName(method) ?? method, data: controlJson(data) }
    : callJson(seen);
  return JSON.stringify({ seq, pid, tid, clock: `${monotonic}`, ...what });
}
