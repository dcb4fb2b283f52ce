/** What the demo ends with. @module */
import { grouped } from "../../src/runtime/status.ts";
import type { Findings } from "./verify.ts";

/** What came of the demo. */
export interface Result extends Findings {
  /** From the kill to the first answer of the survivor; undefined when none came. */
  readonly takeoverMs: number | undefined;
  /** Of `acked`, those that the survivor answered. */
  readonly ackedAfter: number;
  /** Size of the survivor's log. */
  readonly logBytes: number;
}

/** The table, a line a row. */
export function tableOf(result: Result): string[] {
  const { acked, lost, open, openDone, takeoverMs, logBytes } = result;
  const rows: [string, number | undefined][] = [
    ["writes acknowledged", acked],
    ["lost", lost],
    ["takeover, ms", takeoverMs],
    ["log bytes a write", acked === 0 ? undefined : logBytes / acked],
    ["writes without an answer", open],
    ["  that happened", openDone],
  ];
  const values = rows.map(([, value]) =>
    value === undefined ? "none" : grouped(Math.round(value))
  );
  const width = Math.max(...values.map(({ length }) => length));
  return rows.map(([name], i) =>
    name.padEnd(26) + (values[i] as string).padStart(width)
  );
}

/** What went wrong, in words; empty when all went well. */
export function failuresOf(result: Result): string[] {
  const failures: string[] = [];
  const { lost, doubled, takeoverMs, ackedAfter, acked } = result;
  if (acked === ackedAfter) failures.push("no write came before the kill");
  if (takeoverMs === undefined) failures.push("nobody took over");
  if (ackedAfter === 0) failures.push("no write came after the takeover");
  if (lost > 0) failures.push(`${grouped(lost)} acknowledged writes are lost`);
  if (doubled > 0) failures.push(`${grouped(doubled)} writes happened twice`);
  return failures;
}
