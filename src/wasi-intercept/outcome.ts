/**
 * What outcomes are made of: lists of fields, in which rows say what a success leaves in DATA, for those who read logs.
 *
 * Guests never come by here: a row's `commit` reads what it needs itself.
 *
 * @module
 */
import type { Words } from "./words.ts";

/** A number; a `count` is of bytes that went to or from the guest. */
interface NumberField {
  readonly kind: "number" | "count";
  readonly name: string;
  readonly size: 1 | 2 | 4 | 8;
  readonly words?: Words;
  readonly hidden?: boolean;
}

/** Bytes: all the rest, or as many as a field before it says. */
interface BytesField {
  readonly kind: "bytes" | "text";
  readonly name: string;
  readonly sizeIn?: string;
  readonly hidden?: boolean;
}

/** The same fields again and again, to the end, or for as many bytes as a field before it says. */
interface EachField {
  readonly kind: "each";
  readonly name: string;
  readonly fields: readonly Field[];
  readonly sizeIn?: string;
  readonly hidden?: boolean;
}

/** Bytes that say nothing. */
interface SkipField {
  readonly kind: "skip";
  readonly size: number;
}

/** A field of an outcome; those that DATA does not reach are not there. A hidden one is not in lines of text. */
export type Field = NumberField | BytesField | EachField | SkipField;

function number(size: 1 | 2 | 4 | 8) {
  return (name: string, words?: Words): NumberField =>
    words === undefined
      ? { kind: "number", name, size }
      : { kind: "number", name, size, words };
}

/** A number of 8 bits. */
export const u8 = number(1);
/** A number of 16 bits. */
export const u16 = number(2);
/** A number of 32 bits. */
export const u32 = number(4);
/** A number of 64 bits. */
export const u64 = number(8);

/** How many bytes went to or from the guest, 32 bits. */
export function count(name: string): Field {
  return { kind: "count", name, size: 4 };
}

/** All the rest, as bytes. */
export function bytes(name: string): Field {
  return { kind: "bytes", name };
}

/** Text of as many bytes as the field `sizeIn` says. */
export function text(name: string, sizeIn: string): Field {
  return { kind: "text", name, sizeIn };
}

/** Items of the same fields, in as many bytes as the field `sizeIn` says, else to the end. */
export function each(
  name: string,
  fields: readonly Field[],
  sizeIn?: string,
): Field {
  return sizeIn === undefined
    ? { kind: "each", name, fields }
    : { kind: "each", name, fields, sizeIn };
}

/** Bytes that say nothing. */
export function skip(size: number): Field {
  return { kind: "skip", size };
}

/** The field, but not in lines of text. */
export function hidden(field: Exclude<Field, SkipField>): Field {
  return { ...field, hidden: true };
}

/** What a row's list of fields may depend on. */
export interface Called {
  /** The arguments by name. */
  readonly args: Readonly<Record<string, number | bigint | Uint8Array>>;
  /** Whether `fd` is a file of a mirrored directory, of whose contents the log has a digest. */
  readonly mirrored: boolean;
}

/** What a success leaves in DATA. */
export type Outcome = readonly Field[] | ((call: Called) => readonly Field[]);

/** A field with its value. */
export interface Item {
  readonly field: Exclude<Field, SkipField>;
  readonly value: number | bigint | Uint8Array | readonly (readonly Item[])[];
}

/** Reads `fields` from the start of `data`, as far as it goes; never fails. */
export function readFields(
  fields: readonly Field[],
  data: Uint8Array,
): readonly Item[] {
  return read(fields, data).items;
}

function read(
  fields: readonly Field[],
  data: Uint8Array,
): { readonly items: Item[]; readonly size: number } {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const items: Item[] = [];
  let at = 0;
  for (const field of fields) {
    if (field.kind === "skip") {
      at += field.size;
      continue;
    }
    const size = sizeOf(field, items) ?? Math.max(0, data.length - at);
    if (at + size > data.length) break;
    items.push({ field, value: valueAt(field, view, at, size) });
    at += size;
  }
  return { items, size: at };
}

/** How long a field is, where it or one before it says so. */
function sizeOf(
  field: Item["field"],
  items: readonly Item[],
): number | undefined {
  if ("size" in field) return field.size;
  const length = items.find((item) => item.field.name === field.sizeIn);
  return length && Number(length.value);
}

function valueAt(
  field: Item["field"],
  view: DataView<ArrayBufferLike>,
  at: number,
  size: number,
): Item["value"] {
  if ("size" in field) return numberAt(view, at, field.size);
  const bytes = new Uint8Array(view.buffer, view.byteOffset + at, size);
  return field.kind === "each" ? itemsOf(field.fields, bytes) : bytes;
}

function itemsOf(
  fields: readonly Field[],
  data: Uint8Array,
): readonly (readonly Item[])[] {
  const all: (readonly Item[])[] = [];
  for (let at = 0; at < data.length;) {
    const { items, size } = read(fields, data.subarray(at));
    if (items.length === 0) break;
    all.push(items);
    at += size;
  }
  return all;
}

function numberAt(
  view: DataView,
  at: number,
  size: 1 | 2 | 4 | 8,
): number | bigint {
  switch (size) {
    case 1:
      return view.getUint8(at);
    case 2:
      return view.getUint16(at, true);
    case 4:
      return view.getUint32(at, true);
    case 8:
      return view.getBigUint64(at, true);
  }
}
