/** The reports as Markdown, and the file that keeps them. @module */
import { type Aim, reached, type Report, type Table } from "./area.ts";

const TOP = [
  "# Measurements",
  "",
  "Made by `deno task bench --write`, which replaces the parts it measured. Figures",
  "are medians of runs that take turns, so that what else the machine does hits all",
  "alike; ratios say more than times. Nothing else judges a time.",
].join("\n");

/** A report as a part of the file; `conditions` says when and where it was made. */
export function partOf(
  title: string,
  { about, tables, aims }: Report,
  conditions: string,
): string {
  return [
    `## ${title}`,
    about,
    ...tables.map(tableText),
    ...(aims.length === 0 ? [] : [tableText(aimsTable(aims))]),
    `_${conditions}_`,
  ].join("\n\n");
}

/** The file `old` with the parts that are new; `titles` has all there are, in their order. */
export function merge(
  old: string,
  parts: readonly string[],
  titles: readonly string[],
): string {
  const known = new Map<string, string>();
  for (const part of [...old.split(/^(?=## )/m).slice(1), ...parts]) {
    known.set(titleOf(part), part.trim());
  }
  const kept = titles.flatMap((title) => known.get(title) ?? []);
  return `${[TOP, ...kept].join("\n\n")}\n`;
}

function titleOf(part: string): string {
  return part.slice("## ".length).split("\n", 1)[0] as string;
}

function tableText({ about, head, rows }: Table): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [
    ...(about === undefined ? [] : [about, ""]),
    line(head),
    line(
      head.map((_, i) =>
        rows.every((row) => isFigure(row[i])) ? "---:" : "---"
      ),
    ),
    ...rows.map(line),
  ].join("\n");
}

function isFigure(cell: string | undefined): boolean {
  return /^-?\d|^none$/.test(cell ?? "");
}

function aimsTable(aims: readonly Aim[]): Table {
  return {
    head: ["aim", "limit", "measured", "reached", "if not, why"],
    rows: aims.map((aim) => [
      aim.what,
      `${aim.bound} ${aim.limit}${aim.unit}`,
      `${aim.value.toFixed(aim.unit === "x" ? 2 : 0)}${aim.unit}`,
      aim.moot !== undefined ? "not judged" : reached(aim) ? "yes" : "**no**",
      aim.moot ?? (reached(aim) ? "" : aim.why ?? "not known"),
    ]),
  };
}
