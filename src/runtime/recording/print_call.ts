/** Calls as text and as JSON. @module */
import { styleText } from "node:util";
import { argumentText } from "../../wasi-intercept/describe.ts";
import { errnoName } from "../../wasi-intercept/errno.ts";
import { itemsJson, itemsText } from "../../wasi-intercept/outcome_text.ts";
import { decoded } from "../../wasi-intercept/quote.ts";
import { wordsJson } from "../../wasi-intercept/words.ts";
import type { SeenCall } from "./print_fds.ts";

const STYLES = {
  number: "dim",
  call: "cyan",
  control: "magenta",
  failure: "red",
  less: "red",
  more: "green",
} as const;

/** Colours a part of a line, or leaves it as it is. */
export type Paint = (style: keyof typeof STYLES, text: string) => string;

/** Paints with the colours of a terminal where `on` is set. */
export function painter(on: boolean): Paint {
  return on
    ? (style, text) => styleText(STYLES[style], text, { validateStream: false })
    : (_style, text) => text;
}

/** How calls look. */
export interface CallStyle {
  readonly paint: Paint;
  /** Whether the pointers to what a call writes are shown too. */
  readonly pointers: boolean;
}

/** Who called: `[1.2]`. */
export function threadText(
  { pid, tid }: { readonly pid: number; readonly tid: number },
  paint: Paint,
): string {
  return paint("number", `[${pid}.${tid}]`);
}

/** A call with its outcome: `fd_read(fd=4</data/a>, …) = 5 "hello"`. */
export function callText(
  { call, items, names, added }: SeenCall,
  { paint, pointers }: CallStyle,
): string {
  const { row, intent, args, errno } = call;
  const texts = args.filter(({ type }) => pointers || type !== "out").map(
    (arg) => {
      const name = names.get(arg.name);
      const known = name === undefined ? "" : `<${name}>`;
      return `${arg.name}=${argumentText(arg)}${known}`;
    },
  );
  if (args.length < row.params.length) texts.push("…");
  const title = paint("call", row.name);
  const before = intent ? `${paint("control", "intent")} ` : "";
  const brought = [
    ...added === undefined ? [] : [`${added.fd}<${added.name}>`],
    itemsText(items),
  ].filter((text) => text !== "");
  const outcome = errno < 0
    ? "?"
    : errno > 0
    ? paint("failure", errnoName(errno))
    : brought.join(" ") || "success";
  return `${before}${title}(${texts.join(", ")}) = ${outcome}`;
}

/** A call for JSON. */
export function callJson(
  { call, items, names, added }: SeenCall,
): Record<string, unknown> {
  const { row, intent, args, errno } = call;
  return {
    call: row.name,
    ...intent ? { intent } : {},
    args: Object.fromEntries(args.map(({ name, words, value }) => [
      name,
      value instanceof Uint8Array ? decoded(value) : wordsJson(words, value),
    ])),
    ...names.size > 0 ? { names: Object.fromEntries(names) } : {},
    errno: errno < 0 ? null : errnoName(errno),
    ...added === undefined ? {} : { added },
    ...items.length > 0 ? { outcome: itemsJson(items) } : {},
  };
}
