import { bytesMoved } from "../../wasi-intercept/outcome_text.ts";
import type { Entry } from "./messages.ts";
import { grouped } from "../status.ts";
import type { Paint } from "./print_call.ts";

/** What the calls of one method come to. */
interface Sum {
  calls: number;
  errors: number;
  /** Bytes that went to or from the guest. */
  bytes: number;
  /** Bytes in the log. */
  logged: number;
  ns: number;
}

/** Cells of the longest bar. */
const BAR = 20;
const EIGHTHS = " ▏▎▍▌▋▊▉";

/** Said below the table. */
const REMARK =
  "time: between the clock stamps of the log's frames, in equal shares for the calls of a frame; it includes computing";

/** Calls, errors, bytes and time by method. */
export class Stats {
  readonly #sums = new Map<string, Sum>();

  /** Counts a call; other messages are none. */
  add({ seen, errno, size, ns }: Entry): void {
    if (seen === undefined) return;
    const { row, intent } = seen.call;
    const name = intent ? `intent of ${row.name}` : row.name;
    const sum = this.#sums.get(name) ??
      { calls: 0, errors: 0, bytes: 0, logged: 0, ns: 0 };
    sum.calls++;
    if (errno !== 0) sum.errors++;
    sum.bytes += bytesMoved(seen.items);
    sum.logged += size;
    sum.ns += ns;
    this.#sums.set(name, sum);
  }

  /** A table with bars, the method that took most of the time first. */
  lines(paint: Paint): string[] {
    const rows = this.#sorted();
    const total: Sum = { calls: 0, errors: 0, bytes: 0, logged: 0, ns: 0 };
    for (const [, sum] of rows) {
      for (const key of Object.keys(total) as (keyof Sum)[]) {
        total[key] += sum[key];
      }
    }
    const most = Math.max(1, ...rows.map(([, { ns }]) => ns));
    const cells = [
      ["calls", "errors", "bytes", "in the log", "time in ms"],
      ...[...rows, ["", total] as const].map(([, sum]) => cellsOf(sum)),
    ];
    const widths = cells[0]!.map((_, i) =>
      Math.max(...cells.map((row) => row[i]!.length))
    );
    const names = ["method", ...rows.map(([name]) => name), "all"];
    const width = Math.max(...names.map(({ length }) => length));
    const lines = cells.map((row, i) => {
      const numbers = row.map((cell, j) => cell.padStart(widths[j]!));
      const name = (names[i] as string).padEnd(width);
      const sum = rows[i - 1]?.[1];
      const bar = sum === undefined ? "" : barOf(sum.ns / most);
      return `${numbers.join("  ")}  ${
        i === 0 ? name : paint("call", name)
      }  ${bar}`.trimEnd();
    });
    return [...lines, REMARK];
  }

  /** One object a method, in the order of the table. */
  json(): string[] {
    return this.#sorted().map(([call, { ns, ...sum }]) =>
      JSON.stringify({ call, ...sum, ms: ns / 1e6 })
    );
  }

  #sorted(): (readonly [string, Sum])[] {
    return [...this.#sums].sort(([, a], [, b]) =>
      b.ns - a.ns || b.calls - a.calls
    );
  }
}

function cellsOf({ calls, errors, bytes, logged, ns }: Sum): string[] {
  const ms = ns / 1e6;
  const [whole, part] = ms.toFixed(3).split(".");
  return [
    ...[calls, errors, bytes, logged].map(grouped),
    `${grouped(Number(whole))}.${part}`,
  ];
}

function barOf(share: number): string {
  const eighths = Math.round(share * BAR * 8);
  return "█".repeat(eighths >> 3) + (EIGHTHS[eighths & 7] as string).trim();
}
