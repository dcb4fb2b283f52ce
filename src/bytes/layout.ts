import { assert } from "./assert.ts";

/** Width in bytes of each scalar a byte table may name; all are little-endian. */
const WIDTH = { u8: 1, u16: 2, u32: 4, u64: 8 } as const;
/** A type that a field may have. */
export type Scalar = keyof typeof WIDTH;

/** One row of a byte table: offset, type, name, meaning. */
export type Field = readonly [
  offset: number,
  type: Scalar,
  name: string,
  meaning: string,
];

/** The decoded form of a table: `u64` fields are integers below 2^53. */
export type Struct<R extends readonly Field[]> = {
  [F in R[number] as F[2]]: number;
};

/** A byte table that reads, writes and prints itself. */
export interface Layout<R extends readonly Field[]> {
  readonly name: string;
  /** Bytes of one struct. */
  readonly size: number;
  readonly fields: R;
  /** Offset of each field, for hot paths that read one field in place. */
  readonly at: { readonly [F in R[number] as F[2]]: number };
  write(view: DataView, offset: number, value: Struct<R>): void;
  /** Reads a struct; a `u64` of 2^53 or more gives `Infinity`, which no valid field equals. */
  read(view: DataView, offset: number): Struct<R>;
  /** The byte table as Markdown. */
  markdown(): string;
}

/**
 * Declares a fixed little-endian struct: the table is the code.
 *
 * @throws {Error} when rows overlap, are misaligned, or leave `size`.
 */
export function layout<const R extends readonly Field[]>(
  name: string,
  size: number,
  fields: R,
): Layout<R> {
  let end = 0;
  const at: Record<string, number> = {};
  for (const [offset, type, field] of fields) {
    const width = WIDTH[type];
    assert(
      offset >= end && offset % width === 0,
      `cannot lay out ${name}.${field} at ${offset}`,
    );
    end = offset + width;
    at[field] = offset;
  }
  assert(end <= size, `cannot fit ${name} in ${size} bytes`);
  return {
    name,
    size,
    fields,
    at: at as Layout<R>["at"],
    write(view, base, value) {
      const source = value as Record<string, number>;
      for (const [offset, type, field] of fields) {
        setScalar(view, base + offset, type, source[field] as number);
      }
    },
    read(view, base) {
      const out: Record<string, number> = {};
      for (const [offset, type, field] of fields) {
        out[field] = getScalar(view, base + offset, type);
      }
      return out as Struct<R>;
    },
    markdown() {
      const rows = fields.map(([offset, type, field, meaning]) =>
        `| ${offset} | ${type} | ${field} | ${meaning} |`
      );
      return [
        "| offset | type | field | meaning |",
        "| --- | --- | --- | --- |",
        ...rows,
      ].join("\n");
    },
  };
}

const HIGH = 2 ** 32;

/** Writes an integer below 2^53 as a little-endian u64. */
export function setU64(view: DataView, at: number, value: number): void {
  view.setUint32(at, value >>> 0, true);
  view.setUint32(at + 4, Math.floor(value / HIGH), true);
}

/** Reads a little-endian u64; 2^53 and above give `Infinity`. */
export function getU64(view: DataView, at: number): number {
  const high = view.getUint32(at + 4, true);
  return high < 0x20_0000 ? high * HIGH + view.getUint32(at, true) : Infinity;
}

function setScalar(view: DataView, at: number, type: Scalar, value: number) {
  if (type === "u64") setU64(view, at, value);
  else if (type === "u32") view.setUint32(at, value, true);
  else if (type === "u16") view.setUint16(at, value, true);
  else view.setUint8(at, value);
}

function getScalar(view: DataView, at: number, type: Scalar): number {
  if (type === "u64") return getU64(view, at);
  if (type === "u32") return view.getUint32(at, true);
  if (type === "u16") return view.getUint16(at, true);
  return view.getUint8(at);
}
