/** What a call costs: solo and with a live backup, beside node:wasi. @module */
import { type Aim, type Area, median, type Table } from "./area.ts";
import { type Case, CASES, orderOf } from "./cases.ts";
import {
  CALLS,
  type Ordered,
  peerGuest,
  plant,
  replicatedGuest,
  soloGuest,
} from "./ordered.ts";
import { busiest, settled, spent, threadTimes, total } from "./proc.ts";
import { underDeno, underNode } from "./stage.ts";

/** What one measurement gave, in ns a call. */
interface Sample {
  /** By the guest's own clock. */
  readonly ns: number;
  /** CPU time: of the whole process, of the guest's own thread, of the backup; NaN without one. */
  readonly cpu: number;
  readonly thread: number;
  readonly backup: number;
}

/** One process, or a primary and its backup. */
interface Variant {
  readonly guest: Ordered;
  readonly backup: number | undefined;
  /** The thread that the guest runs in. */
  readonly thread: string;
  readonly samples: ReadonlyMap<Case, Sample[]>;
}

async function variant(guest: Ordered, backup?: number): Promise<Variant> {
  const before = threadTimes(guest.pid);
  await guest.run("spins 100");
  const thread = busiest(spent(before, threadTimes(guest.pid)));
  const samples = new Map(CASES.map((item) => [item, []]));
  return { guest, backup, thread, samples };
}

/** Makes so many calls; the backup has made them too when it resolves. */
async function sample(
  { guest, backup, thread }: Variant,
  item: Case,
  calls: number,
): Promise<Sample> {
  const before = threadTimes(guest.pid);
  const backupBefore = backup === undefined ? new Map() : threadTimes(backup);
  const ns = await guest.run(orderOf(item, calls));
  if (backup !== undefined) await settled(backup);
  const times = spent(before, threadTimes(guest.pid));
  return {
    ns,
    cpu: total(times) / calls,
    thread: (times.get(thread) ?? NaN) / calls,
    backup: backup === undefined
      ? NaN
      : total(spent(backupBefore, threadTimes(backup))) / calls,
  };
}

/** The most that a call may cost solo, over node:wasi. */
const SOLO_AT_MOST = 1.2;
const FULL = { rounds: 31, warmUp: 10, part: 1 };
const QUICK = { rounds: 1, warmUp: 0, part: 0.1 };

async function take(variants: readonly Variant[], quick: boolean) {
  const { rounds, warmUp, part } = quick ? QUICK : FULL;
  for (let round = -warmUp; round < rounds; round++) {
    for (const item of CASES) {
      for (const it of variants) {
        const one = await sample(it, item, item.calls * part);
        if (round >= 0) it.samples.get(item)!.push(one);
      }
    }
  }
  return rounds;
}

type Trio = readonly [peer: Variant, solo: Variant, primary: Variant];

function middle(it: Variant, item: Case, what: keyof Sample): number {
  return median(it.samples.get(item)!.map((one) => one[what]));
}

function timesTable([peer, ...own]: Trio, peerName: string): Table {
  return {
    head: ["call", peerName, "solo", "primary with a backup"],
    rows: CASES.map((item) => {
      const base = middle(peer, item, "ns");
      const cells = own.map((it) => withRatio(middle(it, item, "ns"), base));
      return [item.call, base.toFixed(0), ...cells];
    }),
  };
}

function cpuTable([peer, solo, primary]: Trio, peerName: string): Table {
  const columns: [string, Variant, keyof Sample][] = [
    ["solo", solo, "cpu"],
    ["the primary's guest thread", primary, "thread"],
    ["primary", primary, "cpu"],
    ["backup", primary, "backup"],
  ];
  return {
    head: ["CPU ns a call", peerName, ...columns.map(([name]) => name)],
    rows: CASES.map((item) => {
      const base = middle(peer, item, "cpu");
      const cells = columns.map(([, it, what]) =>
        withRatio(middle(it, item, what), base)
      );
      return [item.call, base.toFixed(0), ...cells];
    }),
  };
}

function withRatio(ns: number, base: number): string {
  return `${ns.toFixed(0)} (${(ns / base).toFixed(2)}x)`;
}

function aims([peer, solo, primary]: Trio): Aim[] {
  const ratio = (it: Variant, item: Case) =>
    middle(it, item, "ns") / middle(peer, item, "ns");
  const aim = (item: Case, who: string, limit: number, value: number) => ({
    what: `${item.call}, ${who}`,
    bound: "at most" as const,
    limit,
    unit: "x" as const,
    value,
  });
  return [
    ...CASES.map((item) => ({
      ...aim(item, "solo", SOLO_AT_MOST, ratio(solo, item)),
      why: item.why?.solo,
    })),
    ...CASES.filter(({ replicated }) => replicated !== undefined).map((
      item,
    ) => ({
      ...aim(item, "with a backup", item.replicated!, ratio(primary, item)),
      why: item.why?.replicated,
    })),
  ];
}

/** Calls, measured by the guest that makes them. */
export const calls: Area = {
  name: "calls",
  title: "What a call costs",
  async measure(quick) {
    const node = underNode(CALLS, plant(), "-");
    const name = `node:wasi in ${node === undefined ? "Deno" : "Node"}`;
    const peer = peerGuest(node ?? underDeno(CALLS, plant(), "-"));
    const solo = soloGuest();
    const { guest, backup } = await replicatedGuest();
    const trio: Trio = [
      await variant(peer),
      await variant(solo),
      await variant(guest, backup),
    ];
    const rounds = await take(trio, quick);
    for (const it of trio) await it.guest.end();
    return {
      about:
        `ns a call as the guest's own clock sees it, and the ratio to ${name}: medians of ${rounds} rounds ` +
        "of some thousand calls, in processes that stay warm. The primary has a live backup, in a process of its " +
        `own; guest, primary and backup share ${navigator.hardwareConcurrency} cores, so CPU time is given too: of ` +
        "all threads of a process, until it has nothing more to do.",
      tables: [timesTable(trio, name), cpuTable(trio, name)],
      aims: aims(trio),
    };
  },
};
