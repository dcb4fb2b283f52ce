/** Primaries and backups of a test, each on ports of its own. @module */
import { tempDir } from "../../kit/place.ts";
import {
  guest,
  PATIENCE_MS,
  patient,
  type RunningNode,
  startNode,
  type Surroundings,
} from "../../kit/node.ts";

/** A primary that serves. */
export interface Primary {
  readonly node: RunningNode;
  /** Where it takes backups. */
  readonly bind: string;
  /** Where its guest is served. */
  readonly listen: readonly string[];
}

/** What a node is started with beside its role. */
export interface Start {
  /** Arguments of the guest. */
  readonly args?: readonly string[];
  readonly flags?: readonly string[];
  /** Status lines for people instead of JSON. */
  readonly plain?: boolean;
  readonly around?: Surroundings;
}

function words({ args = [], flags = [], plain = false }: Start): string[] {
  const json = plain ? [] : ["--json"];
  return [
    ...json,
    ...patient(flags),
    ...(args.length > 0 ? ["--", ...args] : []),
  ];
}

/** A node that is killed leaves its temporary state behind: it goes with the test's directories. */
function surroundings({ around }: Start): Surroundings {
  return { ...around, env: { TMPDIR: tempDir(), ...around?.env } };
}

/** Starts a primary of the guest `name` on free ports. */
export function launchPrimary(name: string, start: Start = {}): RunningNode {
  const bind = start.flags?.includes("--bind") ? [] : ["--bind", "127.0.0.1:0"];
  return startNode(
    ["run", guest(name), "--role", "primary", ...bind, ...words(start)],
    surroundings(start),
  );
}

/** Starts a primary and waits until its guest does. */
export async function startPrimary(
  name: string,
  start: Start = {},
): Promise<Primary> {
  const node = launchPrimary(name, start);
  const { bind, listen } = await node.waitForEvent("serving");
  return { node, bind: bind as string, listen };
}

/** Starts a backup of the primary at `join` on free ports. */
export function startBackup(
  name: string,
  join: string,
  start: Start = {},
): RunningNode {
  const bind = start.flags?.includes("--bind") ? [] : ["--bind", "127.0.0.1:0"];
  return startNode([
    ...["run", guest(name), "--role", "backup", "--join", join],
    ...bind,
    ...words(start),
  ], surroundings(start));
}

/** Starts a backup and waits until it is in sync, on both sides. */
export async function startInSync(
  name: string,
  primary: Primary,
  start: Start = {},
): Promise<RunningNode> {
  const backup = startBackup(name, primary.bind, start);
  await backup.waitForEvent("following");
  await primary.node.waitForEvent("synced");
  return backup;
}

/** Kills a primary and waits until the backup serves; gives the addresses of its guest. */
export async function takeOver(
  primary: RunningNode,
  backup: RunningNode,
): Promise<readonly string[]> {
  primary.kill("SIGKILL");
  const { listen } = await backup.waitForEvent("taken");
  return listen;
}

/** The last words of a node that failed. */
export interface Failure {
  readonly code: number;
  readonly message: string;
  readonly next: string;
}

/** Waits until a node has failed; what it said of it. @throws {Error} at the deadline, or when it said nothing. */
export async function failureOf(node: RunningNode): Promise<Failure> {
  const { code } = await within(node.exit, "the node's end");
  const line = node.stderr.findLast((text) =>
    text.startsWith('{"event":"error"')
  );
  if (line === undefined) {
    throw new Error(`no error was said (exit ${code}): ${node.stderr}`);
  }
  const { message, next } = JSON.parse(line);
  return { code, message, next: next ?? "" };
}

/** The result of `promise`. @throws {Error} when it does not come in time. */
export async function within<T>(
  promise: Promise<T>,
  what: string,
  ms = PATIENCE_MS,
): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`cannot see ${what}: not within ${ms} ms`)),
      ms,
    );
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Asks `look` again and again until it gives something. @throws {Error} at the deadline. */
export async function until<T>(
  what: string,
  look: () => T | undefined | false,
): Promise<T> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const found = look();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > deadline) {
      throw new Error(`cannot see ${what}: not within ${PATIENCE_MS} ms`);
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Memory of a process, in MB: `VmRSS` now, `VmHWM` at most. */
export function memoryOf(pid: number, what: "VmRSS" | "VmHWM"): number {
  const status = Deno.readTextFileSync(`/proc/${pid}/status`);
  const [, kib] = new RegExp(`^${what}:\\s*(\\d+) kB`, "m").exec(status) ?? [];
  return Number(kib) / 1000;
}
