/** Why a module cannot run here, found in its bytes before any engine sees them. @module */
import {
  Instructions,
  skipLocals,
  UnknownInstruction,
} from "./instructions.ts";
import { describeFunction } from "./names.ts";
import { RELAXED_SIMD } from "./opcodes.ts";
import type { ModuleProblem } from "./problem.ts";
import { Malformed, Reader } from "./reader.ts";
import {
  type Body,
  elements,
  HEADER_BYTES,
  readBody,
  readImport,
  type Section,
  SectionId,
  sections,
} from "./sections.ts";

const MAGIC = [0x00, 0x61, 0x73, 0x6d];
const CORE = "01 00 00 00";
const COMPONENT = "0d 00 01 00";
/** How the text format starts: with a form or with a comment. */
const TEXT_FORMAT = /^\s*(?:\(\s*(?:module|component)\b|\(;|;;)/;
/** How far the start of a text is looked for, in bytes. */
const TEXT_BYTES = 4096;

const BUILD = "build it for wasm32-wasip1";
const COPY_AGAIN = "build or copy it again";

/** The instructions of relaxed SIMD, from 0xfd 0x100. */
const RELAXED_NAMES: readonly string[] = [
  "i8x16.relaxed_swizzle",
  "i32x4.relaxed_trunc_f32x4_s",
  "i32x4.relaxed_trunc_f32x4_u",
  "i32x4.relaxed_trunc_f64x2_s_zero",
  "i32x4.relaxed_trunc_f64x2_u_zero",
  "f32x4.relaxed_madd",
  "f32x4.relaxed_nmadd",
  "f64x2.relaxed_madd",
  "f64x2.relaxed_nmadd",
  "i8x16.relaxed_laneselect",
  "i16x8.relaxed_laneselect",
  "i32x4.relaxed_laneselect",
  "i64x2.relaxed_laneselect",
  "f32x4.relaxed_min",
  "f32x4.relaxed_max",
  "f64x2.relaxed_min",
  "f64x2.relaxed_max",
  "i16x8.relaxed_q15mulr_s",
  "i16x8.relaxed_dot_i8x16_i7x16_s",
  "i32x4.relaxed_dot_i8x16_i7x16_add_s",
];

/**
 * Why a module cannot run, or undefined when the engine may have it.
 *
 * Refused: what is no core module, what cannot be walked to its end, relaxed SIMD (rule 6: its results
 * depend on the processor). Types and indices are not checked: the engine does that.
 */
export function moduleProblem(bytes: Uint8Array): ModuleProblem | undefined {
  const problem = headerProblem(bytes);
  if (problem) return problem;
  try {
    return contentsProblem(bytes);
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    return damaged(error);
  }
}

function headerProblem(bytes: Uint8Array): ModuleProblem | undefined {
  if (bytes.length === 0) return { reason: "it is empty", next: COPY_AGAIN };
  const head = bytes.subarray(0, MAGIC.length);
  if (!head.every((byte, i) => byte === MAGIC[i])) return notWasm(bytes);
  if (bytes.length < HEADER_BYTES) {
    const reason =
      `it is cut off: it ends at byte ${bytes.length}, in its header`;
    return { reason, next: COPY_AGAIN };
  }
  const version = hex(bytes.subarray(MAGIC.length, HEADER_BYTES));
  if (version === CORE) return undefined;
  if (version === COMPONENT) {
    const reason = "it is a component; components are not supported yet";
    return { reason, next: `${BUILD}, which gives a core module` };
  }
  const reason =
    `its version of the binary format is ${version}; only ${CORE} is supported`;
  return { reason, next: BUILD };
}

function notWasm(bytes: Uint8Array): ModuleProblem {
  const start = new TextDecoder().decode(bytes.subarray(0, TEXT_BYTES));
  if (TEXT_FORMAT.test(start)) {
    return {
      reason: "it is WebAssembly in the text format",
      next: "convert it to the binary format, for example with wat2wasm",
    };
  }
  const first = hex(bytes.subarray(0, MAGIC.length));
  const reason = `it is not WebAssembly: it starts with ${first}, not with ${
    hex(MAGIC)
  }`;
  return { reason, next: "give the .wasm file of a program" };
}

function contentsProblem(bytes: Uint8Array): ModuleProblem | undefined {
  let imported = 0;
  for (const section of sections(bytes)) {
    if (section.id === SectionId.imports) {
      for (const found of elements(bytes, section, readImport)) {
        if (found.kind === "function") imported++;
      }
    } else if (section.id === SectionId.code) {
      const problem = codeProblem(bytes, section, imported);
      if (problem) return problem;
    }
  }
  return undefined;
}

function codeProblem(
  bytes: Uint8Array,
  section: Section,
  imported: number,
): ModuleProblem | undefined {
  let index = imported;
  for (const body of elements(bytes, section, readBody)) {
    const problem = bodyProblem(bytes, body, index);
    if (problem) return problem;
    index++;
  }
  return undefined;
}

function bodyProblem(
  bytes: Uint8Array,
  { start, end }: Body,
  index: number,
): ModuleProblem | undefined {
  const [first, last] = RELAXED_SIMD;
  try {
    const reader = new Reader(bytes, start, end);
    skipLocals(reader);
    const walk = new Instructions(reader);
    while (walk.next()) {
      if (walk.code < first || walk.code > last) continue;
      const name = RELAXED_NAMES[walk.code - first];
      return {
        reason: `${describeFunction(bytes, index)} uses ${name} at byte ` +
          `${walk.at}; results of relaxed SIMD differ between processors`,
        next: "build it without relaxed SIMD (clang: without -mrelaxed-simd)",
      };
    }
    return undefined;
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    const where = describeFunction(bytes, index);
    if (!(error instanceof UnknownInstruction)) return damaged(error, where);
    return {
      reason: `${error.message}, in ${where}`,
      next: `build it without features that are not part of WebAssembly 3.0; ` +
        `if it has none, ${COPY_AGAIN}`,
    };
  }
}

function damaged({ message }: Malformed, where?: string): ModuleProblem {
  const within = where === undefined ? "" : `, in ${where}`;
  return { reason: `it is damaged: ${message}${within}`, next: COPY_AGAIN };
}

function hex(bytes: Iterable<number>): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0"))
    .join(" ");
}
