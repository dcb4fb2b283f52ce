import { Malformed, Reader } from "../reader.ts";
import {
  elements,
  readImport,
  type Section,
  SectionId,
  sections,
} from "../sections.ts";
import { readParams } from "./types.ts";

/** What there is in a module, as far as a rewriter that appends to it must know. */
export interface Survey {
  /** For each type, how many parameters its functions have; -1 for a type of no functions. */
  readonly params: readonly number[];
  /** Imported functions; their indices come before those of the module's own. */
  readonly imported: number;
  /** The type of each function of its own. */
  readonly functions: readonly number[];
  /** All tables and globals, imported ones included. */
  readonly tables: number;
  readonly globals: number;
  /** The start function. */
  readonly start: number | undefined;
}

/** Reads all sections but the code. @throws {Malformed} */
export function surveyOf(bytes: Uint8Array): Survey {
  const found = { function: 0, table: 0, memory: 0, global: 0, tag: 0 };
  let params: number[] = [];
  let functions: number[] = [];
  let tables = 0, globals = 0;
  let start: number | undefined;
  for (const section of sections(bytes)) {
    switch (section.id) {
      case SectionId.types:
        params = readParams(bytes, section);
        break;
      case SectionId.imports:
        for (const { kind } of elements(bytes, section, readImport)) {
          found[kind]++;
        }
        break;
      case SectionId.functions:
        functions = [...elements(bytes, section, (reader) => reader.u32())];
        break;
      case SectionId.tables:
        tables = firstNumber(bytes, section);
        break;
      case SectionId.globals:
        globals = firstNumber(bytes, section);
        break;
      case SectionId.start:
        start = firstNumber(bytes, section);
    }
  }
  return {
    params,
    imported: found.function,
    functions,
    tables: tables + found.table,
    globals: globals + found.global,
    start,
  };
}

function firstNumber(bytes: Uint8Array, { start, end }: Section): number {
  return new Reader(bytes, start, end).u32();
}

/** How many parameters the functions of a type have. @throws {Malformed} when there is no such type of functions. */
export function paramsOf(
  { params }: Survey,
  type: number | undefined,
): number {
  const count = type === undefined ? undefined : params[type];
  if (count !== undefined && count >= 0) return count;
  throw new Malformed(`type ${type} is no type of functions`);
}
