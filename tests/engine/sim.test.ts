/** Ten thousand seeds of the simulator, and planted bugs that it must catch. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { type Bug, BUGS } from "./sim/bugs.ts";
import { replayCommand, simulate } from "./sim/simulate.ts";

const SEEDS = 10_000;
/** A planted bug must be caught within so many seeds. */
const BUG_SEEDS = 500;

test("every rule holds in ten thousand seeds", () => {
  let takeovers = 0;
  let outputs = 0;
  for (let seed = 1; seed <= SEEDS; seed++) {
    const outcome = simulate(seed);
    takeovers += outcome.takeovers;
    outputs += outcome.outputs;
    assert.is(outcome.breach, undefined, replayCommand(seed));
  }
  assert.ok(takeovers > SEEDS / 4, `only ${takeovers} takeovers`);
  assert.ok(outputs > SEEDS * 10, `only ${outputs} outputs`);
});

test("one seed gives one trace", () => {
  for (const seed of [1, 2, 3, 4, 5, 6, 7, 8]) {
    const [a, b] = [
      simulate(seed, undefined, true),
      simulate(seed, undefined, true),
    ];
    assert.ok(a.lines.length > 100);
    assert.equal(a.lines, b.lines);
  }
  assert.not.equal(
    simulate(1, undefined, true).lines,
    simulate(2, undefined, true).lines,
  );
});

for (const [bug, does] of Object.entries(BUGS)) {
  test(`a planted bug is caught: ${does}`, () => {
    const caught = (seed: number) => simulate(seed, bug as Bug).breach;
    let seed = 1;
    while (seed <= BUG_SEEDS && caught(seed) === undefined) seed++;
    assert.ok(
      seed <= BUG_SEEDS,
      `${bug} is not caught within ${BUG_SEEDS} seeds`,
    );
  });
}

test.run();
