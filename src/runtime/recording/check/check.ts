import { ReplrtError } from "../../errors.ts";
import { type Source, SOURCES } from "../../host/fixed_world.ts";
import { endFresh } from "../../host/fresh_process.ts";
import { beforeSignal } from "../../host/signals.ts";
import { readText, removeState, temporaryDir } from "../../host/state.ts";
import { takeStdin } from "../../host/stdin_file.ts";
import { removeTree } from "../../host/tree.ts";
import { loadModule } from "../../module/load.ts";
import type { RunOptions } from "../../options.ts";
import type { StatusEvent } from "../../status.ts";
import { differentCall } from "./calls.ts";
import { compareRuns } from "./compare.ts";
import { type Common, recordRun, replayRun, type Run } from "./run.ts";
import { trySchedules } from "./schedules.ts";
import {
  type CheckName,
  type CheckResult,
  type Difference,
  type DifferentCall,
  isSeen,
  type Verdict,
} from "./verdict.ts";

/** All that `replrt check` was told about what to do. */
export interface CheckOptions {
  /** The program and what it gets; role solo. */
  readonly run: RunOptions;
  /** How many runs are compared in the world as it is, the recorded one among them. */
  readonly runs: number;
  /** The sources that are tried out. */
  readonly perturb: readonly Source[];
  /** How many schedules of its threads are tried out, at least 2; undefined: none. */
  readonly schedules: number | undefined;
  /** How long each run may take, in ms. */
  readonly runTimeoutMs: number;
}

/** The variable that a program has in its environment beside the given ones when `env` is tried out. */
const EXTRA = "REPLRT_CHECK=env";

/**
 * Finds out whether a program does the same each time, and what it gets from the world if not. Its directories are copied for each run
 * and stay as they are; stdin is read to its end first.
 *
 * @throws {ReplrtError} for what the operator has to mend, and for a run that does not end.
 */
export async function check(options: CheckOptions): Promise<CheckResult> {
  const { run, schedules, runTimeoutMs: timeoutMs } = options;
  const { threaded } = loadModule(run.module);
  if (schedules !== undefined && !threaded) throw withoutThreads(run.module);
  const place = temporaryDir("replrt-check-");
  const clean = () => {
    removeTree(place);
    removeState(place);
  };
  const endWatch = beforeSignal(() => {
    endFresh();
    clean();
  });
  try {
    const stdin = `${place}/stdin`;
    await takeStdin(stdin, timeoutMs);
    const checker = new Checker(options, { place, stdin, timeoutMs });
    const verdicts = await checker.all();
    const deterministic = verdicts.every(({ outcome }) => outcome === "equal");
    return { module: run.module, deterministic, verdicts };
  } finally {
    endWatch();
    clean();
  }
}

class Checker {
  readonly #options: CheckOptions;
  readonly #common: Common;
  #made = 0;

  constructor(options: CheckOptions, common: Common) {
    this.#options = options;
    this.#common = common;
  }

  async all(): Promise<Verdict[]> {
    const { runs, perturb, schedules } = this.#options;
    const first = await this.#run();
    const verdicts = [await this.#replay(first)];
    if (runs > 1) verdicts.push(await this.#again(first));
    removeTree(first.place);
    if (perturb.length > 0) verdicts.push(...await this.#perturbed());
    if (schedules !== undefined) {
      verdicts.push(await this.#scheduled(schedules));
    }
    return verdicts;
  }

  #run(other?: Source | null, seed?: number): Promise<Run> {
    const { run } = this.#options;
    const world = other === undefined ? undefined : { other };
    const env = other === "env" ? [EXTRA, ...run.env.toReversed()] : run.env;
    const name = `run-${++this.#made}`;
    const options = { ...run, env, scheduleSeed: seed };
    return recordRun(this.#common, name, options, world);
  }

  async #replay(first: Run): Promise<Verdict> {
    const replayed = await replayRun(this.#common, first, this.#options.run);
    const found = this.#compare("replay", first, { ...replayed, dirs: [] });
    removeTree(replayed.place);
    const call = replayed.result.kind === "diverged"
      ? divergenceOf(replayed)
      : undefined;
    const equal = found.differences.length === 0 && call === undefined;
    return { ...found, outcome: equal ? "equal" : "differs", call };
  }

  /** Compares runs with the first, until one differs. */
  async #again(first: Run): Promise<Verdict> {
    const { runs } = this.#options;
    let memory: Verdict | undefined;
    let ms = first.ms;
    for (let done = 2; done <= runs; done++) {
      const run = await this.#run();
      ms += run.ms;
      const verdict = {
        ...this.#compare("runs", first, run),
        runs: done,
        ms,
      };
      removeTree(run.place);
      if (verdict.outcome === "differs") return verdict;
      if (verdict.differences.length > 0) memory ??= verdict;
    }
    const none = { differences: [], call: undefined };
    return { name: "runs", outcome: "equal", ...none, ...memory, runs, ms };
  }

  async #perturbed(): Promise<Verdict[]> {
    const fixed = await this.#run(null);
    const again = await this.#run(null);
    const control = this.#compare("fixed", fixed, again);
    removeTree(again.place);
    const verdicts = [control];
    for (const source of SOURCES) {
      if (!this.#options.perturb.includes(source)) continue;
      if (control.outcome !== "equal") {
        verdicts.push(skipped(source));
        continue;
      }
      const run = await this.#run(source);
      verdicts.push(this.#compare(source, fixed, run));
      removeTree(run.place);
    }
    return verdicts;
  }

  #scheduled(count: number): Promise<Verdict> {
    const { run: { module } } = this.#options;
    return trySchedules({
      ...{ module, count },
      run: (seed) => this.#run(null, seed),
      compare: (one, other) => this.#differences(one, other).filter(isSeen),
    });
  }

  #differences(one: Run, other: Run): Difference[] {
    const dirs = this.#options.run.dirs.map(({ guest }) => guest);
    return compareRuns(one, other, dirs);
  }

  #compare(name: CheckName, one: Run, other: Run): Verdict {
    const differences = this.#differences(one, other);
    const call = differences.length === 0 || one.recording === other.recording
      ? undefined
      : differentCall(one.recording, other.recording);
    return {
      ...{ name, differences, call, runs: 2, ms: other.ms },
      outcome: differences.some(isSeen) ? "differs" : "equal",
    };
  }
}

function withoutThreads(module: string): ReplrtError {
  return new ReplrtError(
    `cannot use --schedules: ${module} has no threads`,
    "leave it out; --perturb finds out what else reaches the output",
  );
}

function skipped(name: Source): Verdict {
  const none = { differences: [], call: undefined, runs: 0, ms: 0 };
  return { name, outcome: "skipped", ...none };
}

/** Where a replay diverged, from its status lines. */
function divergenceOf({ place }: Run): DifferentCall | undefined {
  for (const line of (readText(`${place}/status`) ?? "").split("\n")) {
    if (!line.startsWith("{")) continue;
    const event = JSON.parse(line) as StatusEvent;
    if (event.event !== "divergence") continue;
    const { seq, recorded, replayed } = event.report;
    return { seq, one: recorded, other: replayed, learnt: false };
  }
  return undefined;
}
