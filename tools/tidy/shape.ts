import { type Breach, breach, places } from "./breach.ts";
import { functionsOf } from "./functions.ts";
import type { Source } from "./source.ts";

const FILE_LINES_MAX = 400;
const FUNCTION_LINES_MAX = 70;

/** Finds a file that is too long, and marks of unfinished work in its comments. */
export function textBreaches(source: Source): Breach[] {
  const breaches: Breach[] = [];
  const lines = source.text.replace(/\n$/, "").split("\n").length;
  if (lines > FILE_LINES_MAX) {
    const text =
      `cannot have ${lines} lines: ${FILE_LINES_MAX} is the limit, split the file by idea`;
    breaches.push({ path: source.path, line: FILE_LINES_MAX + 1, text });
  }
  for (const { start, end } of source.comments) {
    const comment = source.text.slice(start, end);
    for (const mark of places(comment, /\b(?:TODO|FIXME|XXX)\b/g)) {
      const text =
        `cannot leave ${mark.found}: finish it, or say what is not supported`;
      breaches.push(breach(source, start + mark.start, text));
    }
  }
  return breaches;
}

/** Finds functions that are too long. */
export function functionBreaches(source: Source): Breach[] {
  return functionsOf(source).filter(({ lines }) => lines > FUNCTION_LINES_MAX)
    .map(({ start, lines }) =>
      breach(
        source,
        start,
        `cannot have a function of ${lines} lines: ${FUNCTION_LINES_MAX} is the limit, name its parts`,
      )
    );
}

/** Finds test files that never start uvu, which would pass without a test. */
export function testBreaches(source: Source): Breach[] {
  if (!/^tests\/.*\.test\.ts$/.test(source.path)) return [];
  if (/\.run\(\)/.test(source.code)) return [];
  const text = "cannot test anything: the file never calls test.run()";
  return [{ path: source.path, line: 1, text }];
}
