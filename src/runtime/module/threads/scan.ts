import { Instructions, skipLocals } from "../instructions.ts";
import { Op } from "../opcodes.ts";
import { Malformed, Reader } from "../reader.ts";
import { elements, readBody, SectionId, sections } from "../sections.ts";
import { Action, Actions } from "./actions.ts";
import { CallGraph } from "./calls.ts";
import type { Survey } from "./survey.ts";

/** What a function has that a rewriter changes, as bits. */
export const Mark = {
  loops: 1,
  /** It can come to itself again by direct calls. */
  cycle: 2,
  /** An instruction that is replaced or counted. */
  other: 4,
  /** Loops, and branches that are neither `br` nor `br_if`. */
  branches: 8,
} as const;

/** The mark for an action. */
const MARKS = Uint8Array.from(
  { length: Action.access + 1 },
  (_, action) =>
    action === Action.loop
      ? Mark.loops
      : action >= Action.indirect
      ? Mark.other
      : action >= Action.brTable || action === Action.tryTable
      ? Mark.branches
      : 0,
);

/**
 * Reads all code, for the marks of each function of the module's own; one that has none stays as it is.
 *
 * @param fine whether accesses of memory are counted.
 * @throws {Malformed}
 */
export function marksOf(
  bytes: Uint8Array,
  { imported, functions }: Survey,
  fine: boolean,
): Uint8Array {
  const count = functions.length;
  const marks = new Uint8Array(count);
  const graph = new CallGraph(count);
  const actions = new Actions(true, fine);
  const call = (callee: number) => {
    if (callee >= imported + count) {
      throw new Malformed(`there is no function ${callee}`);
    }
    if (callee >= imported) graph.call(callee - imported);
  };
  let index = 0;
  for (const section of sections(bytes)) {
    if (section.id !== SectionId.code) continue;
    for (const { start, end } of elements(bytes, section, readBody)) {
      if (index === count) throw new Malformed("a body has no function");
      graph.enter();
      marks[index++] = scan(bytes, start, end, actions, call);
    }
  }
  graph.cycles((member) => marks[member]! |= Mark.cycle);
  return marks;
}

/** The marks of one body, and the functions that it calls. */
function scan(
  bytes: Uint8Array,
  start: number,
  end: number,
  actions: Actions,
  call: (callee: number) => void,
): number {
  const reader = new Reader(bytes, start, end);
  const operand = new Reader(bytes, start, end);
  skipLocals(reader);
  const walk = new Instructions(reader);
  let marks = 0;
  while (walk.next()) {
    const { code } = walk;
    if (code === Op.call || code === Op.return_call) {
      operand.at = walk.operands;
      call(operand.u32());
    } else marks |= MARKS[actions.of(code)]!;
  }
  return marks & Mark.loops ? marks : marks & ~Mark.branches;
}
