/** Why the threads of a module cannot run here. @module */
import { HAS_MEMORY, Instructions, skipLocals } from "../instructions.ts";
import { describeFunction } from "../names.ts";
import { Op } from "../opcodes.ts";
import type { ModuleProblem } from "../problem.ts";
import { Reader } from "../reader.ts";
import {
  elements,
  HEADER_BYTES,
  readBody,
  readImport,
  SectionId,
  sections,
} from "../sections.ts";
import { THREAD_START } from "./abi.ts";
import type { ThreadParts } from "./shape.ts";

const BUILD_THREADS = "build it for wasm32-wasip1-threads";

const PARKING: Readonly<Record<number, string>> = {
  [Op.atomic_notify]: "memory.atomic.notify",
  [Op.atomic_wait32]: "memory.atomic.wait32",
  [Op.atomic_wait64]: "memory.atomic.wait64",
};

/**
 * Why the threads of a module cannot run, or undefined when they can, or when it has none.
 *
 * @throws {Malformed}
 */
export function threadProblem(
  bytes: Uint8Array,
  parts: ThreadParts,
): ModuleProblem | undefined {
  const shared = parts.memories.flatMap(({ limits }, index) =>
    limits.shared ? [index] : []
  );
  if (!parts.spawns && shared.length === 0) return undefined;
  return memoryProblem(parts, shared) ?? spawnProblem(parts) ??
    (parts.memories.length > 1 ? parkingProblem(bytes) : undefined);
}

/** @param shared indices of its shared memories. */
function memoryProblem(
  { memories }: ThreadParts,
  shared: readonly number[],
): ModuleProblem | undefined {
  const next = `${BUILD_THREADS}: it then has one memory, which is shared`;
  if (shared.length > 1) {
    const reason = `it has ${shared.length} shared memories`;
    return { reason: `${reason}; only one is supported`, next };
  }
  const [index] = shared;
  if (index === undefined) return undefined;
  if (index > 0) {
    const reason = `its shared memory is memory ${index}`;
    return { reason: `${reason}; only memory 0 may be shared`, next };
  }
  if (!memories[0]?.limits.wide) return undefined;
  const reason = "its shared memory has addresses of 64 bits";
  return { reason: `${reason}; only 32 are supported`, next: BUILD_THREADS };
}

function spawnProblem(
  { spawns, starts, memories }: ThreadParts,
): ModuleProblem | undefined {
  if (!spawns) return undefined;
  const spawner = "it imports wasi.thread-spawn, but";
  if (!memories[0]?.from || !memories[0].limits.shared) {
    return {
      reason: `${spawner} no shared memory`,
      next: `${BUILD_THREADS}, with its memory imported and shared ` +
        "(wasm-ld: --import-memory --shared-memory --max-memory=BYTES)",
    };
  }
  if (starts) return undefined;
  return {
    reason: `${spawner} does not export ${THREAD_START}`,
    next: `${BUILD_THREADS}, whose libc has ${THREAD_START}`,
  };
}

/** Waits and notifies on a memory other than 0. */
function parkingProblem(bytes: Uint8Array): ModuleProblem | undefined {
  let index = 0;
  for (const section of sections(bytes)) {
    if (section.id === SectionId.imports) {
      for (const { kind } of elements(bytes, section, readImport)) {
        if (kind === "function") index++;
      }
    }
    if (section.id !== SectionId.code) continue;
    for (const { start, end } of elements(bytes, section, readBody)) {
      const found = foreignParking(new Reader(bytes, start, end));
      if (found !== undefined) {
        const name = describeFunction(bytes, index);
        return {
          reason: `${name} uses ${found}`,
          next: "let its threads wait on memory 0, the shared one",
        };
      }
      index++;
    }
  }
  return undefined;
}

/** Names an instruction of a body, and its memory. */
function foreignParking(reader: Reader): string | undefined {
  const operands = new Reader(reader.bytes, HEADER_BYTES, reader.end);
  skipLocals(reader);
  const walk = new Instructions(reader);
  while (walk.next()) {
    const name = PARKING[walk.code];
    if (name === undefined) continue;
    operands.at = walk.operands;
    if (!(operands.u32() & HAS_MEMORY)) continue;
    const memory = operands.u32();
    if (memory !== 0) return `${name} on memory ${memory}`;
  }
  return undefined;
}
