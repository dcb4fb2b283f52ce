import {
  elements,
  type Limits,
  readExport,
  readImport,
  readLimits,
  SectionId,
  sections,
} from "../sections.ts";
import { SPAWN, THREAD_START } from "./abi.ts";

/** What a threaded module asks of its runtime. */
export interface ThreadShape {
  /** Whether it imports `wasi` `thread-spawn`. */
  readonly spawns: boolean;
  /** The shared memory that it imports; undefined when it defines its own. */
  readonly memory: ImportedMemory | undefined;
}

/** A memory that a module imports; sizes in pages of 64 KiB. */
export interface ImportedMemory {
  readonly module: string;
  readonly name: string;
  readonly initial: number;
  readonly maximum: number | undefined;
}

/** A memory of a module. */
export interface Memory {
  readonly limits: Limits;
  /** Whence it is imported. */
  readonly from?: { readonly module: string; readonly name: string };
}

/** What makes a module a threaded one, and its threads able to run. */
export interface ThreadParts {
  readonly spawns: boolean;
  /** Whether it exports the function that threads start in. */
  readonly starts: boolean;
  /** By index. */
  readonly memories: readonly Memory[];
}

/** What a threaded module asks of its runtime; undefined for one that is not threaded. */
export function threadShape(
  { spawns, memories }: ThreadParts,
): ThreadShape | undefined {
  const shared = memories.find(({ limits }) => limits.shared);
  if (!spawns && shared === undefined) return undefined;
  if (shared?.from === undefined) return { spawns, memory: undefined };
  const { limits: { initial, maximum }, from } = shared;
  return { spawns, memory: { ...from, initial, maximum } };
}

/** Reads imports, memories and exports. @throws {Malformed} */
export function threadParts(bytes: Uint8Array): ThreadParts {
  const memories: Memory[] = [];
  let spawns = false, starts = false;
  for (const section of sections(bytes)) {
    if (section.id === SectionId.imports) {
      for (
        const { module, name, kind, limits } of elements(
          bytes,
          section,
          readImport,
        )
      ) {
        spawns ||= kind === "function" && module === SPAWN.module &&
          name === SPAWN.name;
        if (limits) memories.push({ limits, from: { module, name } });
      }
    } else if (section.id === SectionId.memories) {
      const own = elements(bytes, section, readLimits);
      for (const limits of own) memories.push({ limits });
    } else if (section.id === SectionId.exports) {
      for (const { name, kind } of elements(bytes, section, readExport)) {
        starts ||= kind === 0 && name === THREAD_START;
      }
    }
  }
  return { spawns, starts, memories };
}
