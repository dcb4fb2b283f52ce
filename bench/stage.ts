/** Processes of the bench that are not nodes, and the end of all that it started. @module */
import { join } from "node:path/posix";
import { killNodes } from "../tests/kit/node.ts";
import { removeDirs } from "../tests/kit/place.ts";

const peers = new Set<Deno.ChildProcess>();
const PEER = join(import.meta.dirname as string, "node_wasi.mjs");

/** A command and its arguments. */
export type Command = readonly [string, ...string[]];

/** Starts a command whose stdin and stdout are ours; stderr goes where the bench's goes. */
export function spawn([command, ...args]: Command): Deno.ChildProcess {
  const child = new Deno.Command(command, {
    args,
    env: { NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" },
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  peers.add(child);
  void child.status.finally(() => peers.delete(child));
  return child;
}

/** Ends what still runs and removes what is on disk. */
export async function clear(): Promise<void> {
  const ended = [...peers].map((child) => {
    child.kill("SIGKILL");
    return child.status;
  });
  await Promise.all([killNodes(), ...ended]);
  removeDirs();
}

/** `module` under node:wasi in this Deno; `dir` is its root, empty for none. */
export function underDeno(module: string, dir: string, ...args: string[]) {
  const run = ["run", "--quiet", "-A", PEER, module, dir, ...args] as const;
  return [Deno.execPath(), ...run] as const;
}

/** The same in Node; undefined where there is none. */
export function underNode(module: string, dir: string, ...args: string[]) {
  if (versionOf("node") === undefined) return undefined;
  return ["node", "--no-warnings", PEER, module, dir, ...args] as const;
}

/** What `command --version` says, without words; undefined where it is not installed. Deno stands in for a missing Node: that is none. */
export function versionOf(command: string): string | undefined {
  try {
    const { stdout } = new Deno.Command(command, { args: ["--version"] })
      .outputSync();
    const text = new TextDecoder().decode(stdout);
    return text.startsWith("deno") ? undefined : /\d[\w.]*/.exec(text)?.[0];
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
