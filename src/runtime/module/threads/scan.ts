import { Instructions, skipLocals } from "../instructions.ts";
import { Op } from "../opcodes.ts";
import { Malformed, Reader } from "../reader.ts";
import { elements, readBody, SectionId, sections } from "../sections.ts";
import { Action, Actions } from "./actions.ts";
import { CallGraph } from "./calls.ts";
import { Stops } from "./stops.ts";
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

/** What is found in all code, by the functions of the module's own. */
export interface Scan {
  /** One without a mark stays as it is. */
  readonly marks: Uint8Array;
  /** Instructions whose action is not `none`, of functions that have a mark but for `cycle`. */
  readonly stops: Stops;
}

/**
 * Reads all code.
 *
 * @param fine whether accesses of memory are counted.
 * @throws {Malformed}
 */
export function scanOf(
  bytes: Uint8Array,
  { imported, functions }: Survey,
  fine: boolean,
): Scan {
  const count = functions.length;
  const marks = new Uint8Array(count);
  const stops = new Stops();
  const graph = new CallGraph(count);
  const actions = new Actions(fine);
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
      stops.enter();
      const found = scan(bytes, start, end, actions, stops, call);
      if (found === 0) stops.forget();
      marks[index++] = found;
    }
  }
  graph.cycles((member) => marks[member]! |= Mark.cycle);
  return { marks, stops };
}

/** The marks of one body, its stops, and the functions that it calls. */
function scan(
  bytes: Uint8Array,
  start: number,
  end: number,
  actions: Actions,
  stops: Stops,
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
      continue;
    }
    const action = actions.of(code);
    if (action === Action.none) continue;
    marks |= MARKS[action]!;
    stops.add(action, walk, reader.at);
  }
  return marks & Mark.loops ? marks : marks & ~Mark.branches;
}
