/** What it costs that another thread runs. @module */
import type { Table } from "../area.ts";
import {
  cellOf,
  middle,
  nodeGuest,
  over,
  PACES,
  plainGuest,
  type Rounds,
  takeTurns,
} from "./peers.ts";

const FULL: Rounds = { rounds: 21, warmUp: 4 };
const QUICK: Rounds = { rounds: 1, warmUp: 0 };
/** A quantum that is used up often, in rounds of the shortest loop. */
const QUANTUM = 256;

/** ns a switch, of each cause. */
export async function switches(quick: boolean): Promise<Table> {
  const { rounds, warmUp } = quick ? QUICK : FULL;
  const part = quick ? 0.1 : 1;
  const real = plainGuest("reused", PACES);
  const node = nodeGuest(PACES);
  const short = nodeGuest(PACES, ["--quantum", `${QUANTUM}`]);
  const order = (name: string, n: number, threads: number) =>
    `${name} ${n * part} ${threads}`;
  const realHands = cellOf(real, order("hands", 20_000, 2));
  const hands = cellOf(node, order("hands", 100_000, 2));
  const yields = cellOf(node, order("yields", 100_000, 2));
  const alone = cellOf(node, order("yields", 100_000, 1));
  const plain = cellOf(node, order("rounds", 20_000_000, 2));
  const parted = cellOf(short, order("rounds", 20_000_000, 2));
  const cells = [realHands, hands, yields, alone, plain, parted];
  await takeTurns(cells, { rounds, warmUp });
  for (const guest of [real, node, short]) await guest.end();
  const spent = (middle(parted) - middle(plain)) * QUANTUM;
  const reals = middle(realHands);
  return {
    about:
      `ns a switch from one thread to another, of two that do nothing else: medians of ${rounds} rounds. The first ` +
      "hands over by `memory.atomic.notify` and waits, which is all that real threads can be asked for. The cost of a " +
      `quantum that is used up is what a loop takes more with quanta of ${QUANTUM}. A \`sched_yield\` that finds no ` +
      "other thread is no switch.",
    head: ["a switch, ns", "real threads", "coroutines of a node"],
    rows: [
      ["wait and notify", reals.toFixed(0), over(middle(hands), reals)],
      ["the quantum is used up", "none", spent.toFixed(0)],
      ["`sched_yield`", "none", middle(yields).toFixed(0)],
      ["`sched_yield`, alone", "none", middle(alone).toFixed(0)],
    ],
  };
}
