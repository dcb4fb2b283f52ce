import { type Breach, breach } from "./breach.ts";
import type { Source } from "./source.ts";

const EXPORT = /^export\b(.*)$/gm;
const DECLARED =
  /^ (?:default |declare |abstract |async )*(?:function\*?|class|const enum|const|let|var|enum|interface|type|namespace) ?([\w$]*)/;

/** Names of the declarations that a source exports, and where. */
export function exportsOf(
  source: Source,
): { readonly name: string; readonly start: number }[] {
  const seen = new Set<string>();
  return [...source.code.matchAll(EXPORT)].flatMap((match) => {
    const rest = match[1] as string;
    if (/^ type [{*]/.test(rest)) return [];
    const name = DECLARED.exec(rest)?.[1] || rest.trim();
    if (seen.has(name)) return [];
    seen.add(name);
    return [{ name, start: match.index }];
  });
}

/**
 * Finds exports without a doc comment right above.
 *
 * Type-only re-exports need none, and of overloads only the first.
 */
export function exportBreaches(source: Source): Breach[] {
  return exportsOf(source).filter(({ start }) =>
    !source.comments.some((comment) =>
      source.text.startsWith("/**", comment.start) &&
      comment.end <= start &&
      /^\n?[^\S\n]*$/.test(source.text.slice(comment.end, start))
    )
  ).map(({ name, start }) =>
    breach(
      source,
      start,
      `cannot export ${name}: no doc comment stands right above it`,
    )
  );
}
