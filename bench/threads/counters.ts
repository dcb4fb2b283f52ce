/** What the counters of loops and calls cost, on code that is the same but for them. @module */
import { type Aim, median, type Table } from "../area.ts";
import type { Ordered } from "../ordered.ts";
import { busiest, spent, threadTimes } from "../proc.ts";
import { sqliteModule } from "../sqlite.ts";
import {
  type Cell,
  KERNELS,
  nodeGuest,
  plainGuest,
  takeTurns,
} from "./peers.ts";

/** Each launch has its own code, whose places in memory make a difference of some hundredths. */
const FULL = { launches: 5, rounds: 9, warmUp: 8, part: 1 };
const QUICK = { launches: 1, rounds: 1, warmUp: 0, part: 0.1 };
const TIGHT_AT_MOST = 1.15, SUITE_AT_MOST = 1.05;

/** Some work. */
interface Kernel {
  readonly name: string;
  /** The order for `n` of it. */
  order(n: number): string;
  readonly n: number;
  /** Whether it is a loop of a few instructions. */
  readonly tight: boolean;
}

/** Kernels of the guest, and how often each is done at a time. */
const TIGHT = { generate: 4, total: 30, count: 6 };
const SUITE = {
  ...{ sort: 3, quick: 4, hash: 60, matrix: 10, search: 40, interpret: 60 },
  ...{ tree: 6, digest: 15, compress: 60, distance: 3, mandelbrot: 2 },
};

const NAMES: Readonly<Record<string, string>> = {
  generate: "steps of a generator",
  total: "sum of an array",
  count: "letters of a text",
  sort: "libc's qsort",
  quick: "quicksort",
  hash: "hash table of words",
  matrix: "matrix product",
  search: "string search",
  interpret: "interpreter",
  tree: "recursive tree",
  digest: "rounds of SHA-256",
  compress: "compression",
  distance: "edit distance",
  mandelbrot: "Mandelbrot set",
};

function kernelsOf(
  counts: Readonly<Record<string, number>>,
  tight: boolean,
): Kernel[] {
  return Object.entries(counts).map(([order, n]) => ({
    ...{ name: NAMES[order]!, n, tight },
    order: (n: number) => `${order} ${n}`,
  }));
}

/** A module and its kernels. */
interface Program {
  readonly module: string;
  readonly arg: string;
  readonly kernels: readonly Kernel[];
}

async function programs(quick: boolean): Promise<Program[]> {
  const kernels = [...kernelsOf(TIGHT, true), ...kernelsOf(SUITE, false)];
  const own = { module: KERNELS, arg: "-", kernels };
  if (quick) return [own];
  const rows: Kernel = {
    ...{ name: "SQLite in memory, a row", n: 5_000, tight: false },
    order: String,
  };
  const module = await sqliteModule(true);
  return [own, { module, arg: ":memory:", kernels: [rows] }];
}

/** The variants of a program, and which of them has the counters and nothing else. */
const VARIANTS = ["as it is", "counted", "in a node", "there, with a seed"];
const COUNTED = 1;

function variantsOf({ module, arg }: Program): Ordered[] {
  return [
    plainGuest("reused", module, arg),
    plainGuest("counted", module, arg),
    nodeGuest(module, [], arg),
    nodeGuest(module, ["--schedule-seed", "1"], arg),
  ];
}

/** CPU time of the guest's thread for an order, in ns. */
async function cpuTime({ guest, order }: Cell): Promise<number> {
  const before = threadTimes(guest.pid);
  await guest.run(order);
  const times = spent(before, threadTimes(guest.pid));
  return times.get(busiest(times)) as number;
}

/** A kernel, and for each variant what it took, in ns. */
interface Row {
  readonly kernel: Kernel;
  readonly samples: readonly number[][];
}

/** Runs the kernels of a program in processes that are started for it. */
async function launch(
  program: Program,
  rows: readonly Row[],
  { part, ...how }: typeof FULL,
): Promise<void> {
  const variants = variantsOf(program);
  const cells = rows.flatMap(({ kernel: { order, n }, samples }) =>
    variants.map((guest, i): Cell => ({
      ...{ guest, order: order(Math.ceil(n * part)), samples: samples[i]! },
    }))
  );
  await takeTurns(cells, how, cpuTime);
  for (const guest of variants) await guest.end();
}

async function measure(how: typeof FULL, all: readonly Program[]) {
  const taken = all.map((program) => ({
    program,
    rows: program.kernels.map((kernel): Row => ({
      ...{ kernel, samples: VARIANTS.map(() => []) },
    })),
  }));
  for (let i = 0; i < how.launches; i++) {
    for (const { program, rows } of taken) await launch(program, rows, how);
  }
  return taken.flatMap(({ rows }) => rows);
}

/** What a variant took over the module as it is, next to which it ran: machines change their speed. */
function ratio({ samples }: Row, variant: number): number {
  return median(samples[variant]!.map((ns, i) => ns / samples[0]![i]!));
}

/** The geometric mean. */
function mean(ratios: readonly number[]): number {
  const sum = ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0);
  return Math.exp(sum / ratios.length);
}

/** Why a tight loop is above its aim. */
const WHY_TIGHT =
  "a round of a few instructions (letters of a text) pays for a counter and a branch";
/** Why the mean is above its aim. */
const WHY =
  "loops of a few instructions that go round a few times (hash table, quicksort, compression, string search) pay " +
  "for a counter in a register, and for the second loop around them; calls through pointers (qsort) count in memory";

function tableOf(
  rows: readonly Row[],
  { launches, rounds, part }: typeof FULL,
): Table {
  const suite = rows.filter(({ kernel }) => !kernel.tight);
  const means = VARIANTS.map((_, i) =>
    mean(suite.map((row) => ratio(row, i))).toFixed(2)
  );
  return {
    about:
      "CPU time of one pass, in µs: of the module as it is, with the counters that the rewriter puts into loops and " +
      "calls, both in processes that are no nodes, and in a node, where a quantum ends now and then; with a schedule " +
      "seed each access of memory is counted too. The first three are loops of a few instructions; the mean of the " +
      `others is geometric. Medians of ${launches} launches with ${rounds} rounds each; ratios are those of a round.`,
    head: ["one, µs of CPU time", ...VARIANTS],
    rows: [
      ...rows.map((row) => {
        const { name, n } = row.kernel;
        const us = row.samples.map((all) =>
          median(all) / Math.ceil(n * part) / 1_000
        );
        const digits = us[0]! < 10 ? 2 : 1;
        const cells = us.map((value, i) =>
          i === 0
            ? value.toFixed(digits)
            : `${value.toFixed(digits)} (${ratio(row, i).toFixed(2)}x)`
        );
        return [name, ...cells];
      }),
      ["mean of the others, times", ...means],
    ],
  };
}

/** What the counters add to the CPU time of code. */
export async function counters(
  quick: boolean,
): Promise<{ readonly table: Table; readonly aims: readonly Aim[] }> {
  const how = quick ? QUICK : FULL;
  const rows = await measure(how, await programs(quick));
  const ratios = (tight: boolean) =>
    rows.filter(({ kernel }) => kernel.tight === tight)
      .map((row) => ratio(row, COUNTED));
  const aim = { bound: "at most", unit: "x" } as const;
  const aims: Aim[] = [{
    ...{ ...aim, what: "counters, the worst of the tight loops" },
    why: WHY_TIGHT,
    ...{ limit: TIGHT_AT_MOST, value: Math.max(...ratios(true)) },
  }, {
    ...{ ...aim, what: "counters, the mean of the others", why: WHY },
    ...{ limit: SUITE_AT_MOST, value: mean(ratios(false)) },
  }];
  return { table: tableOf(rows, how), aims };
}
