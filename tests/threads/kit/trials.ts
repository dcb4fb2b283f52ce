/** Recordings of programs under many schedules, and their replays, each in a process of its own. @module */
import * as assert from "uvu/assert";
import {
  recordRun,
  replayRun,
  type Run,
} from "../../../src/runtime/recording/check/run.ts";
import { RUN_DEFAULTS } from "../../../src/runtime/options.ts";
import { guest } from "../../kit/node.ts";
import { tempDir } from "../../kit/place.ts";
import { type Chosen, optionsOf } from "./schedules.ts";

/** A program to try. */
export interface Subject {
  /** The guest's name. */
  readonly name: string;
  readonly args: readonly string[];
  /** All of stdin. */
  readonly stdin?: string;
}

/** How a run ended and what it left. */
export interface Outcome {
  /** `exit CODE`, or `trap REASON`. */
  readonly end: string;
  readonly stdout: string;
  readonly stderr: string;
  /** SHA-256 of the final memory. */
  readonly memory: string;
}

/** How long a run may take, in ms. */
const TIMEOUT_MS = 60_000;

/** Records a program under a schedule, replays the recording, and gives the outcome of both. @throws {Error} unless they are equal. */
export async function recordAndReplay(
  { name, args, stdin = "" }: Subject,
  { quantum, seed }: Chosen,
): Promise<Outcome> {
  const place = tempDir();
  const common = { place, stdin: `${place}/stdin`, timeoutMs: TIMEOUT_MS };
  Deno.writeTextFileSync(common.stdin, stdin);
  const options = {
    ...{ ...RUN_DEFAULTS, module: guest(name), args },
    ...{ quantum, scheduleSeed: seed },
  };
  const run = await recordRun(common, "run", options, undefined);
  Deno.writeTextFileSync(common.stdin, "another input\n");
  const again = await replayRun(common, run, options);
  const [found, wanted] = [outcomeOf(again), outcomeOf(run)];
  Deno.removeSync(place, { recursive: true });
  Deno.mkdirSync(place);
  assert.equal(found, wanted, commandOf({ name, args }, { quantum, seed }));
  return found;
}

function outcomeOf({ result, stdout, stderr }: Run): Outcome {
  const printed = {
    stdout: Deno.readTextFileSync(stdout),
    stderr: Deno.readTextFileSync(stderr),
  };
  if (result.kind !== "ended") {
    return { end: result.kind, ...printed, memory: "" };
  }
  const { end, memory } = result;
  return {
    end: end.kind === "exit" ? `exit ${end.code}` : `trap ${end.reason}`,
    ...printed,
    memory,
  };
}

/** What an operator types for that recording. */
function commandOf({ name, args }: Subject, chosen: Chosen): string {
  const words = [...optionsOf(chosen), guest(name), "--", ...args];
  return `the replay is not the run of: replrt record ${words.join(" ")}`;
}

/** Does `work` for each number below `count`, two at a time, until one fails; gives what it gave in order. */
export async function pairwise<T>(
  count: number,
  work: (i: number) => Promise<T>,
): Promise<T[]> {
  const results: T[] = [];
  let next = 0;
  const lane = async () => {
    for (let i = next++; i < count; i = next++) results[i] = await work(i);
  };
  try {
    await Promise.all([lane(), lane()]);
  } finally {
    next = count;
  }
  return results;
}
