import type { Plan } from "./plan.ts";
import { Excerpt } from "./excerpt.ts";

/** What is known of a test file's process once it has ended. */
export interface Ending {
  /** What it printed, stdout and stderr as they came, bounded, without colours. */
  readonly output: string;
  /** The end of its stdout, where uvu's totals stand. */
  readonly totals: string;
  readonly code: number;
  readonly signal: string | null;
  readonly timedOut: boolean;
  readonly ms: number;
}

/** How long pipes may stay open that a process outside the group still holds. */
const DRAIN_MS = 2_000;
const OUTPUT_BYTES_MAX = 24_576;
const TOTALS_BYTES_MAX = 4_096;

const running = new Set<number>();

/** Ends every running test file, with all processes of its group, at once. */
export function killAll() {
  for (const pid of running) killGroup(pid);
}

/** Fetches what the files import, so that no file's time pays for it. */
export async function fetchPackages(root: string, plans: readonly Plan[]) {
  const files = plans.map(({ file }) => file);
  const child = spawn(root, ["cache", "--quiet", ...files], "null");
  await child.status;
  running.delete(child.pid);
}

/**
 * Runs a test file in a process group of its own and waits for its end.
 *
 * Whatever way it ends, its group is killed: what it started ends with it.
 */
export async function runFile(root: string, plan: Plan): Promise<Ending> {
  const started = performance.now();
  const env = plan.long ? { LONG: "1" } : undefined;
  const child = spawn(root, ["run", "-A", plan.file], "piped", env);
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    killGroup(child.pid);
  }, plan.timeoutMs);
  const output = new Excerpt(OUTPUT_BYTES_MAX);
  const totals = new Excerpt(TOTALS_BYTES_MAX);
  const closing = new AbortController();
  const pumps = Promise.all([
    pump(child.stdout, [output, totals], closing.signal),
    pump(child.stderr, [output], closing.signal),
  ]);
  const { code, signal } = await child.status;
  clearTimeout(timer);
  killGroup(child.pid);
  running.delete(child.pid);
  const drain = setTimeout(() => closing.abort(), DRAIN_MS);
  await pumps;
  clearTimeout(drain);
  return {
    output: output.text(),
    totals: totals.text(),
    code,
    signal,
    timedOut,
    ms: performance.now() - started,
  };
}

/** Starts Deno in a process group of its own, which `killAll` ends. */
function spawn(
  root: string,
  args: string[],
  output: "piped" | "null",
  env: Readonly<Record<string, string>> = {},
) {
  const child = new Deno.Command(Deno.execPath(), {
    args,
    cwd: root,
    env: { NO_COLOR: "1", REPLRT_DENO: Deno.execPath(), ...env },
    stdin: "null",
    stdout: output,
    stderr: output,
    detached: true,
  }).spawn();
  running.add(child.pid);
  return child;
}

/** Copies a stream into excerpts until it ends or `signal` fires. */
async function pump(
  stream: ReadableStream<Uint8Array>,
  excerpts: readonly Excerpt[],
  signal: AbortSignal,
) {
  const sink = new WritableStream<Uint8Array>({
    write(chunk) {
      for (const excerpt of excerpts) excerpt.add(chunk);
    },
  });
  try {
    await stream.pipeTo(sink, { signal });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

function killGroup(pid: number) {
  try {
    Deno.kill(-pid, "SIGKILL");
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
