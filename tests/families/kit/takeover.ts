/** A family on two nodes: to its end, and with the primary killed on the way. @module */
import * as assert from "uvu/assert";
import type { Random } from "../../kit/random.ts";
import {
  beforeItsEnd,
  codeOf,
  destroy,
  said,
} from "../../failover/kit/cluster.ts";
import { type Family, problemOf } from "../families.ts";
import { leftIn } from "./left.ts";
import { type Ended, startPair } from "./runs.ts";
import { joined } from "./seam.ts";

/** How many characters a node showed before it was killed, and how many of them the survivor showed again. */
export interface Shown {
  readonly before: number;
  readonly twice: number;
}

/**
 * Runs a family on two nodes to its end: the primary shows what it does alone, the backup nothing, and both directories
 * hold what is left alone.
 *
 * @returns how long the guest ran, in ms.
 */
export async function replicate(family: Family, solo: Ended): Promise<number> {
  const { primary, backup, dirs, client } = await startPair(
    family,
    family.rounds,
  );
  const start = performance.now();
  const codes = [await codeOf(primary), await codeOf(backup)];
  const ms = performance.now() - start;
  await client?.stop();
  assert.is(solo.code, family.code ?? 0, story(solo.stderr));
  assert.equal(codes, [solo.code, solo.code], story(backup.stderr));
  assert.is(problemOf(family, family.rounds, solo.stdout), undefined);
  assert.is(problemOf(family, family.rounds, primary.stdout), undefined);
  assert.is(backup.stdout, "");
  assert.not.ok(said(backup, "takeover"));
  for (const dir of dirs) assert.equal(leftIn(dir), solo.left);
  return ms;
}

/**
 * Kills the primary at a moment that `random` chooses: both nodes together have shown what the program shows alone, lines
 * at the seam perhaps twice, and the survivor ends as the program does, with the directory that it leaves alone.
 *
 * `ms` is how long the guest runs.
 */
export function killOnTheWay(
  family: Family,
  solo: Ended,
  random: Random,
  ms: number,
): Promise<Shown> {
  let delay = random.below(1000) / 1000 * ms;
  return beforeItsEnd(() => {
    const shown = kill(family, solo, delay);
    delay /= 2;
    return shown;
  });
}

/** Kills the primary `delay` ms after the start; undefined where the program had ended. */
async function kill(
  family: Family,
  solo: Ended,
  delay: number,
): Promise<Shown | undefined> {
  const { rounds } = family;
  const { primary, backup, dirs, client } = await startPair(family, rounds);
  await new Promise((resolve) => setTimeout(resolve, delay));
  await destroy(primary);
  const code = await codeOf(backup);
  await client?.stop();
  if (!said(backup, "takeover")) return undefined;
  const at = `killed after ${Math.round(delay)} ms`;
  assert.is(code, solo.code, `${at}\n${story(backup.stderr)}`);
  const shown = assertShown(family, primary.stdout, backup.stdout, at);
  assert.equal(leftIn(dirs[1]), solo.left, at);
  return shown;
}

/** @throws {Error} unless both nodes' texts make one of the family. */
function assertShown(
  family: Family,
  before: string,
  after: string,
  at: string,
): Shown {
  let problem: string | undefined = "the texts have no seam";
  for (const text of joined(before, after)) {
    problem = problemOf(family, family.rounds, text);
    if (problem !== undefined) continue;
    const twice = before.length + after.length - text.length;
    return { before: before.length, twice };
  }
  const ends = `before: …${before.slice(-200)}\nafter: ${after.slice(0, 200)}…`;
  throw new Error(`${at}: ${problem}\n${ends}`);
}

function story(stderr: readonly string[]): string {
  return stderr.slice(-10).join("\n");
}
