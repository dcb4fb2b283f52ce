import { dirname, join } from "node:path/posix";
import type { Source } from "./source.ts";

/** One module named by another: `import`, `export … from` or `import()`. */
export interface Import {
  /** What the text says: "./a.ts", "node:net", "cbor-x". */
  readonly specifier: string;
  /** The file it means, relative to the root; absent for packages and built-ins. */
  readonly file?: string;
  /** Where the specifier stands. */
  readonly start: number;
}

const BEFORE_SPECIFIER = /(?:^|[^\w$.])(?:from|import|import\s*\()\s*$/;

/** Lists the modules that a source names by a literal. */
export function importsOf(source: Source): Import[] {
  return source.strings.flatMap(({ start, end }) => {
    const before = source.code.slice(Math.max(0, start - 40), start);
    if (!BEFORE_SPECIFIER.test(before)) return [];
    const specifier = source.text.slice(start + 1, end - 1);
    if (!specifier.startsWith(".")) return [{ specifier, start }];
    const file = join(dirname(source.path), specifier);
    return [{ specifier, file, start }];
  });
}
