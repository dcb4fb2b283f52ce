/** A program with the threads of a language's own library: those of Zig's. `REPLAY=SEED` repeats a run's kills. @module */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { killNodes } from "../kit/node.ts";
import { removeDirs } from "../kit/place.ts";
import { Random } from "../kit/random.ts";
import { builtCrew } from "./kit/programs.ts";
import { alone, replicated, takenOver } from "./kit/runs.ts";
import { seed } from "./kit/tour.ts";

test.after(async () => {
  await killNodes();
  removeDirs();
});

const SHORT = { args: ["6", "1000"], stdin: "" };
const LONG = { args: ["6", "500000"], stdin: "" };
/** A kill comes up to so many ms after the start. */
const LAST_KILL_MS = 150;

test("threads of Zig's library share their work, and the order is the same each time", async () => {
  const seen = await alone(builtCrew(), SHORT);
  assert.match(
    seen.stdout,
    /^crew: 1000 jobs, sum 17008fe6, order [0-9a-f]{8}\n$/,
  );
  assert.is(seen.code, 0, seen.stderr);
  assert.is((await alone(builtCrew(), SHORT)).stdout, seen.stdout);
});

test("threads of Zig's library run in the same order on a backup, which prints nothing", async () => {
  const { primary, backup } = await replicated(builtCrew(), SHORT);
  assert.is(primary.stdout, (await alone(builtCrew(), SHORT)).stdout);
  assert.is(backup.stdout, "");
  assert.is(backup.code, 0, backup.stderr);
});

test("threads of Zig's library go on in their order where a killed primary stopped", async () => {
  const ms = new Random(seed).below(LAST_KILL_MS);
  console.log(`  a kill after ${ms} ms; replay: REPLAY=${seed}`);
  const { before, survivor } = await takenOver(
    builtCrew(),
    LONG,
    async (primary) => {
      await primary.waitForEvent("synced");
      await new Promise((resolve) => setTimeout(resolve, ms));
    },
  );
  assert.is(before, "");
  assert.is(survivor.stdout, (await alone(builtCrew(), LONG)).stdout);
  assert.is(survivor.code, 0, survivor.stderr);
});

test.run();
