/** What processes cost, as the kernel counts it in /proc. @module */

/** CPU time of each thread by its id, in ns. */
export type ThreadTimes = ReadonlyMap<string, number>;

/** The threads of a process and what they have spent so far. @throws {Error} when it has ended. */
export function threadTimes(pid: number): ThreadTimes {
  const tasks = `/proc/${pid}/task`;
  const times = new Map<string, number>();
  for (const thread of threadsOf(pid)) {
    try {
      const text = Deno.readTextFileSync(`${tasks}/${thread}/schedstat`);
      times.set(thread, Number(text.split(" ", 1)[0]));
    } catch (error) {
      if (!gone(error)) throw error;
    }
  }
  return times;
}

function threadsOf(pid: number): string[] {
  try {
    return [...Deno.readDirSync(`/proc/${pid}/task`)].map(({ name }) => name);
  } catch (error) {
    if (!gone(error)) throw error;
    throw new Error(`cannot measure process ${pid}: it has ended`);
  }
}

/** What each thread spent between two readings, in ns; those that ended between them are left out. */
export function spent(
  before: ThreadTimes,
  after: ThreadTimes,
): ThreadTimes {
  return new Map(
    [...after].map(([thread, ns]) => [thread, ns - (before.get(thread) ?? 0)]),
  );
}

/** All threads together, in ns. */
export function total(times: ThreadTimes): number {
  return [...times.values()].reduce((sum, ns) => sum + ns, 0);
}

/** The thread that spent most. */
export function busiest(times: ThreadTimes): string {
  const [first] = [...times].sort(([, a], [, b]) => b - a);
  return first?.[0] ?? "";
}

/** Resolves once a process has nothing more to do than to show that it lives. */
export async function settled(pid: number): Promise<void> {
  for (let before = total(threadTimes(pid));;) {
    await new Promise((resolve) => setTimeout(resolve, SETTLED_MS));
    const now = total(threadTimes(pid));
    if (now - before < SETTLED_NS) return;
    before = now;
  }
}

/** A process that spends less than this in this time has settled. */
const SETTLED_MS = 3, SETTLED_NS = 300_000;

/** Resident memory in bytes: all of it, and with what is shared divided by those who share it. */
export interface Memory {
  readonly rss: number;
  readonly pss: number;
}

/** The memory of a process now. */
export function memoryOf(pid: number): Memory {
  const text = Deno.readTextFileSync(`/proc/${pid}/smaps_rollup`);
  const bytes = (name: string) =>
    1024 * Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(text)?.[1]);
  return { rss: bytes("Rss"), pss: bytes("Pss") };
}

/** A thread that ends while it is read gives ESRCH. */
function gone(error: unknown): boolean {
  return error instanceof Deno.errors.NotFound ||
    (error as { code?: string }).code === "ESRCH";
}
