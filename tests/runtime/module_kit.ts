/** What the tests of module checks share: a builder of small modules, byte by byte. */

/** Bytes, numbers and lists of them, in any nesting. */
export type Parts = number | readonly Parts[] | Uint8Array;

/** All bytes of `parts`, in order. */
export function flat(...parts: readonly Parts[]): number[] {
  return parts.flatMap((part) =>
    typeof part === "number" ? [part] : flat(...part)
  );
}

/** An unsigned LEB128 number, padded with zeroes to `width` bytes. */
export function leb(value: number, width = 1): number[] {
  const low = value & 0x7f;
  const rest = Math.floor(value / 128);
  return rest > 0 || width > 1 ? [low | 0x80, ...leb(rest, width - 1)] : [low];
}

/** A vector: the count of `items` and the items. */
export function vec(...items: readonly Parts[]): number[] {
  return [...leb(items.length), ...flat(...items)];
}

/** A name: its size and its UTF-8. */
export function text(name: string): number[] {
  return vec(...new TextEncoder().encode(name));
}

/** Contents behind their size in bytes. */
export function sized(...contents: readonly Parts[]): number[] {
  return vec(...flat(...contents));
}

/** A section. */
export function section(id: number, ...contents: readonly Parts[]): number[] {
  return [id, ...sized(...contents)];
}

/** The first eight bytes of a core module. */
export const HEADER = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];

/** A module of these sections. */
export function moduleOf(
  ...parts: readonly Parts[]
): Uint8Array<ArrayBuffer> {
  return new Uint8Array(flat(HEADER, ...parts));
}

/** The type of functions without parameters and results. */
export const NO_TYPE = [0x60, 0x00, 0x00];

/** A name section with the name of one function. */
export function nameSection(index: number, name: string): number[] {
  const names = vec([leb(index), text(name)]);
  return section(0, text("name"), [0x01, sized(names)]);
}

/** What a command is made of; what is left out is as small as the engine allows. */
export interface CommandParts {
  /** Entries of the import section. */
  readonly imports?: readonly Parts[];
  /** How many of them are functions. */
  readonly imported?: number;
  /** The memory's limits. */
  readonly memory?: Parts;
  /** Entries of the export section; `_start` and `memory` unless given. */
  readonly exports?: readonly Parts[];
  /** Declarations of the locals, and the instructions before `end`. */
  readonly locals?: readonly Parts[];
  readonly body?: Parts;
}

/** A WASI command with one function of its own, which has the name "main". */
export function commandOf(parts: CommandParts = {}): Uint8Array<ArrayBuffer> {
  const { imports = [], imported = 0, memory = [0, 1], body = [] } = parts;
  const exports = parts.exports ?? [
    [text("_start"), 0, imported],
    [text("memory"), 2, 0],
  ];
  return moduleOf(
    section(1, vec(NO_TYPE)),
    section(2, vec(...imports)),
    section(3, vec(0)),
    section(5, vec(memory)),
    section(7, vec(...exports)),
    section(10, vec(sized(vec(...parts.locals ?? []), body, 0x0b))),
    nameSection(imported, "main"),
  );
}

/** An import of a function of type 0. */
export function importFunction(module: string, name: string): number[] {
  return [...text(module), ...text(name), 0x00, 0x00];
}
