/** The check at the end: is every acknowledged write there? @module */
import { counterOf, counts, keyOf, type Ledger } from "./load.ts";
import type { Connection, Reply } from "./resp.ts";

/** Keys that one MGET asks for. */
const KEYS = 500;

/** What the ledgers and the server say together. */
export interface Findings {
  readonly acked: number;
  /** Acknowledged writes that are not there. */
  readonly lost: number;
  /** Writes that got no answer, and how many of them are there all the same. */
  readonly open: number;
  readonly openDone: number;
  /** Counts beyond all that were ever asked for. */
  readonly doubled: number;
}

/** Compares what clients remember with what the server has. @throws {Error} when the server fails. */
export async function verify(
  ledgers: readonly Ledger[],
  server: Connection,
): Promise<Findings> {
  const parts: Findings[] = [];
  for (const ledger of ledgers) parts.push(await verifyOne(ledger, server));
  const sum = (key: keyof Findings) =>
    parts.reduce((total, part) => total + part[key], 0);
  return {
    acked: sum("acked"),
    lost: sum("lost"),
    open: sum("open"),
    openDone: sum("openDone"),
    doubled: sum("doubled"),
  };
}

async function verifyOne(
  ledger: Ledger,
  server: Connection,
): Promise<Findings> {
  const { name, sent, acked, open } = ledger;
  let lost = 0, openDone = 0, counted = 0, openCounted = 0;
  const sets: number[] = [];
  for (let n = 0; n < sent; n++) {
    if (!counts(n)) sets.push(n);
    else if (open.has(n)) openCounted++;
    else counted++;
  }
  for (let at = 0; at < sets.length; at += KEYS) {
    const numbers = sets.slice(at, at + KEYS);
    const keys = numbers.map((n) => keyOf(name, n));
    const values = await server.call("MGET", ...keys) as readonly Reply[];
    for (const [i, n] of numbers.entries()) {
      const there = values[i] === `${n}`;
      if (open.has(n)) openDone += there ? 1 : 0;
      else if (!there) lost++;
    }
  }
  const value = Number(await server.call("GET", counterOf(name)) ?? 0);
  const more = value - counted;
  return {
    acked,
    lost: lost + Math.max(0, -more),
    open: open.size,
    openDone: openDone + Math.min(Math.max(0, more), openCounted),
    doubled: Math.max(0, more - openCounted),
  };
}
