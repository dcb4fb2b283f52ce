/** A stretch of a source text, `[start, end)` in UTF-16 units. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** A source file, split into what runs and what is only read. */
export interface Source {
  /** Relative to the root, with slashes. */
  readonly path: string;
  readonly text: string;
  /**
   * The text at the same offsets, with comments, regular expressions and the
   * contents of strings turned into spaces; line ends and quotes stay.
   */
  readonly code: string;
  readonly comments: readonly Span[];
  /** String literals without substitutions, quotes included. */
  readonly strings: readonly Span[];
}

/** Words after which a `/` opens a regular expression. */
const BEFORE_REGEX =
  /(?:^|[^\w$.])(?:return|typeof|case|in|of|do|else|void|delete|throw|new|await|yield|instanceof)$/;

/** Splits TypeScript, JavaScript or C; never throws, whatever the text. */
export function readSource(path: string, text: string): Source {
  const scanner = new Scanner(text);
  scanner.scan();
  const { comments, strings } = scanner;
  return { path, text, code: scanner.code(), comments, strings };
}

/** The line of an offset, counted from 1. */
export function lineOf(source: Source, offset: number): number {
  let line = 1;
  for (let i = 0; i < offset; i++) {
    if (source.text.charCodeAt(i) === 10) line++;
  }
  return line;
}

class Scanner {
  readonly comments: Span[] = [];
  readonly strings: Span[] = [];
  readonly #blanks: Span[] = [];
  /** Open braces; true marks a `${`, whose end goes back into its template. */
  readonly #braces: boolean[] = [];
  readonly #text: string;
  #at = 0;
  /** The end of the last token that is no comment and no space. */
  #tokenEnd = 0;

  constructor(text: string) {
    this.#text = text;
  }

  scan() {
    while (this.#at < this.#text.length) {
      const char = this.#text[this.#at] as string;
      if (/\s/.test(char)) this.#at++;
      else if (this.#sees("//")) this.#comment("\n", 0);
      else if (this.#sees("/*")) this.#comment("*/", 2);
      else this.#token(char);
    }
  }

  code(): string {
    const parts: string[] = [];
    let from = 0;
    for (const { start, end } of this.#blanks) {
      parts.push(this.#text.slice(from, start));
      parts.push(this.#text.slice(start, end).replace(/[^\n]/g, " "));
      from = end;
    }
    return parts.join("") + this.#text.slice(from);
  }

  #token(char: string) {
    if (char === '"' || char === "'") this.#string(char);
    else if (char === "`") this.#template(this.#at + 1);
    else if (char === "/" && this.#opensRegex()) this.#regex();
    else if (char === "}" && this.#braces.pop()) this.#template(this.#at + 1);
    else {
      if (char === "{") this.#braces.push(false);
      this.#at++;
    }
    this.#tokenEnd = this.#at;
  }

  #sees(what: string): boolean {
    return this.#text.startsWith(what, this.#at);
  }

  #comment(ending: string, width: number) {
    const found = this.#text.indexOf(ending, this.#at + 2);
    const end = found < 0 ? this.#text.length : found + width;
    this.comments.push({ start: this.#at, end });
    this.#blanks.push({ start: this.#at, end });
    this.#at = end;
  }

  #string(quote: string) {
    const start = this.#at;
    const end = this.#find((char) => char === quote || char === "\n", start);
    this.#at = Math.min(end + 1, this.#text.length);
    this.strings.push({ start, end: this.#at });
    this.#blanks.push({ start: start + 1, end });
  }

  /** Blanks template text from `from` to its end or its next substitution. */
  #template(from: number) {
    const stops = (char: string, at: number) =>
      char === "`" || (char === "$" && this.#text[at + 1] === "{");
    const end = this.#find(stops, from - 1);
    this.#blanks.push({ start: from, end });
    const substitutes = this.#text[end] === "$";
    if (substitutes) this.#braces.push(true);
    this.#at = Math.min(end + (substitutes ? 2 : 1), this.#text.length);
  }

  #opensRegex(): boolean {
    const before = this.#text.slice(
      Math.max(0, this.#tokenEnd - 12),
      this.#tokenEnd,
    );
    return !/[\w$)\]}"'`]$/.test(before) || BEFORE_REGEX.test(before);
  }

  #regex() {
    let inClass = false;
    const end = this.#find((char) => {
      if (char === "[") inClass = true;
      else if (char === "]") inClass = false;
      return char === "\n" || (char === "/" && !inClass);
    }, this.#at);
    this.#blanks.push({ start: this.#at, end });
    this.#at = Math.min(end + 1, this.#text.length);
  }

  /** The first place after `from` that `stops`, escapes skipped; else the end. */
  #find(stops: (char: string, at: number) => boolean, from: number): number {
    for (let at = from + 1; at < this.#text.length; at++) {
      const char = this.#text[at] as string;
      if (stops(char, at)) return at;
      if (char === "\\") at++;
    }
    return this.#text.length;
  }
}
