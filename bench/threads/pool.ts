/** A server with a thread for each connection beside one that polls: requests a second, and what they put into the log. @module */
import { tempDir } from "../../tests/kit/place.ts";
import { median, type Table } from "../area.ts";
import {
  press,
  type Program,
  replicatedKv,
  type Served,
  soloKv,
} from "../kv.ts";
import type { Outcome } from "../load.ts";
import { logBytes } from "../sizes.ts";
import { over } from "./peers.ts";

const CONNECTIONS = [1, 16, 64];
const FULL = { rounds: 7, ms: 600, warmUpMs: 300 };
const QUICK = { rounds: 1, ms: 50, warmUpMs: 20 };
const MOST = Math.max(...CONNECTIONS);
const KV: Program = { name: "kv", args: [] };
/** It has a thread for each connection. */
const POOL: Program = { name: "pool", args: [`${MOST}`] };

/** A program alone and with a backup, and its primary's state directory. */
interface Server {
  readonly program: Program;
  readonly solo: Served;
  readonly replicated: Served;
  readonly state: string;
}

async function serverOf(program: Program): Promise<Server> {
  const state = tempDir();
  const options = ["--state-dir", state];
  return {
    ...{ program, state, solo: await soloKv(program) },
    replicated: await replicatedKv("commit", options, program),
  };
}

/** What came of a server under so many connections. */
interface Row {
  readonly server: Server;
  readonly connections: number;
  readonly solo: Outcome[];
  readonly replicated: Outcome[];
  /** Of the log, a request. */
  readonly bytes: number[];
}

async function sample(
  { server, connections, solo, replicated, bytes }: Row,
  how: { readonly ms: number; readonly warmUpMs: number },
): Promise<void> {
  solo.push(await press(server.solo, { ...how, connections }));
  const before = logBytes(server.state);
  const outcome = await press(server.replicated, { ...how, connections });
  replicated.push(outcome);
  bytes.push((logBytes(server.state) - before) / outcome.sent);
}

function rate(outcomes: readonly Outcome[]): number {
  return median(outcomes.map(({ requests, seconds }) => requests / seconds));
}

/** Requests and bytes of the log a second. */
export async function pool(quick: boolean): Promise<Table> {
  const { rounds, ms, warmUpMs } = quick ? QUICK : FULL;
  const servers = [await serverOf(KV), await serverOf(POOL)];
  const rows = CONNECTIONS.flatMap((connections) =>
    servers.map((server): Row => ({
      ...{ server, connections, solo: [], replicated: [], bytes: [] },
    }))
  );
  for (let round = 0; round < rounds; round++) {
    for (const row of rows) await sample(row, { ms, warmUpMs });
  }
  return {
    about:
      `\`pool\` is \`kv\` with ${MOST} threads, each of which serves one connection and waits in its reads; kv has one, ` +
      "which polls. The load is that of `kv`'s own measurement, with the ratio to kv: medians of " +
      `${rounds} times ${ms} ms. Bytes are those of the primary's log on disk.`,
    head: [
      ...["server", "requests a second, solo", "with a backup, commit"],
      ...["log bytes a request", "log bytes a second"],
    ],
    rows: rows.map((row, i) => {
      const kv = rows[i - i % servers.length]!;
      const figure = (of: (row: Row) => number) =>
        row === kv ? of(row).toFixed(0) : over(of(row), of(kv));
      const bytes = (row: Row) => median(row.bytes);
      const { name } = row.server.program;
      return [
        `${name}, ${row.connections} at a time`,
        figure(({ solo }) => rate(solo)),
        figure(({ replicated }) => rate(replicated)),
        figure(bytes),
        figure((row) => bytes(row) * rate(row.replicated)),
      ];
    }),
  };
}
