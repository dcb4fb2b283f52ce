/** Calls as text, from the table: for reports of divergences, and for those who read logs. @module */
import { Control } from "../engine/message.ts";
import { errnoName } from "./errno.ts";
import { type Called, type Field, type Item, readFields } from "./outcome.ts";
import { quoted } from "./quote.ts";
import { argumentBytes, INTENT, type Param, type Syscall } from "./syscall.ts";
import { rowOf } from "./table.ts";
import { type Words, wordsText } from "./words.ts";

const CONTROL_NAMES = new Map<number, string>(
  Object.entries(Control).map(([name, method]) => [method, name]),
);

/** The name of a control message's method, if it is one. */
export function controlName(method: number): string | undefined {
  return CONTROL_NAMES.get(method);
}

/** An argument of a call; a path is its bytes. */
export interface Argument {
  readonly name: string;
  readonly type: Param[1];
  readonly words: Words | undefined;
  readonly value: number | bigint | Uint8Array;
}

/** A call with its outcome. */
export interface Call {
  readonly row: Syscall;
  /** Whether it is the intent of a call, of which the outcome follows. */
  readonly intent: boolean;
  /** Fewer than the row has where they are cut off. */
  readonly args: readonly Argument[];
  /** Negative where the call did not return. */
  readonly errno: number;
  /** What a success left behind the arguments. */
  readonly data: Uint8Array;
}

function wordsOf(row: Syscall, name: string): Words | undefined {
  return row.words?.[name] ??
    (name === "fd" || name.endsWith("_fd") ? "fd" : undefined);
}

/** The call that a message is of; undefined for a control message and an unknown method. */
export function callOf(
  method: number,
  errno: number,
  data: Uint8Array,
): Call | undefined {
  const intent = method >= INTENT;
  const row = rowOf(intent ? method - INTENT : method);
  if (row === undefined) return undefined;
  const { args, size } = argumentsIn(row, data);
  return { row, intent, args, errno, data: data.subarray(size) };
}

/** The arguments at the start of DATA, and how many bytes they take. */
function argumentsIn(
  row: Syscall,
  data: Uint8Array,
): { readonly args: readonly Argument[]; readonly size: number } {
  const args: Argument[] = [];
  let at = 0, size = argumentBytes(row);
  if (data.length < size) return { args, size: data.length };
  const view = new DataView(data.buffer, data.byteOffset, data.length);
  for (const [name, type] of row.params) {
    let value: number | bigint | Uint8Array;
    if (type === "path") {
      const length = view.getUint32(at + 4, true);
      value = data.subarray(size, size + length);
      size += (length + 7) & ~7;
    } else {
      value = type === "u64"
        ? view.getBigUint64(at, true)
        : view.getUint32(at, true);
    }
    args.push({ name, type, words: wordsOf(row, name), value });
    at += type === "u64" || type === "path" ? 8 : 4;
  }
  return { args, size };
}

/** The arguments that a guest gave, as the import got them; `pathAt` gives a path's bytes. */
export function argumentsOf(
  row: Syscall,
  given: readonly (number | bigint)[],
  pathAt: (pointer: number, size: number) => Uint8Array,
): readonly Argument[] {
  let i = 0;
  return row.params.map(([name, type]) => {
    const first = given[i++] ?? 0;
    const value = typeof first === "bigint"
      ? BigInt.asUintN(64, first)
      : type === "path"
      ? pathAt(first >>> 0, Number(given[i++]) >>> 0)
      : first >>> 0;
    return { name, type, words: wordsOf(row, name), value };
  });
}

/** What a success brought; nothing after an error. */
export function outcomeOf(call: Call, mirrored: boolean): readonly Item[] {
  const { row, intent, errno, data } = call;
  const outcome = intent ? row.intent?.outcome : row.outcome;
  if (outcome === undefined || errno !== 0) return [];
  return readFields(fieldsOf(outcome, call, mirrored), data);
}

function fieldsOf(
  outcome: NonNullable<Syscall["outcome"]>,
  { args }: Call,
  mirrored: boolean,
): readonly Field[] {
  if (typeof outcome !== "function") return outcome;
  const named: Called["args"] = Object.fromEntries(
    args.map(({ name, value }) => [name, value]),
  );
  return outcome({ args: named, mirrored });
}

/** The value of an argument for a line of text. */
export function argumentText({ words, value }: Argument): string {
  return value instanceof Uint8Array ? quoted(value) : wordsText(words, value);
}

/** A call as the guest made it: `fd_read(fd=4, iovs=16, iovs_len=1, nread=8)`; a path shows its pointer and length. */
export function describeArguments(
  row: Syscall,
  args: readonly (number | bigint)[],
): string {
  const texts: string[] = [];
  let i = 0;
  for (const [name, type] of row.params) {
    const value = args[i++] as number | bigint;
    texts.push(
      type === "path"
        ? `${name}=${value}+${args[i++]}`
        : `${name}=${wordsText(wordsOf(row, name), value)}`,
    );
  }
  return `${row.name}(${texts.join(", ")})`;
}

/** A message's call with its arguments, and with `errno` its outcome; a path shows its text. */
export function describeMessage(
  method: number,
  data: Uint8Array,
  errno?: number,
): string {
  const call = callOf(method, errno ?? 0, data);
  if (call === undefined) {
    return controlName(method) ?? `unknown method ${method}`;
  }
  const { row, intent, args } = call;
  const texts = args.map((arg) => `${arg.name}=${argumentText(arg)}`);
  if (args.length < row.params.length) texts.push("…");
  const text = `${intent ? "intent of " : ""}${row.name}(${texts.join(", ")})`;
  return errno === undefined ? text : `${text} = ${errnoName(errno)}`;
}
