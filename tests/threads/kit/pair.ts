/** A program on two nodes. @module */
import * as assert from "uvu/assert";
import {
  codeOf,
  launch,
  said,
  startBackup,
} from "../../failover/kit/cluster.ts";
import type { RunningNode, Stdin } from "../../kit/node.ts";
import { tempDir } from "../../kit/place.ts";

/** What the nodes are started with. */
export interface PairHow {
  readonly args?: readonly string[];
  /** Options of the primary beside its role, such as a schedule. */
  readonly options?: readonly string[];
  /** Options of the backup. */
  readonly backupOptions?: readonly string[];
  /** What the primary's and the backup's stdin are; empty without these. */
  readonly stdin?: Stdin;
  readonly backupStdin?: Stdin;
  /** Listening sockets of each node. */
  readonly listeners?: number;
}

/** A primary, and a backup that is in sync when the program starts. */
export interface Pair {
  readonly primary: RunningNode;
  readonly backup: RunningNode;
  /** The logs of both. */
  readonly logs: readonly [primary: string, backup: string];
}

/** Starts both nodes, each with its log in a directory of its own, and waits for neither. */
export async function startPair(
  name: string,
  how: PairHow = {},
): Promise<Pair> {
  const { args = [], options = [], backupOptions = [], listeners = 0 } = how;
  const { stdin, backupStdin } = how;
  const states = [`${tempDir()}/state`, `${tempDir()}/state`] as const;
  const primary = launch(name, {
    ...{ args, listeners, ...stdin === undefined ? {} : { stdin } },
    options: [
      ...["--role", "primary", "--wait-backups", "1", ...options],
      ...["--state-dir", states[0]],
    ],
  });
  const { bind } = await primary.waitForEvent("waitingForBackups");
  const backup = startBackup(name, bind, {
    ...{
      listeners,
      ...backupStdin === undefined ? {} : { stdin: backupStdin },
    },
    options: [...backupOptions, "--state-dir", states[1]],
  });
  return { primary, backup, logs: [`${states[0]}/log`, `${states[1]}/log`] };
}

/** Resolves with the exit code once both have ended. @throws {Error} unless they end with one code and without a takeover. */
export async function endOfBoth({ primary, backup }: Pair): Promise<number> {
  const codes = await Promise.all([codeOf(primary), codeOf(backup)]);
  assert.is(codes[0], codes[1], told(primary) + told(backup));
  assert.not.ok(said(backup, "takeover"), told(backup));
  return codes[0];
}

/** What a node said, for a failed test. */
export function told({ pid, stderr }: RunningNode): string {
  return [`\nnode ${pid}:`, ...stderr].join("\n  | ");
}

/** A stdin that has `text` and no end. */
export function openStdin(
  text = "",
): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream({
    start: (controller) => controller.enqueue(new TextEncoder().encode(text)),
  });
}
