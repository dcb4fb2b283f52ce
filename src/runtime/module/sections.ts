import { skipValueType } from "./instructions.ts";
import { Malformed, Reader } from "./reader.ts";

/** Bytes of the magic number and the version. */
export const HEADER_BYTES = 8;

/** The ids of the sections that are read here. */
export const SectionId = {
  custom: 0,
  imports: 2,
  memories: 5,
  code: 10,
} as const;

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
  /** Whether it is a shared memory. */
  readonly shared: boolean;
}

/** A function's body: the bytes from `start`, where its locals are declared, to `end`. */
export interface Body {
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
      return { module, name, kind: "function", shared: false };
    case 1:
      skipValueType(reader);
      readLimits(reader);
      return { module, name, kind: "table", shared: false };
    case 2:
      return { module, name, kind: "memory", shared: readLimits(reader) };
    case 3:
      skipValueType(reader);
      reader.skip(1);
      return { module, name, kind: "global", shared: false };
    case 4:
      reader.skip(1);
      reader.u32();
      return { module, name, kind: "tag", shared: false };
    default:
      throw new Malformed(`the import at byte ${at} is of no known kind`);
  }
}

const HAS_MAXIMUM = 1;
const SHARED = 2;
const KNOWN_FLAGS = 7;
const U64_BYTES = 10;

/**
 * Reads limits, all there is to an element of the memory section.
 *
 * @returns whether the memory is shared.
 * @throws {Malformed} when they have flags beyond maximum, shared and 64 bits.
 */
export function readLimits(reader: Reader): boolean {
  const at = reader.at;
  const flags = reader.byte();
  if (flags > KNOWN_FLAGS) {
    throw new Malformed(`the limits at byte ${at} are of no known kind`);
  }
  reader.skipNumber(U64_BYTES);
  if (flags & HAS_MAXIMUM) reader.skipNumber(U64_BYTES);
  return (flags & SHARED) !== 0;
}

/** Reads an element of the code section, without its contents. @throws {Malformed} */
export function readBody(reader: Reader): Body {
  const size = reader.u32();
  const start = reader.at;
  reader.skip(size);
  return { start, end: reader.at };
}
