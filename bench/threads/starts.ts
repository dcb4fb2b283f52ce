/** How long a thread takes to start. @module */
import type { Table } from "../area.ts";
import type { Ordered } from "../ordered.ts";
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

const FULL: Rounds = { rounds: 15, warmUp: 3 };
const QUICK: Rounds = { rounds: 1, warmUp: 0 };
const US = 1_000;
/** Names of what is measured, and the orders. */
const ORDERS = [["spawn to join", "joins"], ["spawn alone", "spawns"]] as const;

/** µs a thread that does nothing. */
export async function starts(quick: boolean): Promise<Table> {
  const { rounds, warmUp } = quick ? QUICK : FULL;
  const guests: readonly (readonly [Ordered, number])[] = [
    [plainGuest("fresh", PACES), 8],
    [plainGuest("reused", PACES), 8],
    [nodeGuest(PACES), 256],
  ];
  const rows = ORDERS.map(([name, order]) => ({
    name,
    cells: guests.map(([guest, count]) => cellOf(guest, `${order} ${count}`)),
  }));
  await takeTurns(rows.flatMap(({ cells }) => cells), { rounds, warmUp });
  for (const [guest] of guests) await guest.end();
  return {
    about:
      "µs to start a thread that does nothing, from its spawn until it is joined, one after another, and until the " +
      `spawn gives its number, of several at once: medians of ${rounds} rounds. A real thread is a Worker that is ` +
      "made for it, or one that waits since it ran another, to which the ratio is.",
    head: [
      ...["a thread, µs", "real, a new Worker", "real, an old Worker"],
      "a coroutine of a node",
    ],
    rows: rows.map(({ name, cells }) => {
      const [fresh, reused, node] = cells.map((cell) => middle(cell) / US);
      return [
        name,
        ...[fresh!, reused!].map((us) => us.toFixed(1)),
        over(node!, reused!, 1),
      ];
    }),
  };
}
