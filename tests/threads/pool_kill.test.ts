// alone
// timeout 300 s
// long 1500 s
/**
 * A server of several threads killed with SIGKILL under the load of many clients, again and again: with backups, and alone with its
 * log kept.
 *
 * `REPLAY=SEED` runs the rounds of one seed; `LONG=1`, which `deno task test:long` sets, runs ten times as many.
 *
 * @module
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  codeOf,
  destroy,
  said,
  startBackup,
  startPrimary,
  takenBy,
} from "../failover/kit/cluster.ts";
import { Witness } from "../failover/kit/witness.ts";
import { killNodes, type RunningNode } from "../kit/node.ts";
import { removeDirs } from "../kit/place.ts";
import { Random } from "../kit/random.ts";
import { keep, places, resume } from "../recording/kit/kept.ts";
import { Asker } from "./kit/asker.ts";
import { PATIENT, told } from "./kit/pair.ts";
import { optionsOf } from "./kit/schedules.ts";

test.after(async () => {
  await killNodes();
  removeDirs();
});

const ROUNDS = Deno.env.get("LONG") === "1" ? 60 : 6;
/** Rests of the clients while a backup joins: the log that each replays stays short. */
const JOINING_PACE_MS = 20;
const LISTEN = ["--tcplisten", "127.0.0.1:0"];
const seed = Number(Deno.env.get("REPLAY") ?? Date.now() % 1_000_000);
console.log(
  `replay: REPLAY=${seed} deno run -A tests/threads/pool_kill.test.ts`,
);

/** Resolves at a time that the seed chose, within a few round trips. */
function someTime(random: Random): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, random.below(25)));
}

/** As many threads as clients, and one for who asks what was lost. */
function threadsFor(clients: number): string {
  return `${clients + 1}`;
}

const LOADS = [
  { clients: 6, depth: 8, options: [] },
  { clients: 24, depth: 2, options: [] },
  {
    clients: 6,
    depth: 8,
    options: optionsOf({ quantum: 500, seed: undefined }),
  },
  { clients: 4, depth: 4, options: optionsOf({ quantum: undefined, seed: 7 }) },
] as const;

for (const [salt, { clients, depth, options }] of LOADS.entries()) {
  const load = [`${clients} clients`, ...options].join(" ");
  test(`every acknowledged write survives kills of a primary with threads (${load})`, async () => {
    const random = new Random(seed + salt);
    const args = [threadsFor(clients)];
    let primary = await startPrimary("pool", {
      ...{ listeners: 1, args, options: [...PATIENT, ...options] },
    });
    const backupOf = (bind: string) =>
      startBackup("pool", bind, { listeners: 1, options: PATIENT });
    let backup: RunningNode = backupOf(primary.bind);
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
  });
}

for (const options of [[], ["--quantum", "500"]]) {
  const how = options.join(" ") || "the default schedule";
  test(`every acknowledged write survives kills of a node without backups that keeps its log (${how})`, async () => {
    const random = new Random(seed);
    const clients = 6, kept = places();
    const args = [threadsFor(clients)];
    let node = keep("pool", kept, { args, options: [...LISTEN, ...options] });
    const address = (await node.waitForEvent("serving")).listen[0] as string;
    const witness = new Witness(address, seed, clients, 8);
    witness.start();
    for (let round = 0; round < ROUNDS; round++) {
      await witness.more(1 + random.below(300));
      await someTime(random);
      await destroy(node);
      node = resume(kept);
      await node.waitForEvent("resumed");
      witness.moveTo(address);
      await witness.verify();
    }
    await witness.more(50);
    await witness.stop();
    await witness.verify(true);
    assert.is.not(witness.breaks, 0);
    assert.not.ok(said(node, "divergence"));
  });
}

test("what a computing thread had counted to goes on over kills of a node that keeps its log", async () => {
  const random = new Random(seed);
  const kept = places();
  let node = keep("mixed", kept, { options: LISTEN });
  const address = (await node.waitForEvent("serving")).listen[0] as string;
  let last = 0, asked = 0;
  for (let round = 0; round <= ROUNDS; round++) {
    const asker = await Asker.connect(address);
    for (let i = random.below(20) + 1; i > 0; i--) {
      const count = await asker.ask(`line ${asked++}`);
      assert.ok(count >= last, `${count} after ${last}, in round ${round}`);
      last = count;
    }
    if (round === ROUNDS) await asker.say("end");
    else {
      await someTime(random);
      await destroy(node);
      node = resume(kept);
      await node.waitForEvent("resumed");
    }
    asker.close();
  }
  assert.is(await codeOf(node), 0, told(node));
  const [, lines, count] = /^mixed: (\d+) lines at (\d+)$/m.exec(node.stdout) ??
    [];
  assert.is(Number(lines), asked);
  assert.ok(Number(count) >= last);
});

test.run();
