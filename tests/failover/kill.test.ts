// alone
// timeout 180 s
/** A node killed with SIGKILL under load, again and again. `REPLAY=SEED` runs the rounds of one seed. @module */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { killNodes, type RunningNode } from "../kit/node.ts";
import { removeDirs, tempDir } from "../kit/place.ts";
import { Random } from "../kit/random.ts";
import {
  destroy,
  said,
  startBackup,
  type Started,
  startPrimary,
  takenBy,
} from "./kit/cluster.ts";
import { Witness } from "./kit/witness.ts";

test.after(async () => {
  await killNodes();
  removeDirs();
});

const ROUNDS = 13;
/** Rests of the clients while a backup joins: the log that each replays stays short. */
const JOINING_PACE_MS = 20;
/** Kills are seen without it; a starved machine is not to be mistaken for a freeze. */
const PATIENT = ["--timeout", "3000"];
const seed = Number(Deno.env.get("REPLAY") ?? Date.now() % 1_000_000);

/** Resolves at a time that the seed chose, within a few round trips. */
function someTime(random: Random): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, random.below(25)));
}

/** Each round kills the primary under load, follows the survivor and gives it a backup that waited for it. */
async function rounds(
  load: { clients: number; depth: number; salt: number },
  how: () => Started,
): Promise<void> {
  const random = new Random(seed + load.salt);
  console.log(`  ${ROUNDS} kills; replay: REPLAY=${seed}`);
  let primary = await startPrimary("kv", how());
  const backupOf = (bind: string) =>
    startBackup("kv", bind, { ...how(), args: [] });
  let backup: RunningNode = backupOf(primary.bind);
  const { clients, depth } = load;
  const witness = new Witness(primary.listen, seed, clients, depth);
  witness.start();
  for (let round = 0; round < ROUNDS; round++) {
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
  await witness.more(50);
  await witness.stop();
  await witness.verify(true);
  assert.is.not(witness.breaks, 0);
  assert.not.ok(said(primary.node, "divergence"));
}

test("every acknowledged write survives kills under load of several clients", () =>
  rounds(
    { clients: 4, depth: 1, salt: 1 },
    () => ({ listeners: 1, options: PATIENT }),
  ));

test("every acknowledged write survives kills under pipelined load", () =>
  rounds(
    { clients: 4, depth: 16, salt: 2 },
    () => ({ listeners: 1, options: PATIENT }),
  ));

test("every acknowledged write survives kills of many clients", () =>
  rounds(
    { clients: 24, depth: 4, salt: 3 },
    () => ({ listeners: 1, options: PATIENT }),
  ));

test("every acknowledged write survives kills of a server that keeps a file", () =>
  rounds({ clients: 4, depth: 8, salt: 4 }, () => ({
    listeners: 1,
    options: [...PATIENT, "--dir", `${tempDir()}::/data`],
    args: ["/data"],
  })));

test.run();
