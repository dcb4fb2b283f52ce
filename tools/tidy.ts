/**
 * The rules of this project that no formatter, linter or compiler knows.
 *
 * `deno run -A tools/tidy.ts [ROOT]` prints `FILE:LINE: cannot …: reason` for
 * each breach and exits 1, or prints one line of counts.
 *
 * @module
 */
import { join } from "node:path/posix";
import { banBreaches } from "./tidy/bans.ts";
import type { Breach } from "./tidy/breach.ts";
import { exportBreaches, exportsOf } from "./tidy/exports.ts";
import { functionsOf } from "./tidy/functions.ts";
import { graphBreaches } from "./tidy/graph.ts";
import { layerBreaches } from "./tidy/layers.ts";
import { functionBreaches, testBreaches, textBreaches } from "./tidy/shape.ts";
import { readSource, type Source } from "./tidy/source.ts";
import { walk } from "./walk.ts";

const MODULES = ["src", "tests", "tools", "bench", "examples"];
const TEXTS = ["guests"];

/** Reads the tree at `root` and lists every breach, by file and line. */
export function tidy(root: string): { breaches: Breach[]; counts: string } {
  const read = (path: string) =>
    readSource(path, Deno.readTextFileSync(join(root, path)));
  const modules = MODULES.flatMap((folder) => walk(root, folder, [".ts"]))
    .map(read);
  const texts = TEXTS.flatMap((folder) => walk(root, folder, [".c", ".h"]))
    .map(read);
  const breaches = [
    ...layerBreaches(modules),
    ...graphBreaches(modules),
    ...[...modules, ...texts].flatMap(textBreaches),
    ...modules.flatMap((source) => [
      ...banBreaches(source),
      ...functionBreaches(source),
      ...exportBreaches(source),
      ...testBreaches(source),
    ]),
  ].sort((a, b) =>
    a.path < b.path ? -1 : a.path > b.path ? 1 : a.line - b.line
  );
  return { breaches, counts: countsOf(modules, texts) };
}

function countsOf(modules: readonly Source[], texts: readonly Source[]) {
  const sum = (count: (source: Source) => number, of: readonly Source[]) =>
    of.reduce((total, source) => total + count(source), 0).toLocaleString("en");
  const lines = sum(({ text }) => text.split("\n").length - 1, [
    ...modules,
    ...texts,
  ]);
  const functions = sum((source) => functionsOf(source).length, modules);
  const exported = sum((source) => exportsOf(source).length, modules);
  const files = modules.length + texts.length;
  return `${files} files, ${lines} lines, ${functions} functions, ${exported} exports: tidy`;
}

if (import.meta.main) {
  const { breaches, counts } = tidy(Deno.args[0] ?? ".");
  for (const { path, line, text } of breaches) {
    console.log(`${path}:${line}: ${text}`);
  }
  if (breaches.length > 0) Deno.exit(1);
  console.log(counts);
}
