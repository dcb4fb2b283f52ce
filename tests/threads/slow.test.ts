/**
 * One node of a pair is slower than the other, while one thread computes and another answers clients with its count: a switch at
 * which the world woke a thread is at the same count on both.
 *
 * @module
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { scheduleOf } from "../../src/wasi-intercept/threads/schedule.ts";
import {
  codeOf,
  destroy,
  said,
  startBackup,
  startPrimary,
  takenBy,
} from "../failover/kit/cluster.ts";
import { guest, killNodes, type RunningNode } from "../kit/node.ts";
import { removeDirs } from "../kit/place.ts";
import { linesOf, log } from "../recording/kit/lines.ts";
import { place, replay, startRecord } from "../recording/kit/runs.ts";
import { Asker } from "./kit/asker.ts";
import { startPair, told } from "./kit/pair.ts";

test.after(async () => {
  await killNodes();
  removeDirs();
});

/** How long a slow node stands and runs by turns, in ms. */
const STANDS_MS = 30, RUNS_MS = 10;

/** Makes a node slow until the returned function is called. */
function slowDown(node: RunningNode): () => Promise<void> {
  let over = false;
  const pulses = async () => {
    while (!over) {
      node.kill("SIGSTOP");
      await rest(STANDS_MS);
      node.kill("SIGCONT");
      await rest(RUNS_MS);
    }
  };
  const done = pulses();
  return () => {
    over = true;
    return done;
  };
}

function rest(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Asks `count` times, with pauses of their own. @throws {Error} when a count goes back. */
async function ask(
  asker: Asker,
  count: number,
  least: number,
): Promise<number> {
  let last = least;
  for (let i = 0; i < count; i++) {
    const now = await asker.ask(`line ${i}`);
    assert.ok(now >= last, `${now} after ${last}`);
    last = now;
    await rest(i % 7);
  }
  return last;
}

/** Asks until the other thread counts so far between two questions that the node must have looked at the world in vain. */
async function leaveAlone(asker: Asker, least: number): Promise<number> {
  for (let asked = 1, last = least, ms = 50;; asked++, ms *= 2) {
    await rest(ms);
    const now = await ask(asker, 1, last);
    // A round of the other thread is one count of the schedule, or more.
    if (now - last > 4 * pollEvery) return asked;
    last = now;
  }
}

const LINES = 40;
const { pollEvery } = scheduleOf(undefined, undefined);

async function goesOn(
  options: readonly string[],
  slow: (pair: { primary: RunningNode; backup: RunningNode }) => RunningNode,
): Promise<void> {
  const pair = await startPair("mixed", { options, listeners: 1 });
  const { primary, backup, logs } = pair;
  const { listen } = await primary.waitForEvent("serving");
  const first = await Asker.connect(listen[0] as string);
  const begun = await ask(first, 1, 0);
  const free = slowDown(slow(pair));
  const before = await ask(first, LINES, begun);
  assert.ok(before > begun, "the other thread stands");
  await free();
  await destroy(primary);
  first.close();
  const survivor = await takenBy(backup);
  const second = await Asker.connect(survivor.listen);
  const after = await ask(second, LINES, before);
  assert.ok(after > before, "the other thread stands");
  const more = await leaveAlone(second, after);
  await second.say("end");
  assert.is(await codeOf(backup), 0, told(backup));
  second.close();
  assert.not.ok(said(backup, "divergence"));
  const [, lines, count] =
    /^mixed: (\d+) lines at (\d+)$/m.exec(backup.stdout) ?? [];
  assert.is(Number(lines), 1 + 2 * LINES + more);
  assert.ok(Number(count) >= after);
  const woken = linesOf((await log(logs[1], "--only", "threadsWoken")).stdout);
  assert.ok(
    woken.some((line) => line.endsWith(": none")),
    "no look at the world",
  );
  const alone = woken.filter((line) => /: \d+$/.test(line)).length;
  assert.ok(alone > LINES / 4, `${alone} of ${lines} lines were waited for`);
}

const SCHEDULES = [[], ["--quantum", "1000"], ["--schedule-seed", "3"]];

for (const options of SCHEDULES) {
  const how = options.join(" ") || "the default schedule";
  test(`a backup faster than its primary never runs past a switch at which a thread was woken, and goes on from there (${how})`, () =>
    goesOn(options, ({ primary }) => primary));

  test(`a backup slower than its primary switches where that did, and goes on from there (${how})`, () =>
    goesOn(options, ({ backup }) => backup));
}

test("a backup that joins while one thread computes and another waits goes on from where both were", async () => {
  const how = { listeners: 1 };
  const primary = await startPrimary("mixed", how);
  const first = await Asker.connect(primary.listen);
  const begun = await ask(first, LINES, 0);
  const backup = startBackup("mixed", primary.bind, how);
  await backup.waitForEvent("following");
  const before = await ask(first, LINES, begun);
  await destroy(primary.node);
  first.close();
  const second = await Asker.connect((await takenBy(backup)).listen);
  assert.ok(await ask(second, LINES, before) > before);
  await second.say("end");
  assert.is(await codeOf(backup), 0, told(backup));
  second.close();
  assert.match(backup.stdout, new RegExp(`^mixed: ${3 * LINES} lines at`, "m"));
});

test("a recording of a program that the machine let run only now and then replays as fast as it goes", async () => {
  for (const options of SCHEDULES) {
    const file = place();
    const listening = ["--json", "--tcplisten", "127.0.0.1:0"];
    const node = startRecord(guest("mixed"), file, {
      options: [...listening, ...options],
    });
    const { listen } = await node.waitForEvent("serving");
    const asker = await Asker.connect(listen[0] as string);
    const free = slowDown(node);
    await ask(asker, LINES, 0);
    await asker.say("end");
    await free();
    assert.is(await codeOf(node), 0, told(node));
    asker.close();
    const again = await replay(file);
    assert.equal([again.code, again.stdout], [0, node.stdout], again.stderr);
  }
});

test.run();
