/** Programs that are recorded, and their replays. @module */
import * as assert from "uvu/assert";
import { join } from "node:path/posix";
import { codeOf } from "../../failover/kit/cluster.ts";
import {
  guest,
  type RunningNode,
  startNode,
  type Stdin,
  type Surroundings,
} from "../../kit/node.ts";
import { tempDir } from "../../kit/place.ts";

/** What a program is recorded with. */
export interface Given {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** The guest's names of its directories; each is empty at the start and gone at the end. */
  readonly dirs?: readonly string[];
  readonly stdin?: Stdin;
  /** More options of `replrt record`. */
  readonly options?: readonly string[];
}

/** How a process ended, and all it printed. */
export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A run and its recording. */
export interface Recorded extends Ended {
  readonly file: string;
}

/** A place for a recording, in a directory of its own; with these bytes, if any. */
export function place(bytes?: Uint8Array): string {
  const path = join(tempDir(), "a.rlog");
  if (bytes !== undefined) Deno.writeFileSync(path, bytes);
  return path;
}

/** Starts a program by the path of its module; the recording goes to `file`. */
export function startRecord(
  module: string,
  file: string,
  { args = [], env = {}, dirs = [], stdin, options = [] }: Given = {},
): RunningNode {
  return startNode([
    ...["record", "-o", file, ...options],
    ...dirs.flatMap((dir) => ["--dir", `${tempDir()}::${dir}`]),
    ...Object.entries(env).flatMap(([k, v]) => ["--env", `${k}=${v}`]),
    ...[module, "--", ...args],
  ], stdin === undefined ? {} : { stdin });
}

/** Runs a guest by its name, or a module by its path, and records it. */
export async function record(
  program: string,
  given: Given = {},
): Promise<Recorded> {
  const file = place();
  const module = program.includes("/") ? program : guest(program);
  const options = ["--quiet", ...given.options ?? []];
  const node = startRecord(module, file, { ...given, options });
  return { ...await ended(node), file };
}

/** Replays a recording from an empty working directory. */
export function replay(
  file: string,
  options: readonly string[] = [],
  around: Surroundings = {},
): Promise<Ended> {
  const node = startNode(["replay", file, ...options], {
    cwd: tempDir(),
    ...around,
  });
  return ended(node);
}

/** What a process printed, once it has ended. */
export async function ended(node: RunningNode): Promise<Ended> {
  const code = await codeOf(node);
  const stderr = node.stderr.map((line) => `${line}\n`).join("");
  return { code, stdout: node.stdout, stderr };
}

/** @throws {Error} unless a replay prints and ends as the run did, though its directories are gone and its input is another. */
export async function assertReplays(run: Recorded): Promise<void> {
  const { code, stdout, stderr } = await replay(run.file, [], {
    stdin: "another input\n",
  });
  assert.is(code, run.code, stderr);
  assert.ok(stdout === run.stdout, `stdout ends with ${stdout.slice(-200)}`);
  assert.is(stderr, run.stderr);
}

/** @throws {Error} for a text that tells of a bug. */
export function assertNoBug({ stderr }: Ended): void {
  assert.not.match(stderr, /bug in replrt|^\s+at .*\.ts/m);
}
