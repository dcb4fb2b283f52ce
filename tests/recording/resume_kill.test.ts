// alone
/** A kept server killed with SIGKILL under load, again and again. `REPLAY=SEED` runs the rounds of one seed. @module */
import { test } from "uvu";
import { killNodes } from "../kit/node.ts";
import { removeDirs } from "../kit/place.ts";
import { Random } from "../kit/random.ts";
import { resumeRounds } from "./kit/rounds.ts";

test.after(async () => {
  await killNodes();
  removeDirs();
});

const ROUNDS = 6;
const seed = Number(Deno.env.get("REPLAY") ?? Date.now() % 1_000_000);

/** Kills a kept kv under load, again and again, and resumes it. */
function rounds(
  salt: number,
  options: readonly string[],
  args: readonly string[] = [],
): Promise<void> {
  console.log(`  ${ROUNDS} kills; replay: REPLAY=${seed}`);
  return resumeRounds({
    ...{ guest: "kv", args, options, clients: 4, depth: 8 },
    ...{ count: ROUNDS, seed, random: new Random(seed + salt) },
  });
}

test("every acknowledged write survives kills of a node without backups that keeps its log", () =>
  rounds(1, []));

test("every acknowledged write survives kills of a node without backups that flushes its log", () =>
  rounds(2, ["--sync"]));

test("every acknowledged write survives kills of a node without backups whose program keeps a file", () =>
  rounds(3, [], ["/data"]));

test.run();
