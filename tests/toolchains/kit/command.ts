/**
 * Makes WASI commands of modules that wait for a host in JavaScript.
 *
 * Such a module imports functions of its glue and is told by calls what to do.
 * Here the foreign imports become functions that trap, and calls of WASI and a
 * `_start` are added.
 *
 * @module
 */
import {
  Instructions,
  skipLocals,
} from "../../../src/runtime/module/instructions.ts";
import { Reader } from "../../../src/runtime/module/reader.ts";
import {
  elements,
  HEADER_BYTES,
  readBody,
  readImport,
  type Section,
  sections,
} from "../../../src/runtime/module/sections.ts";
import { body, flat, leb, op, type Piece, sized, text } from "./assembler.ts";

const WASI = "wasi_snapshot_preview1";
const ID = {
  type: 1,
  import: 2,
  function: 3,
  export: 7,
  element: 9,
  code: 10,
} as const;
/** Sections as they must follow each other; tags stand between memories and globals, the data count before the code. */
const ORDER = [1, 2, 3, 4, 5, 13, 6, 7, 8, 9, 12, 10, 11];
const END = 0x0b;
const CALL = 0x10;
const RETURN_CALL = 0x12;
const REF_FUNC = 0xd2;
const FUNCTION_TYPE = 0x60;
const I32 = 0x7f;

/** What a command calls in the module and in WASI. */
export interface Entry {
  /** Functions of WASI to import: how many parameters they have, all i32, and whether they give an errno. */
  readonly imports: readonly (readonly [
    name: string,
    params: number,
    errno: boolean,
  ])[];
  /** The body of `_start`; `named` gives the number of a function, by the name of its import or its export. */
  code(named: (name: string) => number): Piece;
}

interface Imported {
  readonly module: string;
  readonly name: string;
  readonly type: number;
  /** As it stands in the section. */
  readonly bytes: Uint8Array;
}

/** Makes a command of `module`. */
export function commandOf(
  module: Uint8Array,
  entry: Entry,
): Uint8Array<ArrayBuffer> {
  return new Surgery(module).command(entry);
}

class Surgery {
  readonly #bytes: Uint8Array;
  readonly #sections: Map<number, Section>;
  readonly #imports: Imported[];
  /** New numbers of the imported functions, by old ones. */
  #numbers: number[] = [];
  /** What is added to the numbers of all others. */
  #shift = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#sections = new Map(
      [...sections(bytes)].map((section) => [section.id, section]),
    );
    this.#imports = this.#elements(ID.import, (reader) => {
      const start = reader.at;
      const { module, name, kind } = readImport(reader);
      if (kind !== "function") throw new Error(`${name} is no function`);
      const bytes = this.#bytes.subarray(start, reader.at);
      const before = flat([text(module), text(name)]).length + 1;
      const type = new Reader(bytes, before, bytes.length).u32();
      return { module, name, type, bytes };
    });
  }

  command({ imports, code }: Entry): Uint8Array<ArrayBuffer> {
    const own = this.#imports.filter(({ module }) => module === WASI);
    const foreign = this.#imports.filter(({ module }) => module !== WASI);
    const names = [...own.map(({ name }) => name), ...imports.map(([n]) => n)];
    const functions = this.#count(ID.function), types = this.#count(ID.type);
    this.#shift = names.length - this.#imports.length;
    const traps = names.length + functions;
    this.#numbers = this.#imports.map((one) =>
      one.module === WASI ? own.indexOf(one) : traps + foreign.indexOf(one)
    );
    const exported = this.#exports();
    const named = (name: string): number => {
      const number = names.indexOf(name);
      const found = number >= 0 ? number : exported.get(name);
      if (found === undefined) throw new Error(`there is no function ${name}`);
      return found;
    };
    const start = traps + foreign.length;
    return this.#module({
      [ID.type]: this.#longer(ID.type, [
        [FUNCTION_TYPE, 0, 0],
        ...imports.map(([, params, errno]) => [
          ...[FUNCTION_TYPE, params, Array(params).fill(I32)],
          errno ? [1, I32] : 0,
        ]),
      ]),
      [ID.import]: [
        leb(names.length),
        own.map(({ bytes }) => bytes),
        imports.map((
          [name],
          i,
        ) => [text(WASI), text(name), 0, leb(types + 1 + i)]),
      ],
      [ID.function]: this.#longer(ID.function, [
        ...foreign.map(({ type }) => leb(type)),
        leb(types),
      ]),
      [ID.export]: [2, text("memory"), 2, 0, text("_start"), 0, leb(start)],
      [ID.element]: this.#segments(),
      [ID.code]: [
        leb(functions + foreign.length + 1),
        this.#elements(ID.code, (reader) => this.#body(readBody(reader))),
        foreign.map(() => sized(body(0, op.unreachable))),
        sized(code(named)),
      ],
    });
  }

  /** The module with these sections in place of its own, and no custom ones. */
  #module(own: Record<number, Piece>): Uint8Array<ArrayBuffer> {
    const contents = (id: number): Piece | undefined => {
      const section = this.#sections.get(id);
      return own[id] ??
        (section && this.#bytes.subarray(section.start, section.end));
    };
    return flat([
      this.#bytes.subarray(0, HEADER_BYTES),
      ORDER.map((id) => {
        const piece = contents(id);
        return piece === undefined ? [] : [id, sized(piece)];
      }),
    ]);
  }

  #elements<T>(id: number, read: (reader: Reader) => T): T[] {
    const section = this.#sections.get(id);
    return section ? [...elements(this.#bytes, section, read)] : [];
  }

  #count(id: number): number {
    const { start, end } = this.#sections.get(id) as Section;
    return new Reader(this.#bytes, start, end).u32();
  }

  /** A section with more elements. */
  #longer(id: number, more: readonly Piece[]): Piece {
    const { start, end } = this.#sections.get(id) as Section;
    const reader = new Reader(this.#bytes, start, end);
    const count = reader.u32() + more.length;
    return [leb(count), this.#bytes.subarray(reader.at, end), more];
  }

  /** The new numbers of exported functions. */
  #exports(): Map<string, number> {
    return new Map(this.#elements(ID.export, (reader) => {
      const name = reader.text();
      const kind = reader.byte();
      const number = this.#renumbered(reader.u32());
      return [kind === 0 ? name : "", number];
    }));
  }

  #renumbered(old: number): number {
    return this.#numbers[old] ?? old + this.#shift;
  }

  #body({ start, end }: { start: number; end: number }): Piece {
    const reader = new Reader(this.#bytes, start, end);
    skipLocals(reader);
    const walk = new Instructions(reader);
    const pieces: Piece[] = [];
    let done = start;
    while (walk.next()) {
      const { code, at } = walk;
      if (code !== CALL && code !== RETURN_CALL && code !== REF_FUNC) continue;
      const old = new Reader(this.#bytes, at + 1, end).u32();
      pieces.push(this.#bytes.subarray(done, at + 1));
      pieces.push(leb(this.#renumbered(old)));
      done = reader.at;
    }
    return sized([pieces, this.#bytes.subarray(done, end)]);
  }

  /** The segments of tables: all of the kind that lists numbers of functions. */
  #segments(): Piece {
    const segments = this.#elements(ID.element, (reader) => {
      const start = reader.at;
      if (reader.u32() !== 0) throw new Error("a segment is of another kind");
      while (reader.byte() !== END);
      const offset = this.#bytes.subarray(start, reader.at);
      const count = reader.u32();
      const numbers = Array.from(
        { length: count },
        () => leb(this.#renumbered(reader.u32())),
      );
      return [offset, leb(count), numbers];
    });
    return [leb(segments.length), segments];
  }
}
