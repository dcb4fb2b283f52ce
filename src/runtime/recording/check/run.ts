import { fileURLToPath } from "node:url";
import { ReplrtError } from "../../errors.ts";
import { bootMs } from "../../host/clock.ts";
import { copyTimes } from "../../host/copied_times.ts";
import type { FixedWorld } from "../../host/fixed_world.ts";
import { runFresh } from "../../host/fresh_process.ts";
import { readText, writeText } from "../../host/state.ts";
import { look, makeDirectory, realPath, setMode } from "../../host/tree.ts";
import { closeDirectories, copyTree } from "../../mirror/copy.ts";
import { manifestOf } from "../../mirror/manifest.ts";
import type { Manifest } from "../../mirror/types.ts";
import { unhurried } from "../../node/unhurried.ts";
import type { GuestDir, RunOptions } from "../../options.ts";
import type { RunResult, RunSpec } from "./spec.ts";

/** Stacks of a replay, of its threads too, in KiB: what did not exhaust those of the recorded run must not exhaust them. */
const REPLAY_STACKS = [
  "--stack-size=3000",
  "--wasm-stack-switching-stack-size=3000",
];

const CHILD = fileURLToPath(new URL("./child.ts", import.meta.url));

/** What all runs of a check have in common. */
export interface Common {
  /** The check's own directory. */
  readonly place: string;
  readonly stdin: string;
  readonly timeoutMs: number;
}

/** A run that has ended, and what it left. */
export interface Run {
  /** Its own directory. */
  readonly place: string;
  readonly recording: string;
  readonly stdout: string;
  readonly stderr: string;
  readonly result: Exclude<RunResult, { kind: "failed" }>;
  /** What its directories hold, in the order of the options; nothing of a replay. */
  readonly dirs: readonly Manifest[];
  /** How long it took, in ms. */
  readonly ms: number;
}

/** Records a run in a process of its own, with copies of its directories. @throws {ReplrtError} when it could not be run. */
export async function recordRun(
  common: Common,
  name: string,
  run: RunOptions,
  world: FixedWorld | undefined,
): Promise<Run> {
  const place = `${common.place}/${name}`;
  makeDirectory(place);
  const dirs: GuestDir[] = [];
  for (const dir of run.dirs) {
    const host = `${place}/dir-${dirs.length}`;
    await copyDir(dir.host, host);
    dirs.push({ ...dir, host });
  }
  const recording = `${place}/recording`;
  const spec = { recording, run: { ...run, dirs }, replay: false };
  const ended = await runOne(
    common,
    place,
    world === undefined ? spec : { ...spec, world },
  );
  const left: Manifest[] = [];
  for (const { host } of dirs) left.push(await unhurried(manifestOf(host)));
  return { ...ended, dirs: left };
}

/** Replays a run's recording in a process of its own. @throws {ReplrtError} when it could not be replayed. */
export function replayRun(
  common: Common,
  { recording }: Run,
  run: RunOptions,
): Promise<Run> {
  const place = `${common.place}/replay`;
  makeDirectory(place);
  return runOne(common, place, { recording, run, replay: true });
}

async function runOne(
  { stdin, timeoutMs }: Common,
  place: string,
  what: Omit<RunSpec, "parent" | "result">,
): Promise<Run> {
  const file = `${place}/spec`, result = `${place}/result`;
  const spec: RunSpec = { ...what, parent: Deno.pid, result };
  writeText(file, JSON.stringify(spec));
  const stdout = `${place}/stdout`, stderr = `${place}/stderr`;
  const before = bootMs();
  const end = await runFresh({
    ...{ script: CHILD, args: [file], stdin, stdout, stderr, timeoutMs },
    v8: spec.replay ? REPLAY_STACKS : [],
    status: `${place}/status`,
  });
  const ms = bootMs() - before;
  if (end.late) throw tooLong(spec, timeoutMs);
  const text = readText(result);
  if (text === undefined) {
    throw new ReplrtError(
      `cannot check ${spec.run.module}: its process ended with ${
        end.signal ?? `code ${end.code}`
      }: ${readText(stderr)?.trim()}`,
    );
  }
  const found = JSON.parse(text) as RunResult;
  if (found.kind === "failed") {
    throw new ReplrtError(found.message, found.next ?? undefined);
  }
  const { recording } = spec;
  return { place, recording, stdout, stderr, result: found, dirs: [], ms };
}

/** Copies what a directory holds, with the times of its files. */
async function copyDir(from: string, to: string): Promise<void> {
  const root = realPath(from);
  const here = root === undefined ? undefined : look(root);
  if (root === undefined || here?.type !== "directory") {
    const why = here === undefined
      ? "no such directory"
      : "it is not a directory";
    throw new ReplrtError(
      `cannot open directory ${from}: ${why}`,
      "check --dir",
    );
  }
  makeDirectory(to);
  const { entries } = await unhurried(copyTree(root, to, here.mode));
  closeDirectories(to, entries);
  setMode(to, here.mode);
  for (const { path } of entries.toReversed()) {
    copyTimes(`${root}/${path}`, `${to}/${path}`);
  }
  copyTimes(root, to);
}

function tooLong(
  { run, replay }: RunSpec,
  timeoutMs: number,
): ReplrtError {
  const what = replay ? "replay" : "run";
  const { scheduleSeed: seed } = run;
  const how = seed === undefined ? "" : ` with schedule seed ${seed}`;
  return new ReplrtError(
    `cannot check ${run.module}: a ${what} of it${how} has not ended after ${timeoutMs} ms`,
    "give it input that ends it, or more time with --run-timeout",
  );
}
