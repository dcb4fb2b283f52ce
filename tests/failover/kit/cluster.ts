/** Primaries and backups of one run, started on ports that the system chose. @module */
import {
  guest,
  PATIENCE_MS,
  patient,
  RunningNode,
  startNode,
  type Surroundings,
} from "../../kit/node.ts";
import { tempDir } from "../../kit/place.ts";

/** A node that is primary: where it takes backups, and where its guest listens. */
export interface Serving {
  readonly node: RunningNode;
  readonly bind: string;
  readonly listen: string;
}

/** What a node is started with beside what every node of these tests is. */
export interface Started extends Surroundings {
  /** Options of `replrt run`. */
  readonly options?: readonly string[];
  /** Arguments of the guest. */
  readonly args?: readonly string[];
  /** Pre-opened listening sockets on free ports; 0 without this. */
  readonly listeners?: number;
  /** Status lines as text. */
  readonly plain?: boolean;
}

const LOOPBACK = "127.0.0.1:0";

/** Runs `name` with `options`; the temporary state of the node goes with the test. */
export function launch(name: string, how: Started): RunningNode {
  const { options = [], args = [], listeners = 0, plain, ...around } = how;
  const style = plain ? [] : ["--json"];
  const listen = Array.from(
    { length: listeners },
    () => ["--tcplisten", LOOPBACK],
  ).flat();
  const bind = options.includes("--bind") ? [] : ["--bind", LOOPBACK];
  return startNode(
    [
      ...["run", guest(name), ...style, ...bind, ...listen],
      ...patient(options),
      ...(args.length > 0 ? ["--", ...args] : []),
    ],
    { ...around, env: { TMPDIR: tempDir(), ...around.env } },
  );
}

/** Starts a primary and waits until it serves. */
export async function startPrimary(
  name: string,
  how: Started = {},
): Promise<Serving> {
  const options = ["--role", "primary", ...how.options ?? []];
  const node = launch(name, { ...how, options });
  return await servingOf(node);
}

/** Waits until a node serves as the primary that it was started as. */
export async function servingOf(node: RunningNode): Promise<Serving> {
  const { bind, listen } = await node.waitForEvent("serving");
  return { node, bind: bind as string, listen: listen[0] ?? "" };
}

/** Starts a backup of the primary at `join`, now or later. */
export function startBackup(
  name: string,
  join: string,
  how: Started = {},
): RunningNode {
  const options = ["--role", "backup", "--join", join, ...how.options ?? []];
  return launch(name, { ...how, options });
}

/** Waits until a backup is primary. */
export async function takenBy(node: RunningNode): Promise<Serving> {
  const { bind, listen } = await node.waitForEvent("taken");
  return { node, bind, listen: listen[0] ?? "" };
}

/** A primary with `backups` backups in sync, in the order in which they joined. */
export async function startCluster(
  name: string,
  how: Started = {},
  backups = 1,
): Promise<{ primary: Serving; backups: RunningNode[]; binds: string[] }> {
  const primary = await startPrimary(name, how);
  const nodes: RunningNode[] = [], binds: string[] = [];
  for (let i = 0; i < backups; i++) {
    const node = startBackup(name, primary.bind, { ...how, args: [] });
    await node.waitForEvent("following");
    binds.push((await primary.node.waitForEvent("synced")).peer);
    nodes.push(node);
  }
  return { primary, backups: nodes, binds };
}

/** Kills a node with SIGKILL and waits until it is gone. */
export async function destroy(node: RunningNode): Promise<void> {
  node.kill("SIGKILL");
  await node.exit;
}

/** Times that a kill is tried. */
const ATTEMPTS = 5;

/** What `kill` gives, which is tried again while that is undefined, since the program was over by then. @throws {Error} when it always was. */
export async function beforeItsEnd<T>(
  kill: () => Promise<T | undefined>,
): Promise<T> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const found = await kill();
    if (found !== undefined) return found;
  }
  throw new Error("the program was always over before its kill");
}

/** The exit code of a node. @throws {Error} when it goes on past the deadline. */
export async function codeOf(node: RunningNode): Promise<number> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const tooLong = new Promise<never>((_, reject) => {
    const told = () => [`pid ${node.pid} goes on`, ...node.stderr].join("\n");
    timer = setTimeout(() => reject(new Error(told())), PATIENCE_MS);
  });
  const { code } = await Promise.race([node.exit, tooLong]);
  clearTimeout(timer);
  return code;
}

/** Whether a node has said `event` so far, without taking it. */
export function said({ stderr }: RunningNode, event: string): boolean {
  return stderr.some((line) => line.startsWith(`{"event":"${event}"`));
}

/** The error that a node ended with: its message and what it says to do. */
export async function errorOf(
  node: RunningNode,
): Promise<{ message: string; next: string | null; exitCode: number }> {
  const [line] = await node.waitFor(/^\{"event":"error".*$/);
  return JSON.parse(line);
}
