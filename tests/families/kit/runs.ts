/** Runs of the guest `families`: alone, and on two nodes. @module */
import { guest, type RunningNode, startNode } from "../../kit/node.ts";
import { tempDir } from "../../kit/place.ts";
import { codeOf, launch, startBackup } from "../../failover/kit/cluster.ts";
import type { Family } from "../families.ts";
import { Client } from "./client.ts";
import { leftIn } from "./left.ts";

const GUEST = "families";

/** What a run left behind. */
export interface Ended {
  readonly stdout: string;
  readonly stderr: readonly string[];
  readonly code: number;
  readonly left: Record<string, string>;
}

/** Two nodes that run a family, the backup in sync. */
export interface Pair {
  readonly primary: RunningNode;
  readonly backup: RunningNode;
  readonly dirs: readonly [string, string];
  readonly client: Client | undefined;
}

/** The guest's arguments. */
export function argsOf(family: Family, rounds: number): string[] {
  const { name, argument } = family;
  return [name, `${rounds}`, ...argument === undefined ? [] : [argument]];
}

/** Options of a node with a directory and a listening socket of its own, as the family needs them. */
function optionsOf({ files, listens }: Family, dir: string): string[] {
  return [
    ...files ? ["--dir", `${dir}::/data`] : [],
    ...listens ? ["--tcplisten", "127.0.0.1:0"] : [],
  ];
}

function environmentOf({ env = {} }: Family): string[] {
  return Object.entries(env).flatMap(([k, v]) => ["--env", `${k}=${v}`]);
}

/** Runs a family on one node, without a log. */
export async function runSolo(family: Family, rounds: number): Promise<Ended> {
  const dir = tempDir();
  const node = startNode([
    ...["run", guest(GUEST), "--json", ...optionsOf(family, dir)],
    ...[...environmentOf(family), "--", ...argsOf(family, rounds)],
  ]);
  const client = family.listens ? new Client([node]) : undefined;
  const code = await codeOf(node);
  await client?.stop();
  return { stdout: node.stdout, stderr: node.stderr, code, left: leftIn(dir) };
}

/** Starts a family on a primary with a backup, which is in sync before the guest's first call. */
export async function startPair(family: Family, rounds: number): Promise<Pair> {
  const dirs = [tempDir(), tempDir()] as const;
  const primary = launch(GUEST, {
    options: [
      ...["--role", "primary", "--wait-backups", "1"],
      ...[...optionsOf(family, dirs[0]), ...environmentOf(family)],
    ],
    args: argsOf(family, rounds),
  });
  const { bind } = await primary.waitForEvent("waitingForBackups");
  const backup = startBackup(GUEST, bind, {
    options: optionsOf(family, dirs[1]),
  });
  const client = family.listens ? new Client([primary, backup]) : undefined;
  await primary.waitForEvent("synced");
  return { primary, backup, dirs, client };
}
