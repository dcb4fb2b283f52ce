/** A strict reader of the little XML that reports are made of. @module */

/** An element with its attributes and what is in it. */
export interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly Element[];
  readonly text: string;
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&amp;": "&",
  "&lt;": "<",
  "&gt;": ">",
  "&quot;": '"',
  "&#10;": "\n",
};

function plain(text: string): string {
  return text.replace(/&[^;\s]*;?/g, (entity) => {
    const found = ENTITIES[entity];
    if (found === undefined) throw new Error(`unknown entity ${entity}`);
    return found;
  });
}

/** The root element of a document. @throws {Error} when it is not well-formed. */
export function parseXml(document: string): Element {
  // deno-lint-ignore no-control-regex
  const bad = /[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/.exec(document);
  if (bad !== null) throw new Error(`a bad character at ${bad.index}`);
  const head = /^<\?xml version="1\.0" encoding="UTF-8"\?>\s*/.exec(document);
  if (head === null) throw new Error("no XML declaration");
  const { element, rest } = parseElement(document.slice(head[0].length));
  if (rest.trim() !== "") throw new Error(`behind the root: ${rest}`);
  return element;
}

function parseElement(from: string): { element: Element; rest: string } {
  const open = /^<([a-z]+)((?: [a-z]+="[^"<]*")*)(\/?)>/.exec(from);
  if (open === null) throw new Error(`no element: ${from.slice(0, 80)}`);
  const [all, name = "", list = "", slash] = open;
  const pairs = [...list.matchAll(/ ([a-z]+)="([^"]*)"/g)]
    .map(([, key = "", value = ""]) => [key, plain(value)] as const);
  const attributes = Object.fromEntries(pairs);
  const children: Element[] = [];
  let text = "", rest = from.slice(all.length);
  if (slash !== "") {
    return { element: { name, attributes, children, text }, rest };
  }
  for (;;) {
    const end = rest.indexOf("<");
    if (end < 0) throw new Error(`${name} does not end`);
    text += plain(rest.slice(0, end));
    rest = rest.slice(end);
    if (rest.startsWith("</")) break;
    const child = parseElement(rest);
    children.push(child.element);
    rest = child.rest;
  }
  const close = `</${name}>`;
  if (!rest.startsWith(close)) throw new Error(`${name} is not closed`);
  rest = rest.slice(close.length);
  return { element: { name, attributes, children, text }, rest };
}
