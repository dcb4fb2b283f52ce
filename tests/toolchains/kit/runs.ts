/** Runs a program alone, with a backup, and through the death of its primary. @module */
import * as assert from "uvu/assert";
import {
  patient,
  type RunningNode,
  startNode,
  type Stdin,
} from "../../kit/node.ts";
import { freePort, tempDir, treeOf } from "../../kit/place.ts";
import {
  beforeItsEnd,
  codeOf,
  destroy,
  said,
} from "../../failover/kit/cluster.ts";
import type { Program } from "./programs.ts";

/** What a program is given beside its directory. */
export interface Given {
  readonly args: readonly string[];
  readonly env?: string;
  readonly stdin: Stdin;
  /** What the backup's own stdin has; it is empty without this. */
  readonly backupStdin?: Stdin;
}

/** What a node left. */
export interface Left {
  readonly code: number;
  readonly stdout: string;
  /** What the program wrote to stderr. */
  readonly stderr: string;
  /** The contents of its directory. */
  readonly tree: Record<string, string>;
}

/** A node and its copy of the program's directory. */
interface Placed {
  readonly node: RunningNode;
  readonly dir: string;
}

function start(
  program: Program,
  options: readonly string[],
  { args, env, stdin }: Given,
): Placed {
  const dir = tempDir();
  const node = startNode([
    ...["run", "--json", ...options, ...program.options()],
    ...["--dir", `${dir}::/data`],
    ...env === undefined ? [] : ["--env", env],
    ...[program.module, "--", ...args],
  ], { stdin, env: { TMPDIR: tempDir() } });
  return { node, dir };
}

async function left({ node, dir }: Placed): Promise<Left> {
  const code = await codeOf(node);
  const own = node.stderr.filter((line) => !line.startsWith('{"event":'));
  return {
    code,
    stdout: node.stdout,
    stderr: own.join("\n"),
    tree: treeOf(dir),
  };
}

/** The arguments after those that the program itself needs; a backup has them from its primary. */
function whole({ args }: Program, given: Given): Given {
  return { ...given, args: [...args, ...given.args] };
}

/** Starts a program with a backup, and waits for neither. */
function startPair(program: Program, given: Given) {
  const bind = `127.0.0.1:${freePort()}`;
  const primary = start(
    program,
    patient(["--role", "primary", "--bind", bind, "--wait-backups", "1"]),
    whole(program, given),
  );
  const backup = start(
    program,
    patient(["--role", "backup", "--join", bind, "--bind", "127.0.0.1:0"]),
    { args: [], stdin: given.backupStdin ?? "" },
  );
  return { primary, backup };
}

/** Runs a program on one node. */
export function alone(program: Program, given: Given): Promise<Left> {
  return left(start(program, [], whole(program, given)));
}

/** Runs a program on two nodes to its end. */
export async function replicated(
  program: Program,
  given: Given,
): Promise<{ primary: Left; backup: Left }> {
  const { primary, backup } = startPair(program, given);
  return { primary: await left(primary), backup: await left(backup) };
}

/**
 * Runs a program on two nodes and kills the primary after `moment`; gives what it printed, and what the survivor left. A program
 * that had ended before the kill runs again.
 */
export function takenOver(
  program: Program,
  given: Given,
  moment: (primary: RunningNode) => Promise<unknown>,
): Promise<{ before: string; survivor: Left }> {
  return beforeItsEnd(async () => {
    const { primary, backup } = startPair(program, given);
    await moment(primary.node);
    await destroy(primary.node);
    const survivor = await left(backup);
    const before = primary.node.stdout;
    return said(backup.node, "taken") ? { before, survivor } : undefined;
  });
}

/** @throws {Error} unless two nodes printed `whole` together: nothing lost, repeated only where one follows the other. */
export function assertWhole(before: string, after: string, whole: string) {
  assert.ok(whole.startsWith(before), `before: ${before.slice(-200)}`);
  assert.ok(whole.endsWith(after), `after: ${after.slice(0, 200)}`);
  const lost = whole.slice(before.length, whole.length - after.length);
  assert.is(lost, "", "lost at the takeover");
}
