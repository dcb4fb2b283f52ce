// alone
// timeout 600 s
/** A node killed with SIGKILL under load, again and again. `REPLAY=SEED` runs the rounds of one seed. @module */
import { test } from "uvu";
import { killNodes } from "../kit/node.ts";
import { removeDirs, tempDir } from "../kit/place.ts";
import { Random } from "../kit/random.ts";
import type { Started } from "./kit/cluster.ts";
import { killRounds } from "./kit/rounds.ts";

test.after(async () => {
  await killNodes();
  removeDirs();
});

const ROUNDS = 13;
const seed = Number(Deno.env.get("REPLAY") ?? Date.now() % 1_000_000);

/** Kills the primary of a kv under load, again and again. */
function rounds(
  load: { clients: number; depth: number; salt: number },
  how: () => Started,
): Promise<void> {
  const { clients, depth, salt } = load;
  console.log(`  ${ROUNDS} kills; replay: REPLAY=${seed}`);
  return killRounds({
    ...{ guest: "kv", clients, depth, count: ROUNDS, seed },
    ...{ primary: how(), backup: () => ({ ...how(), args: [] }) },
    random: new Random(seed + salt),
  });
}

test("every acknowledged write survives kills under load of several clients", () =>
  rounds(
    { clients: 4, depth: 1, salt: 1 },
    () => ({ listeners: 1 }),
  ));

test("every acknowledged write survives kills under pipelined load", () =>
  rounds(
    { clients: 4, depth: 16, salt: 2 },
    () => ({ listeners: 1 }),
  ));

test("every acknowledged write survives kills of many clients", () =>
  rounds(
    { clients: 24, depth: 4, salt: 3 },
    () => ({ listeners: 1 }),
  ));

test("every acknowledged write survives kills of a server that keeps a file", () =>
  rounds({ clients: 4, depth: 8, salt: 4 }, () => ({
    listeners: 1,
    options: ["--dir", `${tempDir()}::/data`],
    args: ["/data"],
  })));

test.run();
