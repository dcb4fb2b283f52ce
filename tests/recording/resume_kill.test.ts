// alone
// timeout 180 s
/** A kept server killed with SIGKILL under load, again and again. `REPLAY=SEED` runs the rounds of one seed. @module */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { destroy, said } from "../failover/kit/cluster.ts";
import { Witness } from "../failover/kit/witness.ts";
import { killNodes } from "../kit/node.ts";
import { removeDirs } from "../kit/place.ts";
import { Random } from "../kit/random.ts";
import { keep, places, resume } from "./kit/kept.ts";

test.after(async () => {
  await killNodes();
  removeDirs();
});

const ROUNDS = 6;
const LISTEN = ["--tcplisten", "127.0.0.1:0"];
const seed = Number(Deno.env.get("REPLAY") ?? Date.now() % 1_000_000);

/** Each round kills the server under load and resumes it. */
async function rounds(
  salt: number,
  options: readonly string[],
  args: readonly string[] = [],
): Promise<void> {
  const random = new Random(seed + salt);
  console.log(`  ${ROUNDS} kills; replay: REPLAY=${seed}`);
  const kept = places();
  let node = keep("kv", kept, { args, options: [...LISTEN, ...options] });
  const { listen } = await node.waitForEvent("serving");
  const address = listen[0] as string;
  const witness = new Witness(address, seed, 4, 8);
  witness.start();
  for (let round = 0; round < ROUNDS; round++) {
    await witness.more(1 + random.below(300));
    await new Promise((resolve) => setTimeout(resolve, random.below(25)));
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
}

test("every acknowledged write survives kills of a node without backups that keeps its log", () =>
  rounds(1, []));

test("every acknowledged write survives kills of a node without backups that flushes its log", () =>
  rounds(2, ["--sync"]));

test("every acknowledged write survives kills of a node without backups whose program keeps a file", () =>
  rounds(3, [], ["/data"]));

test.run();
