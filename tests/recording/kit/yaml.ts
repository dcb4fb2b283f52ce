/** A strict reader of the little YAML that workflow files need: maps, lists, plain values, `[a, b]`, comments. @module */

/** A value: a text, or a list or map of them. */
export type Yaml = string | readonly Yaml[] | { readonly [key: string]: Yaml };

interface Line {
  readonly indent: number;
  readonly text: string;
}

/** What a document says. @throws {Error} for what is not read here, and for what no reader takes. */
export function parseYaml(document: string): Yaml {
  const lines = document.split("\n").filter((line) => !/^\s*(#|$)/.test(line))
    .map((line): Line => {
      if (/\t|\s$/.test(line)) throw new Error(`tab or space: ${line}`);
      const text = line.trimStart();
      return { indent: line.length - text.length, text };
    });
  const value = parseBlock(lines, 0);
  if (lines.length > 0) throw new Error(`wrong indent: ${lines[0]?.text}`);
  return value;
}

function parseBlock(lines: Line[], indent: number): Yaml {
  return lines[0]?.text.startsWith("- ")
    ? parseList(lines, indent)
    : parseMap(lines, indent);
}

function parseList(lines: Line[], indent: number): Yaml {
  const items: Yaml[] = [];
  while (lines[0]?.indent === indent && lines[0].text.startsWith("- ")) {
    const text = lines[0].text.slice(2);
    lines[0] = { indent: indent + 2, text };
    items.push(parseBlock(lines, indent + 2));
  }
  return items;
}

function parseMap(lines: Line[], indent: number): Yaml {
  const map: Record<string, Yaml> = {};
  while (lines[0]?.indent === indent) {
    const [, key = "", value] = /^([\w-]+):(?: (.*))?$/.exec(lines[0].text) ??
      [];
    if (key === "" || key in map) throw new Error(`no key: ${lines[0].text}`);
    lines.shift();
    const deeper = lines[0]?.indent ?? 0;
    map[key] = value !== undefined
      ? parseValue(value)
      : deeper > indent
      ? parseBlock(lines, deeper)
      : "";
  }
  return map;
}

/** A plain value may not begin as something else does, nor hold what starts a map or a comment. */
function parseValue(text: string): Yaml {
  const list = /^\[(.*)\]$/.exec(text)?.[1];
  if (list !== undefined) return list.split(", ").map(parseValue);
  if (/^[-?:,[\]{}#&*!|>'"%@`]|: | #/.test(text)) {
    throw new Error(`no plain value: ${text}`);
  }
  return text;
}
