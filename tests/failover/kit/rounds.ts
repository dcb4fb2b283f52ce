/** A node killed under load again and again, its survivor given a backup each time. @module */
import * as assert from "uvu/assert";
import type { RunningNode } from "../../kit/node.ts";
import type { Random } from "../../kit/random.ts";
import {
  destroy,
  said,
  startBackup,
  type Started,
  startPrimary,
  takenBy,
} from "./cluster.ts";
import { Witness } from "./witness.ts";

/** Rests of the clients while a backup joins: the log that each replays stays short. */
const JOINING_PACE_MS = 20;

/** A load over so many kills. */
export interface Load {
  /** A guest that speaks kv's protocol. */
  readonly guest: string;
  readonly clients: number;
  /** Requests that each client has under way. */
  readonly depth: number;
  readonly count: number;
  readonly seed: number;
  readonly random: Random;
}

/** What is done, and to whom. */
export interface Rounds extends Load {
  /** How the primary is started, and each backup. */
  readonly primary: Started;
  readonly backup: () => Started;
}

/** Resolves at a time that the seed chose, within a few round trips. */
export function someTime(random: Random): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, random.below(25)));
}

/** Lets a load end that was kept up over kills. @throws {Error} unless all of it is there, and clients felt the kills. */
export async function endLoad(
  witness: Witness,
  survivor: RunningNode,
): Promise<void> {
  await witness.more(50);
  await witness.stop();
  await witness.verify(true);
  assert.is.not(witness.breaks, 0);
  assert.not.ok(said(survivor, "divergence"));
}

/** Each round kills the primary under load, follows the survivor and gives it a backup that waited for it. @throws {Error} when an acknowledged write is lost. */
export async function killRounds(how: Rounds): Promise<void> {
  const { guest, clients, depth, seed, random } = how;
  let primary = await startPrimary(guest, how.primary);
  const backupOf = (bind: string) => startBackup(guest, bind, how.backup());
  let backup: RunningNode = backupOf(primary.bind);
  const witness = new Witness(primary.listen, seed, clients, depth);
  witness.start();
  for (let round = 0; round < how.count; round++) {
    witness.paceMs = JOINING_PACE_MS;
    const { peer } = await primary.node.waitForEvent("synced");
    const spare = backupOf(peer);
    await backup.waitForEvent("following");
    witness.paceMs = 0;
    await witness.more(1 + random.below(300));
    await someTime(random);
    await destroy(primary.node);
    primary = await takenBy(backup);
    witness.moveTo(primary.listen);
    await witness.verify();
    backup = spare;
  }
  await endLoad(witness, primary.node);
}
