/** Outcomes as text and as JSON. @module */
import type { Item } from "./outcome.ts";
import { decoded, quoted } from "./quote.ts";
import { wordsJson, wordsText } from "./words.ts";

/** Bytes of data that a line shows, and items of a list. */
const SHOWN = 32;

/** What a success brought, for a line of text; nothing when it brought nothing. */
export function itemsText(items: readonly Item[]): string {
  const shown = items.filter(({ field }) => field.hidden !== true);
  const [first] = shown;
  if (first === undefined) return "";
  if (shown.length === 1) return valueText(first);
  const parts = shown.map((item) => `${item.field.name}=${valueText(item)}`);
  return `{${parts.join(", ")}}`;
}

function valueText({ field, value }: Item): string {
  if (value instanceof Uint8Array) {
    return field.kind === "text"
      ? quoted(value)
      : `${value.length} ${quoted(value, SHOWN)}`;
  }
  if (typeof value === "object") return listText(value);
  return wordsText("words" in field ? field.words : undefined, value);
}

/** A number that is 0 and no name is left out of an item: it does not apply. */
function applies({ field, value }: Item): boolean {
  const named = "words" in field && typeof field.words === "object" &&
    "one" in field.words;
  return named || value instanceof Uint8Array || Number(value) !== 0;
}

function listText(items: readonly (readonly Item[])[]): string {
  const texts = items.slice(0, SHOWN).map((item) => {
    const set = item.filter(applies);
    return itemsText(set.length > 0 ? set : item);
  });
  const rest = items.length > SHOWN ? ", ..." : "";
  return `${items.length} [${texts.join(", ")}${rest}]`;
}

/** What a success brought, whole: bytes in base64, text as it is. */
export function itemsJson(items: readonly Item[]): Record<string, unknown> {
  return Object.fromEntries(items.map((item) => [item.field.name, json(item)]));
}

function json({ field, value }: Item): unknown {
  if (value instanceof Uint8Array) {
    return field.kind === "text" ? decoded(value) : base64(value);
  }
  if (typeof value === "object") return value.map(itemsJson);
  return wordsJson("words" in field ? field.words : undefined, value);
}

/** Bytes in base64. */
export function base64(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

/** How many bytes went to or from the guest. */
export function bytesMoved(items: readonly Item[]): number {
  return items.reduce((sum, { field, value }) => {
    if (field.kind === "count") return sum + Number(value);
    return field.kind === "bytes" ? sum + (value as Uint8Array).length : sum;
  }, 0);
}
