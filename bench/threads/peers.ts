/** The guests of this area: as real threads, as coroutines of a node. @module */
import { join } from "node:path/posix";
import { guest } from "../../tests/kit/node.ts";
import { median } from "../area.ts";
import { type Ordered, orderedNode, peerGuest } from "../ordered.ts";
import type { How } from "./plain.ts";

/** `paces -`: what threads cost. */
export const PACES = guest("paces");
/** `kernels -`: real code of one thread. */
export const KERNELS = guest("kernels");

const PLAIN = join(import.meta.dirname as string, "plain.ts");

/** A guest that takes orders, in a process that is no node. */
export function plainGuest(how: How, module: string, arg = "-"): Ordered {
  const run = ["run", "--quiet", "-A", PLAIN, how, module, arg] as const;
  return peerGuest([Deno.execPath(), ...run]);
}

/** A guest that takes orders, alone in a node. */
export function nodeGuest(
  module: string,
  options: readonly string[] = [],
  arg = "-",
): Ordered {
  return orderedNode(["run", ...options, module, "--", arg]);
}

/** An order that a guest is given again and again. */
export interface Cell {
  readonly guest: Ordered;
  readonly order: string;
  /** What it gave each time. */
  readonly samples: number[];
}

/** An order that was not given yet. */
export function cellOf(guest: Ordered, order: string): Cell {
  return { guest, order, samples: [] };
}

/** How often orders are given; what `warmUp` rounds give is not kept. */
export interface Rounds {
  readonly rounds: number;
  readonly warmUp: number;
}

/** Gives the orders in turns. @param sample gives one and measures it, by the guest's own clock without this. */
export async function takeTurns(
  cells: readonly Cell[],
  { rounds, warmUp }: Rounds,
  sample = ({ guest, order }: Cell) => guest.run(order),
): Promise<void> {
  for (let round = -warmUp; round < rounds; round++) {
    for (const cell of cells) {
      const value = await sample(cell);
      if (round >= 0) cell.samples.push(value);
    }
  }
}

/** The median of a cell. */
export function middle({ samples }: Cell): number {
  return median(samples);
}

/** A figure and its ratio to another. */
export function over(value: number, base: number, digits = 0): string {
  return `${value.toFixed(digits)} (${(value / base).toFixed(2)}x)`;
}
