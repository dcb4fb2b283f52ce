/** Programs with threads on two nodes, to their end. @module */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { codeOf, said } from "../failover/kit/cluster.ts";
import { guest, killNodes, startNode } from "../kit/node.ts";
import { removeDirs } from "../kit/place.ts";
import { diff } from "../recording/kit/lines.ts";
import { endOfBoth, startPair, told } from "./kit/pair.ts";

test.after(async () => {
  await killNodes();
  removeDirs();
});

const SCHEDULES = [
  [],
  ["--quantum", "300"],
  ["--schedule-seed", "12"],
];

/** Programs that depend on nothing but the schedule. */
const SCHEDULED = [
  "turns 2000",
  "stack 2000",
  "races 3000",
  "crowd 6 6",
  "plainlock 2000",
  "schedules lost 500",
];

for (const program of SCHEDULED) {
  test(`${program} prints replicated what it prints alone, under each schedule, and both nodes have one log`, async () => {
    const [name = "", ...args] = program.split(" ");
    for (const options of SCHEDULES) {
      const alone = startNode([
        ...["run", "--json", ...options, guest(name), "--", ...args],
      ]);
      assert.is(await codeOf(alone), 0, told(alone));
      const pair = await startPair(name, { args, options });
      assert.is(await endOfBoth(pair), 0);
      assert.is(pair.primary.stdout, alone.stdout);
      assert.is(pair.backup.stdout, "");
      assert.is((await diff(...pair.logs)).code, 0);
    }
  });
}

/** Programs whose threads wait for time or for input too. */
const WAITING = [
  ["queue 1000", ""],
  ["overlap", "a\nb\n"],
  ["mixed", "a\nb\nend\n"],
  ["paces", "lock 900 3\nyields 90 3\nhands 90 2\njoins 30\nspawns 30\n"],
] as const;

for (const [program, stdin] of WAITING) {
  test(`${program} ends alike on both nodes, under each schedule, and both have one log`, async () => {
    const [name = "", ...args] = program.split(" ");
    for (const options of SCHEDULES) {
      const given = { args, options, stdin, backupStdin: "other\n" };
      const pair = await startPair(name, given);
      assert.is(await endOfBoth(pair), 0);
      assert.ok(pair.primary.stdout.length > 0);
      assert.is(pair.backup.stdout, "");
      assert.is((await diff(...pair.logs)).code, 0);
    }
  });
}

test("a deadlock ends both nodes with 134 and is no reason for a takeover", async () => {
  let found = false;
  for (let seed = 0; !found && seed < 50; seed++) {
    const options = ["--schedule-seed", `${seed}`];
    const args = ["deadlock", "50"];
    const alone = startNode([
      ...["run", "--json", ...options, guest("schedules"), "--", ...args],
    ]);
    found = await codeOf(alone) === 134;
    if (!found) continue;
    const pair = await startPair("schedules", { args, options });
    assert.is(await endOfBoth(pair), 134);
    assert.not.ok(said(pair.backup, "divergence"));
  }
  assert.ok(found, "no seed below 50 made a deadlock");
});

test.run();
