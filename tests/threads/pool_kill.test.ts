// alone
// timeout 900 s
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
import { codeOf, destroy } from "../failover/kit/cluster.ts";
import { killRounds, someTime } from "../failover/kit/rounds.ts";
import { killNodes } from "../kit/node.ts";
import { listenAgain, removeDirs } from "../kit/place.ts";
import { Random } from "../kit/random.ts";
import { keep, places, resume } from "../recording/kit/kept.ts";
import { resumeRounds } from "../recording/kit/rounds.ts";
import { Asker } from "./kit/asker.ts";
import { told } from "./kit/pair.ts";
import { optionsOf } from "./kit/schedules.ts";

test.after(async () => {
  await killNodes();
  removeDirs();
});

const ROUNDS = Deno.env.get("LONG") === "1" ? 60 : 6;
const seed = Number(Deno.env.get("REPLAY") ?? Date.now() % 1_000_000);
console.log(
  `replay: REPLAY=${seed} deno run -A tests/threads/pool_kill.test.ts`,
);

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
    const started = { listeners: 1 };
    const args = [threadsFor(clients)];
    await killRounds({
      ...{ guest: "pool", clients, depth, count: ROUNDS, seed },
      primary: { ...started, args, options },
      backup: () => started,
      random: new Random(seed + salt),
    });
  });
}

for (const options of [[], ["--quantum", "500"]]) {
  const how = options.join(" ") || "the default schedule";
  test(`every acknowledged write survives kills of a node without backups that keeps its log (${how})`, async () => {
    const clients = 6;
    await resumeRounds({
      ...{ guest: "pool", args: [threadsFor(clients)], options },
      ...{ clients, depth: 8, count: ROUNDS, seed },
      random: new Random(seed),
    });
  });
}

test("what a computing thread had counted to goes on over kills of a node that keeps its log", async () => {
  const random = new Random(seed);
  const kept = places();
  let node = keep("mixed", kept, { options: listenAgain() });
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
