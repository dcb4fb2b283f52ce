/** What the tour of guests/toolchains shows, whatever it was built by. @module */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { Random } from "../../kit/random.ts";
import type { Program } from "./programs.ts";
import {
  alone,
  assertWhole,
  type Given,
  type Left,
  replicated,
  takenOver,
} from "./runs.ts";

const INPUT = "one line\nund noch zwölf\n";
const CODE = 42;
const ROUNDS = 20;
/** Rounds of a run whose primary dies, and the last after which it may. */
const LONG = 120, LAST_KILL = 60;

/** What chooses when primaries die. */
export const seed = Number(Deno.env.get("REPLAY") ?? Date.now() % 1_000_000);

function given(rounds: number): Given {
  const args = ["/data", `${rounds}`, `${CODE}`];
  return { args, env: "TOUR=grand", stdin: INPUT };
}

/** All that a tour prints. */
function printed(rounds: number): string {
  const hex = () => sum.toString(16).padStart(8, "0");
  let sum = 2166136261;
  let all = `args /data ${rounds} ${CODE}\nTOUR grand\n`;
  all += INPUT.replace(/^(?=.)/gm, "| ") + "2 lines, 25 bytes\n";
  for (let round = 1; round <= rounds; round++) {
    const lines = Array.from(
      { length: round % 7 + 3 },
      (_, i) => `round ${round} line ${i + 1}\n`,
    );
    const text = lines.join("") + `end of round ${round}\n`;
    for (let i = 0; i < text.length; i++) {
      sum = Math.imul(sum ^ text.charCodeAt(i), 16777619) >>> 0;
    }
    const middle = JSON.stringify(text.slice(6, 11));
    all += `round ${round}: ${text.length} bytes, sum ${hex()}, ${middle}, ` +
      "empty final sign twin\n";
  }
  return all + `total ${hex()}\n`;
}

/** @throws {Error} unless the end and the journal are those of a whole tour: each round once, the time never back, no number twice. */
function assertToured({ code, stderr, tree }: Left, rounds: number): void {
  assert.is(code, CODE, stderr);
  assert.is(stderr, "tour: done");
  assert.equal(Object.keys(tree), ["journal"]);
  const lines = tree["journal"]!.trimEnd().split("\n")
    .map((line) => /^(\d+) (\d{13}) ([0-9a-f]{16})$/.exec(line)!);
  const numbers = lines.map((line) => Number(line[1]));
  assert.equal(numbers, Array.from({ length: rounds }, (_, i) => i + 1));
  const times = lines.map((line) => Number(line[2]));
  assert.equal(times, times.toSorted((a, b) => a - b));
  assert.is(new Set(lines.map((line) => line[3])).size, rounds);
}

/** Adds the tests of a tour: `what` says in their names what it is, `load` makes it ready. */
export function testTour(what: string, salt: number, load: () => Program) {
  let loaded: Program | undefined;
  const program = () => loaded ??= load();

  test(`${what} prints the tour and leaves its journal`, async () => {
    const seen = await alone(program(), given(ROUNDS));
    assert.is(seen.stdout, printed(ROUNDS));
    assertToured(seen, ROUNDS);
  });

  test(`${what} leaves the same on its backup as on its primary`, async () => {
    const { primary, backup } = await replicated(program(), given(ROUNDS));
    assert.is(primary.stdout, printed(ROUNDS));
    assertToured(primary, ROUNDS);
    assert.equal(backup.tree, primary.tree);
    assert.is(backup.code, CODE);
    assert.is(backup.stdout, "");
  });

  test(`${what} goes on where a killed primary stopped`, async () => {
    const round = 1 + new Random(seed + salt).below(LAST_KILL);
    console.log(`  a kill after round ${round}; replay: REPLAY=${seed}`);
    const mark = new RegExp(`^round ${round}:.*\n`, "m");
    const { before, survivor } = await takenOver(
      program(),
      given(LONG),
      (primary) => primary.waitForOutput(mark),
    );
    assertWhole(before, survivor.stdout, printed(LONG));
    assertToured(survivor, LONG);
  });
}
