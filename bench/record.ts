/** What recording costs, and how fast a replay is. @module */
import { startNode } from "../tests/kit/node.ts";
import { tempDir } from "../tests/kit/place.ts";
import { type Aim, type Area, median, type Table } from "./area.ts";
import { CALLS, type Ordered, orderedNode, plant } from "./ordered.ts";
import { busiest, settled, spent, threadTimes, total } from "./proc.ts";
import { sqliteModule } from "./sqlite.ts";

/** A guest that takes orders, and what it is ordered. */
interface Work {
  /** Its name, and what it is counted in. */
  readonly name: string;
  readonly module: string;
  readonly args: readonly string[];
  /** The order for so many. */
  order(units: number): string;
  readonly units: number;
  /** The most that it may take recorded, over solo: by the guest's clock, or of its thread's CPU time. */
  readonly limit?: number;
  readonly judged?: "ns" | "thread";
  readonly why?: string;
}

const SQLITE_WHY =
  "nine logged calls a row, of some 0.2 µs each: every look-up takes and gives back SQLite's lock, which is a " +
  "directory here, and asks twice for a journal; the rest is the main isolate, where cores are few";

/** All of it but SQLite. */
function callsWorks(): readonly Work[] {
  const calls = { module: CALLS, args: ["-"] };
  return [
    {
      ...{ ...calls, name: "computing, a million steps" },
      ...{ limit: 1.02, judged: "thread" },
      ...{ order: (n) => `spins ${n}`, units: 50 },
    },
    {
      ...{ ...calls, name: "clock_time_get, a call" },
      ...{ order: (n) => `clocks ${n}`, units: 20_000 },
    },
    {
      ...{ ...calls, name: "fd_write of 64 B to a file, a call" },
      ...{ order: (n) => `writes ${n} /write`, units: 8_000 },
    },
  ];
}

async function sqliteWork(): Promise<Work> {
  return {
    ...{ name: "SQLite, a row", limit: 1.1, why: SQLITE_WHY },
    ...{ module: await sqliteModule(), args: ["/db"] },
    ...{ order: (n) => `${n}`, units: 1_000 },
  };
}

/** A running guest and what was measured of it, in ns a unit. */
interface Runner {
  readonly guest: Ordered;
  readonly ns: number[];
  /** CPU time of the guest's thread, and of the whole process. */
  readonly thread: number[];
  readonly cpu: number[];
  /** By the guest's clock, in ns, all in all. */
  spentNs: number;
  units: number;
}

function runner(guest: Ordered): Runner {
  return { guest, ns: [], thread: [], cpu: [], spentNs: 0, units: 0 };
}

async function sample(
  it: Runner,
  { order }: Work,
  units: number,
  kept: boolean,
): Promise<void> {
  const { pid } = it.guest;
  const before = threadTimes(pid);
  const ns = await it.guest.run(order(units));
  await settled(pid);
  const times = spent(before, threadTimes(pid));
  it.spentNs += ns * units;
  it.units += units;
  if (!kept) return;
  it.ns.push(ns);
  it.thread.push((times.get(busiest(times)) as number) / units);
  it.cpu.push(total(times) / units);
}

const FULL = { rounds: 21, warmUp: 5, part: 1 };
const QUICK = { rounds: 1, warmUp: 0, part: 0.05 };

/** What came of some work: the runs, the recording's size, and how long its replay took, in ms. */
interface Measured {
  readonly work: Work;
  readonly solo: Runner;
  readonly recorded: Runner;
  readonly bytes: number;
  readonly replayMs: number;
}

async function measure(work: Work, quick: boolean): Promise<Measured> {
  const { rounds, warmUp, part } = quick ? QUICK : FULL;
  const file = `${tempDir()}/a.rlog`;
  const start = (...command: string[]) =>
    runner(orderedNode([
      ...[...command, "--dir", `${plant()}::/`],
      ...[work.module, "--", ...work.args],
    ]));
  const solo = start("run"), recorded = start("record", "-o", file);
  for (let round = -warmUp; round < rounds; round++) {
    for (const it of [solo, recorded]) {
      await sample(it, work, Math.ceil(work.units * part), round >= 0);
    }
  }
  await solo.guest.end();
  await recorded.guest.end();
  const bytes = Deno.statSync(file).size / recorded.units;
  return { work, solo, recorded, bytes, replayMs: await replayed(file) };
}

/** How long a replay takes from the start of its process to its end, in ms. */
async function replayed(file: string): Promise<number> {
  const start = performance.now();
  const { code } = await startNode(["replay", "--quiet", file]).exit;
  if (code !== 0) {
    throw new Error(`cannot replay ${file}: it ended with ${code}`);
  }
  return performance.now() - start;
}

function tables(all: readonly Measured[]): Table[] {
  const pair = (solo: number[], recorded: number[]) => {
    const [a, b] = [median(solo), median(recorded)];
    return [a.toFixed(0), `${b.toFixed(0)} (${(b / a).toFixed(2)}x)`];
  };
  return [{
    head: [
      ...["work", "ns solo", "recorded", "CPU ns solo"],
      ...["recorded, guest's thread", "whole process"],
    ],
    rows: all.map(({ work: { name }, solo, recorded }) => [
      ...[name, ...pair(solo.ns, recorded.ns)],
      ...pair(solo.thread, recorded.thread),
      pair(solo.cpu, recorded.cpu)[1]!,
    ]),
  }, {
    head: ["recording", "bytes", "ms recorded", "ms replayed"],
    rows: all.map(({ work: { name }, recorded, bytes, replayMs }) => {
      const ms = recorded.spentNs / 1e6;
      const ratio = `${replayMs.toFixed(0)} (${(replayMs / ms).toFixed(2)}x)`;
      return [name, bytes.toFixed(0), ms.toFixed(0), ratio];
    }),
  }];
}

function aims(all: readonly Measured[]): Aim[] {
  return all.flatMap(({ work, solo, recorded }) => {
    const { name, limit, judged = "ns", why } = work;
    const what = judged === "ns" ? name : `${name}, CPU time of its thread`;
    return limit === undefined ? [] : [{
      what: `${what}, recorded`,
      bound: "at most" as const,
      ...{ limit, unit: "x" as const, why },
      value: median(recorded[judged]) / median(solo[judged]),
    }];
  });
}

/** Recording and replay; SQLite, which has to be built first, is left out of a quick run. */
export const record: Area = {
  name: "record",
  title: "Recording",
  async measure(quick) {
    const all: Measured[] = [];
    const works = quick ? callsWorks() : [...callsWorks(), await sqliteWork()];
    for (const work of works) all.push(await measure(work, quick));
    return {
      about:
        `ns a unit of work as the guest's own clock sees it, solo and recorded: medians of ${
          (quick ? QUICK : FULL).rounds
        } rounds that take ` +
        "turns, in processes that stay warm; CPU time of the guest's thread and of all threads. SQLite makes a " +
        "database anew, inserts rows in transactions of 100, finds each by its key and some by their names, changes " +
        "some. A replay goes through all rounds and those before them, and starts a process; what was recorded is the " +
        "time of the same rounds.",
      tables: tables(all),
      aims: aims(all),
    };
  },
};
