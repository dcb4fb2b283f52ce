/** Where branches go that are neither `br` nor `br_if`. @module */
import { skipBlockType } from "../instructions.ts";
import type { Reader } from "../reader.ts";
import { Action } from "./actions.ts";
import type { Stop } from "./stops.ts";

/** The catch clauses below this have a tag before their label. */
const WITHOUT_TAG = 2;
/** Stands for a block that is no loop. */
const NO_LOOP = 0;

/**
 * The offsets of the labels that an instruction branches to, in order; none for `br`, `br_if` and others that do not branch.
 *
 * @param operand reads the operands, which begin at `at`.
 * @throws {Malformed}
 */
export function labelsOf(
  action: number,
  operand: Reader,
  at: number,
): number[] {
  operand.at = at;
  switch (action) {
    case Action.tryTable:
      return catches(operand);
    case Action.brTable:
      return Array.from({ length: operand.u32() + 1 }, () => next(operand));
    case Action.cast:
      return [at + 1];
    case Action.label:
      return [at];
    default:
      return [];
  }
}

/** The offset of the label that comes next; goes past it. */
function next(operand: Reader): number {
  const { at } = operand;
  operand.u32();
  return at;
}

/** Of the catch clauses of a try_table; their labels do not count the try_table itself. */
function catches(operand: Reader): number[] {
  skipBlockType(operand);
  return Array.from({ length: operand.u32() }, () => {
    if (operand.byte() < WITHOUT_TAG) operand.u32();
    return next(operand);
  });
}

/**
 * The loops that other instructions than `br` and `br_if` may go back to, by their offsets.
 *
 * @param stop goes through a body.
 * @param operand reads operands.
 * @throws {Malformed}
 */
export function targetsOf(stop: Stop, operand: Reader): Set<number> {
  const blocks = [NO_LOOP];
  const targets = new Set<number>();
  while (stop.next()) {
    const { action } = stop;
    if (action >= Action.indirect) continue;
    if (action === Action.loop) blocks.push(stop.at);
    else if (action === Action.open) blocks.push(NO_LOOP);
    else if (action <= Action.delegate && action >= Action.end) blocks.pop();
    else {
      for (const at of labelsOf(action, operand, stop.operands)) {
        operand.at = at;
        targets.add(blocks.at(-1 - operand.u32()) ?? NO_LOOP);
      }
      if (action === Action.tryTable) blocks.push(NO_LOOP);
    }
  }
  return targets;
}
