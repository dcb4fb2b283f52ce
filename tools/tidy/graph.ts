import { type Breach, breach } from "./breach.ts";
import { type Import, importsOf } from "./imports.ts";
import type { Source } from "./source.ts";

/** Where a program can start; those that do not exist are ignored. */
const ROOTS = [
  "src/cli/main.ts",
  "src/runtime/worker.ts",
  "src/runtime/recording/check/child.ts",
  "src/mod.ts",
];

type Graph = ReadonlyMap<
  string,
  { readonly source: Source; readonly imports: readonly Import[] }
>;

/**
 * Finds import cycles anywhere and files of src/ that no root reaches.
 *
 * Type-only imports count. Each cycle is reported at the import that closes it.
 */
export function graphBreaches(sources: readonly Source[]): Breach[] {
  const graph: Graph = new Map(
    sources.map((source) => [
      source.path,
      { source, imports: importsOf(source) },
    ]),
  );
  return [...cycles(graph), ...orphans(graph)];
}

function cycles(graph: Graph): Breach[] {
  const breaches: Breach[] = [];
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (name: string) => {
    const node = graph.get(name);
    if (!node || done.has(name)) return;
    path.push(name);
    for (const { file, start } of node.imports) {
      const from = file === undefined ? -1 : path.indexOf(file);
      if (from >= 0) {
        const round = [...path.slice(from), file].join(" → ");
        const text = `cannot import ${file}: a cycle, ${round}`;
        breaches.push(breach(node.source, start, text));
      } else if (file !== undefined) visit(file);
    }
    path.pop();
    done.add(name);
  };
  for (const name of graph.keys()) visit(name);
  return breaches;
}

function orphans(graph: Graph): Breach[] {
  const roots = ROOTS.filter((root) => graph.has(root));
  if (roots.length === 0) return [];
  const reached = new Set<string>();
  const visit = (name: string) => {
    const node = graph.get(name);
    if (!node || reached.has(name)) return;
    reached.add(name);
    for (const { file } of node.imports) if (file !== undefined) visit(file);
  };
  roots.forEach(visit);
  return [...graph.keys()]
    .filter((path) => path.startsWith("src/") && !reached.has(path))
    .map((path) => ({
      path,
      line: 1,
      text: `cannot keep this file: nothing that starts at ${
        roots.join(" or ")
      } imports it`,
    }));
}
