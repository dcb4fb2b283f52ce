/** A program that locks and one that computes, on real threads and in a node: what is lost of two cores, and what is not. @module */
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
const THREADS = [1, 2, 8];
/** Orders and how many steps each thing has. */
const PROGRAMS = [
  { name: "locking", order: "lock", steps: 1_000_000 },
  { name: "computing", order: "cpu", steps: 200_000 },
];

/** ns a step of programs of some threads that share the steps. */
export async function parallel(quick: boolean): Promise<Table> {
  const { rounds, warmUp } = quick ? QUICK : FULL;
  const part = quick ? 0.1 : 1;
  const guests = [plainGuest("reused", PACES), nodeGuest(PACES)];
  const rows = PROGRAMS.flatMap(({ name, order, steps }) =>
    THREADS.map((threads) => ({
      name: `${name}, ${threads} ${threads === 1 ? "thread" : "threads"}`,
      cells: guests.map((guest) =>
        cellOf(guest, `${order} ${steps * part} ${threads}`)
      ),
    }))
  );
  await takeTurns(rows.flatMap(({ cells }) => cells), { rounds, warmUp });
  for (const guest of guests) await guest.end();
  return {
    about:
      "ns a step, by the clock, of a program whose threads share all steps: medians of " +
      `${rounds} rounds. Locking: a short section under one lock, and as much outside it. Computing: 100 steps of the ` +
      `generator of \`spin\`. Real threads are Workers of the same Deno that run the module as it is, on ` +
      `${navigator.hardwareConcurrency} cores; they wait for work when a round begins. What is above 1x for one thread ` +
      "is the counters; what is more than that for several is the cores that one thread at a time does not use.",
    head: ["a step, ns", "real threads", "coroutines of a node"],
    rows: rows.map(({ name, cells }) => {
      const [real, node] = cells.map(middle);
      return [name, real!.toFixed(1), over(node!, real!, 1)];
    }),
  };
}
