import { type Breach, breach } from "./breach.ts";
import { type Import, importsOf } from "./imports.ts";
import type { Source } from "./source.ts";

/** A folder of src/ and what it may know besides the layers above it. */
interface Layer {
  readonly prefix: string;
  /** npm packages and built-ins it may import; absent when nothing is asked. */
  readonly packages?: readonly string[];
}

/** From the bottom up: a layer imports itself and those listed before it. */
const LAYERS: readonly Layer[] = [
  { prefix: "src/bytes/", packages: [] },
  { prefix: "src/engine/", packages: ["cbor-x", "node:zlib"] },
  { prefix: "src/wasi-intercept/", packages: ["cbor-x"] },
  { prefix: "src/runtime/" },
  { prefix: "src/cli/" },
  { prefix: "src/embed/" },
  { prefix: "src/mod.ts" },
];

const TRANSPORTS = "src/engine/transports/";
const TRANSPORT_PACKAGES = ["node:net", "node:tls"];
const HOST = "src/runtime/host/";
/** Built-ins that do the work of the host's folder. */
const HOST_PACKAGES = ["node:fs", "node:fs/promises", "node:perf_hooks"];
/** All that wasi-intercept may know of the engine. */
const SEAM = "src/engine/message.ts";

/**
 * Holds the direction of imports between the folders of src/.
 *
 * JSON is data and may be imported from anywhere.
 */
export function layerBreaches(sources: readonly Source[]): Breach[] {
  return sources.filter(({ path }) => path.startsWith("src/")).flatMap(
    (source) => {
      const rank = rankOf(source.path);
      if (rank < 0) {
        const names = LAYERS.map(({ prefix }) => prefix).join(", ");
        const text = `cannot place this file: it is in none of ${names}`;
        return [{ path: source.path, line: 1, text }];
      }
      return importsOf(source).flatMap((item) => {
        const reason = item.file === undefined
          ? packageProblem(source.path, rank, item.specifier)
          : fileProblem(source.path, rank, item as Required<Import>);
        if (!reason) return [];
        const text = `cannot import ${item.file ?? item.specifier}: ${reason}`;
        return [breach(source, item.start, text)];
      });
    },
  );
}

function rankOf(path: string): number {
  return LAYERS.findIndex(({ prefix }) => path.startsWith(prefix));
}

function fileProblem(
  path: string,
  rank: number,
  { file }: Required<Import>,
): string | undefined {
  if (file.endsWith(".json")) return undefined;
  const target = rankOf(file);
  if (target < 0) return "it is no part of src/";
  const { prefix } = LAYERS[rank] as Layer;
  if (target > rank) return `it lies above ${prefix}`;
  if (target === rank) {
    return file.startsWith(TRANSPORTS) && !path.startsWith(TRANSPORTS)
      ? `the engine is pure, only ${TRANSPORTS} moves bytes`
      : undefined;
  }
  return prefix === "src/wasi-intercept/" &&
      file.startsWith("src/engine/") && file !== SEAM
    ? `of the engine, ${prefix} knows only ${SEAM}`
    : undefined;
}

function packageProblem(
  path: string,
  rank: number,
  specifier: string,
): string | undefined {
  const { prefix, packages } = LAYERS[rank] as Layer;
  if (packages) {
    if (packages.includes(specifier)) return undefined;
    if (path.startsWith(TRANSPORTS) && TRANSPORT_PACKAGES.includes(specifier)) {
      return undefined;
    }
    return TRANSPORT_PACKAGES.includes(specifier)
      ? `sockets belong in ${TRANSPORTS}`
      : `${prefix} may use ${packages.join(", ") || "no package"} only`;
  }
  return !path.startsWith(HOST) && HOST_PACKAGES.includes(specifier)
    ? `the host's work is done in ${HOST}`
    : undefined;
}
