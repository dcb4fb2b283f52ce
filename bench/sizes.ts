/** How much the log and the nodes take. @module */
import { tempDir } from "../tests/kit/place.ts";
import type { Area, Table } from "./area.ts";
import { CASES, orderOf } from "./cases.ts";
import { press, replicatedKv, type Served, soloKv } from "./kv.ts";
import { primaryGuest } from "./ordered.ts";
import { memoryOf } from "./proc.ts";
import { spawn } from "./stage.ts";

const CALLS = 10_000;
const FULL = { ms: 2_000, warmUpMs: 0 };
const QUICK = { ms: 100, warmUpMs: 0 };
const WORKING = 16;

/** Bytes of the log in a state directory. */
export function logBytes(state: string): number {
  return Deno.statSync(`${state}/log`).size;
}

async function callRows(): Promise<string[][]> {
  const state = tempDir();
  const { guest } = await primaryGuest(state);
  const rows: string[][] = [];
  for (const item of CASES) {
    const before = logBytes(state);
    await guest.run(orderOf(item, CALLS));
    const bytes = (logBytes(state) - before) / CALLS;
    rows.push([item.call, bytes.toFixed(0)]);
  }
  await guest.end();
  return rows;
}

async function requestRow(
  served: Served,
  state: string,
  connections: number,
  quick: boolean,
): Promise<string[]> {
  const before = logBytes(state);
  const how = { ...(quick ? QUICK : FULL), connections };
  const { sent } = await press(served, how);
  const name = `a request to kv, ${connections} at a time`;
  return [name, ((logBytes(state) - before) / sent).toFixed(0)];
}

/** A Deno that does nothing. */
function bareDeno(): Deno.ChildProcess {
  const script = "await Deno.stdin.read(new Uint8Array(1))";
  return spawn([Deno.execPath(), "eval", "--no-config", script]);
}

function memoryTable(processes: readonly (readonly [string, number])[]): Table {
  return {
    head: ["memory, MB", "RSS", "PSS"],
    rows: processes.map(([name, pid]) => {
      const { rss, pss } = memoryOf(pid);
      return [name, ...[rss, pss].map((bytes) => (bytes / 1e6).toFixed(0))];
    }),
  };
}

/** Bytes of the log and of memory. */
export const sizes: Area = {
  name: "sizes",
  title: "Log and memory",
  async measure(quick) {
    const bare = bareDeno();
    const state = tempDir();
    const replicated = await replicatedKv("commit", ["--state-dir", state]);
    const solo = await soloKv();
    const requests: string[][] = [];
    for (const connections of [1, WORKING, 64]) {
      requests.push(await requestRow(replicated, state, connections, quick));
    }
    await press(solo, { ...(quick ? QUICK : FULL), connections: WORKING });
    const [primary, backup] = replicated.pids;
    const memory = memoryTable([
      ["bare deno", bare.pid],
      ["kv, solo", solo.pids[0]!],
      ["kv, primary", primary!],
      ["kv, backup", backup!],
    ]);
    await bare.stdin.close();
    const head = ["log", "bytes"];
    return {
      about:
        `Bytes of the log on disk a call, of ${CALLS} calls, and a request (half SET, half GET of 64 B). Memory of ` +
        "processes after some seconds of that load, all of them running; PSS divides what they share.",
      tables: [{ head, rows: [...await callRows(), ...requests] }, memory],
      aims: [],
    };
  },
};
