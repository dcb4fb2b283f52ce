/** What clients of a server see of its replication, and what that costs. @module */
import { join } from "node:path/posix";
import { startBackup, startPrimary } from "../tests/failover/kit/cluster.ts";
import { guest, startNode } from "../tests/kit/node.ts";
import { type Aim, type Area, median, type Table } from "./area.ts";
import type { Load, Outcome } from "./load.ts";
import { PATIENT } from "./ordered.ts";
import { settled } from "./proc.ts";
import { spawn } from "./stage.ts";

const LOAD = join(import.meta.dirname as string, "load.ts");
const CONNECTIONS = [1, 16, 64];
const FULL = { rounds: 9, ms: 600, warmUpMs: 300 };
const QUICK = { rounds: 1, ms: 50, warmUpMs: 20 };
/** Cores at which client, primary and backup do not share any. */
const CORES = 6;
const ADDED_US = 400, CPU_AT_MOST = 1.3, THROUGHPUT_AT_LEAST = 0.85;

/** A running kv: the processes behind it, the one that serves first. */
export interface Served {
  readonly name: string;
  readonly port: number;
  readonly pids: readonly number[];
}

/** A guest that serves kv's protocol, and its arguments. */
export interface Program {
  readonly name: string;
  readonly args: readonly string[];
}

const KV: Program = { name: "kv", args: [] };

function portOf(address: string): number {
  return Number(address.slice(address.lastIndexOf(":") + 1));
}

/** A kv alone in a node. */
export async function soloKv({ name, args } = KV): Promise<Served> {
  const listen = ["--tcplisten", "127.0.0.1:0"];
  const words = ["run", guest(name), "--json", ...listen, "--", ...args];
  const node = startNode(words);
  const serving = await node.waitForEvent("serving");
  return { name: "solo", port: portOf(serving.listen[0]!), pids: [node.pid] };
}

/** A kv with a backup in sync, which releases as `--output` says. */
export async function replicatedKv(
  name: "commit" | "async",
  options: readonly string[] = [],
  program = KV,
): Promise<Served> {
  const how = { listeners: 1, options: [...PATIENT, "--output", name] };
  const primary = await startPrimary(program.name, {
    ...how,
    options: [...how.options, ...options],
    args: program.args,
  });
  const backup = startBackup(program.name, primary.bind, how);
  await backup.waitForEvent("following");
  const pids = [primary.node.pid, backup.pid];
  return { name, port: portOf(primary.listen), pids };
}

/** Runs a client process against a server; resolves once the server has settled. */
export async function press(
  served: Served,
  how: Pick<Load, "connections" | "ms" | "warmUpMs">,
): Promise<Outcome> {
  const load: Load = { ...how, port: served.port, pids: served.pids };
  const run = ["run", "--quiet", "-A", LOAD, JSON.stringify(load)] as const;
  const client = spawn([Deno.execPath(), ...run]);
  await client.stdin.close();
  const { success, stdout } = await client.output();
  if (!success) throw new Error(`cannot measure kv ${served.name}`);
  for (const pid of served.pids) await settled(pid);
  return JSON.parse(new TextDecoder().decode(stdout)) as Outcome;
}

/** All outcomes of one server under so many connections. */
interface Cell {
  readonly served: Served;
  readonly connections: number;
  readonly outcomes: Outcome[];
}

async function take(cells: readonly Cell[], quick: boolean): Promise<void> {
  const { rounds, ms, warmUpMs } = quick ? QUICK : FULL;
  for (let round = 0; round < rounds; round++) {
    for (const { served, connections, outcomes } of cells) {
      outcomes.push(await press(served, { connections, ms, warmUpMs }));
    }
  }
}

function rate(cell: Cell): number {
  return median(cell.outcomes.map((one) => one.requests / one.seconds));
}

/** CPU time a request in µs, of what `of` picks. */
function cpuOf(cell: Cell, of: (one: Outcome) => number | undefined): number {
  const values = cell.outcomes.map((one) => (of(one) ?? NaN) / one.requests);
  return median(values) / 1_000;
}

function primaryCpu(cell: Cell): number {
  return cpuOf(cell, ({ servers }) => servers[0]);
}

function table(cells: readonly Cell[], soloOf: (cell: Cell) => Cell): Table {
  return {
    head: [
      "connections",
      "outputs",
      "requests a second",
      "p50 µs",
      "p99 µs",
      "CPU µs a request: client",
      "primary",
      "backup",
    ],
    rows: cells.map((cell) => {
      const { served, connections, outcomes } = cell;
      const [requests, cpu] = [rate(cell), primaryCpu(cell)];
      const solo = soloOf(cell);
      const over = (value: number, base: number) =>
        cell === solo ? "" : ` (${(value / base).toFixed(2)}x)`;
      return [
        `${connections}`,
        served.name,
        requests.toFixed(0) + over(requests, rate(solo)),
        median(outcomes.map(({ p50 }) => p50)).toFixed(0),
        median(outcomes.map(({ p99 }) => p99)).toFixed(0),
        cpuOf(cell, ({ client }) => client).toFixed(1),
        cpu.toFixed(1) + over(cpu, primaryCpu(solo)),
        served.pids.length === 1
          ? "none"
          : cpuOf(cell, ({ servers }) => servers[1]).toFixed(1),
      ];
    }),
  };
}

/** Why the primary's CPU time is above its aim. */
const CPU_WHY = "each batch of messages and each ack wakes the main isolate: " +
  "two turns of Deno's event loop, a frame to the backup, one to the log; " +
  "a whole request costs less than that solo";

function aims(cells: readonly Cell[], soloOf: (cell: Cell) => Cell): Aim[] {
  const p50 = ({ outcomes }: Cell) => median(outcomes.map(({ p50 }) => p50));
  const cores = navigator.hardwareConcurrency;
  const moot = cores < CORES
    ? `client, primary and backup share ${cores} cores`
    : undefined;
  return cells.filter(({ served }) => served.name === "commit").flatMap(
    (cell): Aim[] => {
      const solo = soloOf(cell);
      const who = cell.connections === 1
        ? "1 connection"
        : `${cell.connections} connections`;
      const added: Aim = {
        what: "added to p50 by commit, 1 connection",
        ...{ bound: "at most", limit: ADDED_US, unit: " µs" },
        value: p50(cell) - p50(solo),
      };
      const cpu: Aim = {
        what: `CPU of the primary, commit over solo, ${who}`,
        ...{ bound: "at most", limit: CPU_AT_MOST, unit: "x" },
        value: primaryCpu(cell) / primaryCpu(solo),
        why: CPU_WHY,
      };
      const requests: Aim = {
        what: `requests a second, commit over solo, ${who}`,
        ...{ bound: "at least", limit: THROUGHPUT_AT_LEAST, unit: "x" },
        value: rate(cell) / rate(solo),
        moot,
      };
      return cell.connections === 1 ? [added, cpu, requests] : [cpu, requests];
    },
  );
}

/** `kv` under load. */
export const kv: Area = {
  name: "kv",
  title: "A server under load",
  async measure(quick) {
    const servers = [
      await soloKv(),
      await replicatedKv("commit"),
      await replicatedKv("async"),
    ];
    const cells = CONNECTIONS.flatMap((connections) =>
      servers.map((served): Cell => ({ served, connections, outcomes: [] }))
    );
    const soloOf = ({ connections }: Cell) =>
      cells.find((cell) => cell.connections === connections) as Cell;
    await take(cells, quick);
    const { rounds, ms } = quick ? QUICK : FULL;
    return {
      about:
        `\`kv\` in memory; SET and GET of 64 B take turns, one request under way on each connection, from one ` +
        `client process: medians of ${rounds} times ${ms} ms. CPU time is of all threads of a process; client, ` +
        `primary and backup share ${navigator.hardwareConcurrency} cores, so latency and throughput are what they ` +
        "leave each other.",
      tables: [table(cells, soloOf)],
      aims: aims(cells, soloOf),
    };
  },
};
