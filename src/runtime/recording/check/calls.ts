import { Control, FIRST_SYSCALL } from "../../../engine/message.ts";
import { describeMessage } from "../../../wasi-intercept/describe.ts";
import { FIRST_TID } from "../../../wasi-intercept/messages.ts";
import type { Item } from "../../../wasi-intercept/outcome.ts";
import { decodeEnd } from "../../guest/end.ts";
import { entriesOf, type Entry, same, sameControl } from "../messages.ts";
import { callText } from "../print_call.ts";
import { controlText, controlTitle } from "../print_control.ts";
import { Recording } from "../recording.ts";
import type { DifferentCall } from "./verdict.ts";

/** What of outcomes no guest sees: it is for nodes that share the storage. */
const UNSEEN = ["storage_ino", "storage_born"];
/**
 * What is left out of account in turn, until what the program did is explained: nearly every program gets the times of its files with
 * other things, unasked, and those of the last access and of the last change of status are another for each copy.
 */
const IGNORED = [
  [...UNSEEN, "atim", "mtim", "ctim"],
  [...UNSEEN, "atim", "ctim"],
  UNSEEN,
] as const;

/**
 * The first call that two recordings have not alike, apart from what they were started with; undefined when there is none.
 *
 * @throws {ReplrtError} when a recording can't be read.
 */
export function differentCall(
  one: string,
  other: string,
): DifferentCall | undefined {
  let found: DifferentCall | undefined;
  for (const ignored of IGNORED) {
    found = firstUnlike(one, other, ignored);
    if (found?.learnt) break;
  }
  return found;
}

function firstUnlike(
  one: string,
  other: string,
  ignored: readonly string[],
): DifferentCall | undefined {
  using first = new Calls(one);
  using second = new Calls(other);
  for (;;) {
    const a = first.next(), b = second.next();
    if (a === undefined && b === undefined) return undefined;
    if (a !== undefined && b !== undefined && alike(a, b, ignored)) continue;
    const texts = textsOf(a, b);
    const [x, y] = texts[0] === texts[1] && a !== undefined && b !== undefined
      ? [a, b].map((entry, i) => texts[i] + hiddenOf(entry, ignored))
      : texts;
    const learnt = a !== undefined && b !== undefined && learns(a) &&
      sameCall(a, b);
    return { seq: (a ?? b)!.seq, one: x!, other: y!, learnt };
  }
}

/** Whether a message says what the world gave; others say what the program did. */
function learns({ seen, method }: Entry): boolean {
  return seen !== undefined || method === Control.threadsWoken;
}

/** What a line of text leaves out of an outcome. */
function hiddenOf({ seen }: Entry, ignored: readonly string[]): string {
  const texts = (seen?.items ?? []).flatMap(({ field, value }) =>
    field.hidden && !ignored.includes(field.name) && typeof value === "bigint"
      ? [`${field.name}=${value}`]
      : []
  );
  return texts.length > 0 ? ` (${texts.join(", ")})` : "";
}

/** The guest's messages of a recording, one by one, without PROCESS_INIT. */
class Calls {
  readonly #recording: Recording;
  readonly #entries: Iterator<Entry>;

  constructor(path: string) {
    this.#recording = Recording.open(path);
    this.#entries = entriesOf(this.#recording);
    this.next();
  }

  next(): Entry | undefined {
    const step = this.#entries.next();
    return step.done ? undefined : step.value;
  }

  [Symbol.dispose](): void {
    this.#recording.close();
  }
}

function alike(a: Entry, b: Entry, ignored: readonly string[]): boolean {
  if (!sameCall(a, b)) return false;
  if (a.seen === undefined || b.seen === undefined) return sameControl(a, b);
  return a.errno === b.errno &&
    sameItems(a.seen.items, b.seen.items, ignored);
}

function sameCall(a: Entry, b: Entry): boolean {
  const [first, second] = [a.seen?.call.args ?? [], b.seen?.call.args ?? []];
  return a.method === b.method && a.tid === b.tid && a.digest === b.digest &&
    first.every(({ value }, i) => same(value, second[i]?.value));
}

function sameItems(
  a: readonly Item[],
  b: readonly Item[],
  ignored: readonly string[],
): boolean {
  return a.length === b.length && a.every(({ field, value }, i) => {
    const other = b[i]!.value;
    return ignored.includes(field.name) ||
      (isList(value) && isList(other)
        ? value.length === other.length &&
          value.every((items, i) => sameItems(items, other[i]!, ignored))
        : same(value, other));
  });
}

function isList(value: Item["value"]): value is readonly (readonly Item[])[] {
  return Array.isArray(value);
}

/** Both sides; with their threads where one is not the first. */
function textsOf(
  ...sides: readonly [Entry | undefined, Entry | undefined]
): readonly string[] {
  const threads = sides.some((entry) => (entry?.tid ?? 0) > FIRST_TID);
  return sides.map((entry) => {
    const thread = threads && entry !== undefined && entry.tid >= FIRST_TID
      ? `thread ${entry.tid}: `
      : "";
    return thread + textOf(entry);
  });
}

function textOf(entry: Entry | undefined): string {
  if (entry === undefined) return "nothing more";
  const { method, data, seen } = entry;
  if (seen !== undefined) {
    return callText(seen, { paint: (_, text) => text, pointers: false });
  }
  if (method >= FIRST_SYSCALL) return describeMessage(method, data);
  const end = method === Control.processExit ? decodeEnd(data) : undefined;
  if (end === undefined) {
    return `${controlTitle(method)}: ${controlText(method, data)}`;
  }
  return end.kind === "exit"
    ? `the end: exit code ${end.code}`
    : `the end: a trap, ${end.reason}`;
}
