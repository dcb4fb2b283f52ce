import { lineOf, type Source } from "./source.ts";

/** A function with a body: declaration, method, accessor or arrow. */
export interface FunctionSpan {
  /** Where its parameters start, or its body where it has none in brackets. */
  readonly start: number;
  /** From there to the closing brace, both counted. */
  readonly lines: number;
}

/** Offsets of brackets, each mapped to its partner, both ways. */
type Partners = ReadonlyMap<number, number>;

/** What stands before a bracketed condition rather than before parameters. */
const CONDITION = /\b(?:if|for|while|switch|catch|with|await|case)\s*$/;
/** What no return type contains, so that no function's head ends there. */
const NO_TYPE = new Set([
  ..."; = ( [ { class interface enum namespace extends implements".split(" "),
  ..."else try catch finally do return const let var case default".split(" "),
  "static",
]);

/** Lists the functions of a source, nested ones too, by brace matching. */
export function functionsOf(source: Source): FunctionSpan[] {
  const { code } = source;
  const partners = partnersOf(code);
  const functions: FunctionSpan[] = [];
  for (const [open, close] of partners) {
    if (code[open] !== "{") continue;
    const start = functionStart(code, open, partners);
    if (start === undefined) continue;
    const lines = lineOf(source, close) - lineOf(source, start) + 1;
    functions.push({ start, lines });
  }
  return functions.sort((a, b) => a.start - b.start);
}

/** Pairs the brackets; a closing one too many is left out. */
function partnersOf(code: string): Partners {
  const partners = new Map<number, number>();
  const open: number[] = [];
  for (const { index, 0: bracket } of code.matchAll(/[()[\]{}]/g)) {
    if ("([{".includes(bracket)) {
      open.push(index);
      continue;
    }
    const start = open.pop();
    if (start === undefined) continue;
    partners.set(start, index);
    partners.set(index, start);
  }
  return partners;
}

/** Where the function starts whose body opens at `brace`, if it is one. */
function functionStart(
  code: string,
  brace: number,
  partners: Partners,
): number | undefined {
  const last = tokenBefore(code, brace);
  if (last?.text !== "=>") return parameters(code, brace, partners);
  return parameters(code, last.start, partners) ?? brace;
}

/**
 * The start of the parameters that end at `end`, with or without a return type.
 *
 * Walks back over the type, token by token, to a colon after a `)`.
 */
function parameters(
  code: string,
  end: number,
  partners: Partners,
): number | undefined {
  let at = end;
  for (;;) {
    const token = tokenBefore(code, at);
    if (!token || NO_TYPE.has(token.text)) return undefined;
    if (token.text === ")" && at === end) {
      return opening(code, token.start, partners);
    }
    if (token.text === ":") {
      const left = tokenBefore(code, token.start);
      if (left?.text === ")") return opening(code, left.start, partners);
    }
    const closes = ")]}".includes(token.text);
    if (token.text === "}" && code.slice(token.start, at).includes("\n")) {
      return undefined;
    }
    const next = closes ? partners.get(token.start) : token.start;
    if (next === undefined) return undefined;
    at = next;
  }
}

/** The word, arrow or sign that ends before `end`, spaces skipped. */
function tokenBefore(
  code: string,
  end: number,
): { readonly text: string; readonly start: number } | undefined {
  let stop = end;
  while (stop > 0 && /\s/.test(code[stop - 1] as string)) stop--;
  const text = /(?:=>|[\w$]+|\S)$/.exec(
    code.slice(Math.max(0, stop - 60), stop),
  )
    ?.[0];
  return text === undefined ? undefined : { text, start: stop - text.length };
}

/** The `(` of the parameters that end at `close`, unless they are a condition. */
function opening(
  code: string,
  close: number,
  partners: Partners,
): number | undefined {
  const open = partners.get(close);
  if (open === undefined) return undefined;
  const before = code.slice(Math.max(0, open - 20), open);
  return CONDITION.test(before) ? undefined : open;
}
