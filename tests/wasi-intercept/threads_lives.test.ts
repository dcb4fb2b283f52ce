/** Random programs of threads, on a primary, on backups, and on backups that take over anywhere. `LIVES=SEED` repeats a run's choices. @module */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { Random } from "../kit/random.ts";
import { follow, lead, type Life, takeOver } from "./threads_lives.ts";
import { linesOf } from "./threads_log.ts";
import { randomPlay } from "./threads_random.ts";

const PLAYS = 150, CUTS = 6;
/** Bytes of memory that the threads wait for, and race for. */
const WORDS = 64;
const seed = Number(Deno.env.get("LIVES") ?? Date.now() % 1_000_000);
console.log(
  `lives: LIVES=${seed} deno run -A tests/wasi-intercept/threads_lives.test.ts`,
);

/** @throws {Error} unless a life went as the one did whose log it followed; without an end it may not know how far that came by itself. */
function assertFollows(life: Life, leader: Life): void {
  const log = linesOf(leader.log).join("\n");
  assert.is(life.end, leader.end, log);
  assert.is(life.taken, leader.log.length, log);
  if (leader.end === "waits") return assertStarts(leader, life);
  assert.equal(life.said, leader.said, log);
  const [own, others] = [life, leader].map(({ memory }) =>
    memory.subarray(0, WORDS)
  );
  assert.equal(own, others, log);
}

/** @throws {Error} unless a life began as the other went. */
function assertStarts({ said, log }: Life, other: Life): void {
  const start = said.slice(0, other.said.length);
  assert.equal(start, other.said, linesOf(log).join("\n"));
}

for (let play = seed; play < seed + PLAYS; play++) {
  test(`a backup goes through what its primary did, and so does one of a backup that took over: program ${play}`, async () => {
    const random = new Random(play);
    const program = randomPlay(random);
    const first = await lead(program);
    assertFollows(await follow(program, first.log), first);
    const open = first.log.length + (first.end === "waits" ? 1 : 0);
    for (let i = 0; i < CUTS; i++) {
      const cut = first.log.slice(0, random.below(open));
      const before = await follow(program, cut);
      const heir = await takeOver(program, cut);
      assertStarts(first, before);
      assertStarts(heir, before);
      assertFollows(await follow(program, heir.log), heir);
    }
  });
}

test.run();
