import { lineOf, type Source } from "./source.ts";

/** A rule broken at one place. */
export interface Breach {
  readonly path: string;
  /** Counted from 1. */
  readonly line: number;
  /** "cannot …: reason". */
  readonly text: string;
}

/** A breach at an offset of a source. */
export function breach(source: Source, offset: number, text: string): Breach {
  return { path: source.path, line: lineOf(source, offset), text };
}

/** Every place of `pattern`, which must be global, in `code`. */
export function* places(
  code: string,
  pattern: RegExp,
): Generator<{ readonly start: number; readonly found: string }> {
  for (const match of code.matchAll(pattern)) {
    yield { start: match.index, found: match[0] };
  }
}
