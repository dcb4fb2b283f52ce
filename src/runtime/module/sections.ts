import { skipValueType } from "./instructions.ts";
import { Malformed, Reader } from "./reader.ts";

/** Bytes of the magic number and the version. */
export const HEADER_BYTES = 8;

/** The ids of the sections that are read or written here. */
export const SectionId = {
  custom: 0,
  types: 1,
  imports: 2,
  functions: 3,
  tables: 4,
  memories: 5,
  globals: 6,
  exports: 7,
  start: 8,
  elements: 9,
  code: 10,
  data: 11,
  dataCount: 12,
  tags: 13,
} as const;

/** The ids of all but custom sections, in the order that they stand in. */
export const SECTION_ORDER: readonly number[] = [
  SectionId.types,
  SectionId.imports,
  SectionId.functions,
  SectionId.tables,
  SectionId.memories,
  SectionId.tags,
  SectionId.globals,
  SectionId.exports,
  SectionId.start,
  SectionId.elements,
  SectionId.dataCount,
  SectionId.code,
  SectionId.data,
];

/** One section of a module; its contents are the bytes from `start` to `end`. */
export interface Section {
  readonly id: number;
  readonly start: number;
  readonly end: number;
}

/** What a module imports. */
export interface Import {
  readonly module: string;
  readonly name: string;
  readonly kind: "function" | "table" | "memory" | "global" | "tag";
  /** The limits of a memory. */
  readonly limits?: Limits;
}

/** What an element of the memory section says; of a table's limits, the same. */
export interface Limits {
  /** In pages of 64 KiB, or elements. */
  readonly initial: number;
  readonly maximum: number | undefined;
  readonly shared: boolean;
  /** Whether its addresses have 64 bits. */
  readonly wide: boolean;
}

/** What a module exports. */
export interface Export {
  readonly name: string;
  /** 0 a function, 1 a table, 2 a memory, 3 a global, 4 a tag. */
  readonly kind: number;
  readonly index: number;
}

/** A function's body: the bytes from `start`, where its locals are declared, to `end`. */
export interface Body {
  /** Where its size stands, before it. */
  readonly at: number;
  readonly start: number;
  readonly end: number;
}

/**
 * The sections of a module in order, their contents unread.
 *
 * @throws {Malformed} when one goes past the end of the module.
 */
export function* sections(bytes: Uint8Array): Generator<Section, void> {
  const reader = new Reader(bytes, HEADER_BYTES, bytes.length);
  while (reader.at < reader.end) {
    const at = reader.at;
    const id = reader.byte();
    const size = reader.u32();
    const start = reader.at;
    const end = start + size;
    if (end > bytes.length) {
      throw new Malformed(
        `section ${id} at byte ${at} ends at byte ${end}, the file at byte ${bytes.length}`,
      );
    }
    reader.skip(size);
    yield { id, start, end };
  }
}

/**
 * The elements of a section that is one vector, each read by `read`.
 *
 * @throws {Malformed} by `read`, or when the section is longer than its elements.
 */
export function* elements<T>(
  bytes: Uint8Array,
  { id, start, end }: Section,
  read: (reader: Reader) => T,
): Generator<T, void> {
  const reader = new Reader(bytes, start, end);
  for (let left = reader.u32(); left > 0; left--) yield read(reader);
  if (reader.at === end) return;
  throw new Malformed(
    `section ${id} has its last element before byte ${reader.at}, its size says byte ${end}`,
  );
}

/** Reads an element of the import section. @throws {Malformed} */
export function readImport(reader: Reader): Import {
  const module = reader.text();
  const name = reader.text();
  const at = reader.at;
  switch (reader.byte()) {
    case 0:
      reader.u32();
      return { module, name, kind: "function" };
    case 1:
      skipValueType(reader);
      readLimits(reader);
      return { module, name, kind: "table" };
    case 2:
      return { module, name, kind: "memory", limits: readLimits(reader) };
    case 3:
      skipValueType(reader);
      reader.skip(1);
      return { module, name, kind: "global" };
    case 4:
      reader.skip(1);
      reader.u32();
      return { module, name, kind: "tag" };
    default:
      throw new Malformed(`the import at byte ${at} is of no known kind`);
  }
}

const HAS_MAXIMUM = 1;
const SHARED = 2;
const WIDE = 4;
const KNOWN_FLAGS = 7;

/**
 * Reads limits, all there is to an element of the memory section.
 *
 * @throws {Malformed} when they have flags beyond maximum, shared and 64 bits.
 */
export function readLimits(reader: Reader): Limits {
  const at = reader.at;
  const flags = reader.byte();
  if (flags > KNOWN_FLAGS) {
    throw new Malformed(`the limits at byte ${at} are of no known kind`);
  }
  return {
    initial: reader.u64(),
    maximum: flags & HAS_MAXIMUM ? reader.u64() : undefined,
    shared: (flags & SHARED) !== 0,
    wide: (flags & WIDE) !== 0,
  };
}

/** Reads an element of the export section. @throws {Malformed} */
export function readExport(reader: Reader): Export {
  const name = reader.text();
  const kind = reader.byte();
  return { name, kind, index: reader.u32() };
}

/** Reads an element of the code section, without its contents. @throws {Malformed} */
export function readBody(reader: Reader): Body {
  const { at } = reader;
  const size = reader.u32();
  const start = reader.at;
  reader.skip(size);
  return { at, start, end: reader.at };
}
