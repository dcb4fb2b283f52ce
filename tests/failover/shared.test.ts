// timeout 600 s
/**
 * A primary is killed with SIGKILL around every change of a shared directory, and its backup goes on. `REPLAY=SEED` runs the
 * kills of one seed.
 *
 * @module
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { guest, killNodes, startNode } from "../kit/node.ts";
import { removeDirs, tempDir } from "../kit/place.ts";
import { Random } from "../kit/random.ts";
import { snapshot } from "../kit/snapshot.ts";
import { within } from "../nodes/kit/nodes.ts";
import { closeProxies } from "../nodes/kit/proxy.ts";
import { codeOf, destroy, takenBy } from "./kit/cluster.ts";
import { isMade, stopAt, type Window, WINDOWS } from "./kit/stops.ts";
import { type Chain, chain, startChain, Told } from "./kit/told.ts";

test.after.each(async () => {
  closeProxies();
  await killNodes();
  removeDirs();
});

const LIVELY = ["--heartbeat", "30"];

/** The method of the change in each step of the guest. */
const METHODS = [
  ...[283, 287, 282, 287, 282, 282, 275, 270, 263, 271],
  ...[285, 286, 291, 290, 290, 287, 292, 292, 292, 289],
];
/** One step for each way to change something. */
const STEPS = [0, 1, 2, 4, 6, 7, 8, 9, 10, 11, 12, 14, 15, 16, 19];

function optionsFor(dir: string): string[] {
  return ["--dir", `${dir}::/data::shared`, ...LIVELY];
}

/** What is in the directory beside the lock file. */
function contents(dir: string): Record<string, string> {
  const { ".replrt-lock": _, ...rest } = snapshot(dir);
  return rest;
}

/** The most steps that a test's guest does. */
const MOST = 1000;
let undisturbed: Promise<string[]> | undefined;

/** The lines of a guest that nothing happens to, for so many steps. */
async function expected(steps: number): Promise<string[]> {
  undisturbed ??= runAlone();
  return (await undisturbed).slice(0, steps);
}

async function runAlone(): Promise<string[]> {
  const dir = ["--dir", `${tempDir()}::/data`];
  const args = ["--", "/data", `${MOST}`];
  const node = startNode(["run", guest("shared"), ...dir, ...args]);
  assert.is(await codeOf(node), 0, node.stderr.join("\n"));
  return linesOf(node);
}

function linesOf({ stdout }: { stdout: string }): string[] {
  return stdout.split("\n").slice(0, -1);
}

/** Kills the primary in a window of a step, looks at the directory, and lets the backup finish the step; the next chain. */
async function kill(
  at: Chain,
  step: number,
  window: Window,
  dir: string,
  options: readonly string[],
): Promise<Chain> {
  const { primary, backup, proxy, spare } = at;
  const before = contents(dir);
  const stopped = stopAt(proxy, METHODS[step]!, window);
  primary.goOn(step + 1);
  await within(stopped, `step ${step} where ${window}`);
  backup.node.kill("SIGSTOP");
  await destroy(primary.node);
  const now = contents(dir);
  proxy.close();
  backup.node.kill("SIGCONT");
  const text = `step ${step}, ${window}`;
  if (isMade(window)) assert.not.equal(now, before, text);
  else assert.equal(now, before, text);
  await takenBy(backup.node);
  backup.goOn(step + 1);
  await backup.did(step);
  return await chain(backup, spare, options);
}

/** Lets the last node of a chain do the rest; holds that all nodes printed what a guest prints that nothing happens to. */
async function finish(
  { primary, backup }: Chain,
  nodes: readonly Told[],
  steps: number,
  dir: string,
): Promise<void> {
  primary.goOn(steps);
  primary.end();
  for (const { node } of [primary, backup]) {
    assert.is(await codeOf(node), 0, node.stderr.join("\n"));
  }
  assert.equal(contents(dir), {});
  const lines = await expected(steps);
  const printed = new Set(nodes.flatMap(({ node }) => linesOf(node)));
  assert.equal([...printed].sort(byStep), lines);
}

function byStep(a: string, b: string): number {
  return Number(a.split(" ")[1]) - Number(b.split(" ")[1]);
}

/** A death in `window` of each of `steps`. */
async function killEach(
  steps: readonly number[],
  window: Window,
  more: readonly string[] = [],
): Promise<void> {
  const dir = tempDir();
  const options = [...optionsFor(dir), ...more];
  let at = await startChain(options);
  const nodes = [at.primary];
  for (const step of steps) {
    at.primary.goOn(step);
    if (step > 0) await at.primary.did(step - 1);
    at = await kill(at, step, window, dir, options);
    nodes.push(at.primary);
  }
  await finish(at, nodes, 40, dir);
}

const [intentLost, ackLost, outcomeLost, outcomeHeld] = WINDOWS;

/** Around the change itself every one; before and behind it, where nothing is to be done again, half of them. */
const DEATHS: readonly (readonly [Window, readonly number[]])[] = [
  [intentLost, STEPS.filter((_, i) => i % 2 === 0)],
  [ackLost, STEPS],
  [outcomeLost, STEPS],
  [outcomeHeld, STEPS.filter((_, i) => i % 2 === 1)],
];

for (const [window, steps] of DEATHS) {
  test(`every change is made once though the primary dies where ${window}`, () =>
    killEach(steps, window));
}

test("a change waits for the intent's ack with --output async too", () =>
  killEach([2, 14], ackLost, ["--output", "async"]));

test("a primary without backups changes things without waiting", async () => {
  const dir = tempDir();
  const primary = await Told.primary(optionsFor(dir));
  primary.goOn(40);
  primary.end();
  assert.is(await codeOf(primary.node), 0);
  assert.equal(linesOf(primary.node), await expected(40));
});

test("a change that waits for an ack is made when the only backup dies", async () => {
  const dir = tempDir();
  const { primary, proxy, backup, spare } = await startChain(optionsFor(dir));
  spare.node.node.kill("SIGKILL");
  const stopped = stopAt(proxy, METHODS[0]!, ackLost);
  primary.goOn(1);
  await within(stopped, "the intent's ack");
  assert.equal(contents(dir), {});
  await destroy(backup.node);
  proxy.close();
  await primary.node.waitForEvent("removed");
  await primary.did(0);
  assert.equal(Object.keys(contents(dir)), ["d"]);
});

const ROUNDS = 10;
const STEPS_A_ROUND = MOST / ROUNDS;
const seed = Number(Deno.env.get("REPLAY") ?? Date.now() % 1_000_000);

test("every change is made once though primaries die at random moments", async () => {
  console.log(`  ${ROUNDS} kills; replay: REPLAY=${seed}`);
  const random = new Random(seed);
  const dir = tempDir();
  const options = optionsFor(dir);
  let at = await startChain(options);
  const nodes = [at.primary];
  let goal = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const first = goal;
    goal += STEPS_A_ROUND;
    at.primary.goOn(goal - 1);
    await at.primary.did(first + random.below(20));
    await new Promise((resolve) => setTimeout(resolve, random.below(30)));
    await destroy(at.primary.node);
    at.proxy.close();
    await takenBy(at.backup.node);
    at.backup.goOn(goal);
    await at.backup.did(goal - 1);
    at = await chain(at.backup, at.spare, options);
    nodes.push(at.primary);
  }
  await finish(at, nodes, goal, dir);
});

test.run();
