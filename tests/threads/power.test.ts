// alone
// timeout 1800 s
// long 7200 s
/**
 * The test of power: what threads did under many schedules, a replay in a fresh process does again, to the last byte of memory.
 *
 * `REPLAY=SEED` repeats the schedules of one run; `LONG=1`, which `deno task test:long` sets, tries ten times as many.
 *
 * @module
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { removeDirs } from "../kit/place.ts";
import { Random } from "../kit/random.ts";
import { chosen } from "./kit/schedules.ts";
import { pairwise, recordAndReplay, type Subject } from "./kit/trials.ts";

const RECORDINGS = Deno.env.get("LONG") === "1" ? 200 : 20;
const seed = Number(Deno.env.get("REPLAY") ?? Date.now() % 1_000_000);
console.log(`replay: REPLAY=${seed} deno run -A tests/threads/power.test.ts`);

test.after(removeDirs);

/** Programs whose result depends on the order in which their threads run. */
const SUBJECTS: readonly Subject[] = [
  { name: "turns", args: ["300"] },
  { name: "stack", args: ["300"] },
  { name: "queue", args: ["200"] },
  { name: "races", args: ["1000"] },
  { name: "crowd", args: ["4"] },
  { name: "plainlock", args: ["500"] },
  { name: "schedules", args: ["lost", "20"] },
  { name: "schedules", args: ["deadlock", "20"] },
  { name: "mixed", args: [], stdin: "a\nb\nend\n" },
  { name: "overlap", args: [], stdin: "a\nb\n" },
];

for (const [i, subject] of SUBJECTS.entries()) {
  const title = [subject.name, ...subject.args].join(" ");
  test(`what the threads of ${title} did under ${RECORDINGS} schedules, replays do again: end, output and memory`, async () => {
    const random = new Random(seed + i);
    const schedules = Array.from(
      { length: RECORDINGS },
      (_, i) => chosen(random, i),
    );
    const outcomes = await pairwise(
      RECORDINGS,
      (i) => recordAndReplay(subject, schedules[i]!),
    );
    const distinct = new Set(
      outcomes.map(({ end, stdout }) => `${end} ${stdout}`),
    ).size;
    console.log(`  ${title}: ${distinct} different outcomes`);
    assert.ok(distinct > 1, "all schedules gave the same outcome");
  });
}

test.run();
