/** A node dies at every moment of a guest that changes a shared directory, and another goes on: nobody sees it. @module */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { removeDirs } from "../kit/place.ts";
import {
  alone,
  assertUnseen,
  endings,
  type Story,
  undisturbed,
} from "./lives.ts";
import { CHANGES, REFUSALS } from "./shared_stories.ts";

test.after.each(removeDirs);

/** Every moment of the first node's death, and every log that the second may hold. */
function dieOnce(story: Story): void {
  const expected = undisturbed(story);
  for (const first of endings(story, [])) {
    assertUnseen(story, [first], expected);
  }
}

/** The second node dies too, at every moment of the change that it makes again. */
function dieTwice(story: Story): void {
  const expected = undisturbed(story);
  for (const first of endings(story, [])) {
    if (!first.open) continue;
    for (const second of endings(story, [first])) {
      if (second.at > LAST_OF_REDO) break;
      assertUnseen(story, [first, second], expected);
    }
  }
}

/** The permit is the first moment of a node that does a change again, the call's end the second. */
const LAST_OF_REDO = 1;

for (const [what, story] of CHANGES) {
  test(`a death at any moment is not seen: ${what}`, () => dieOnce(story));
  test(`nor one in the change that is made again: ${what}`, () =>
    dieTwice(story));
}
for (const [what, { story, errno }] of REFUSALS) {
  test(`a death at any moment is not seen: ${what} gives ${errno}`, () => {
    const last = undisturbed(story).life.saw.seen.at(-1) as string;
    assert.match(last, new RegExp(` = ${errno}$`));
    dieOnce(story);
    dieTwice(story);
  });
}

test("a guest sees the same of a shared directory as of its own", () => {
  for (const [what, story] of [...CHANGES, ...refused()]) {
    const { life, left } = undisturbed(story);
    assert.equal({ seen: life.saw.seen, left }, alone(story), what);
  }
});

function refused(): [string, Story][] {
  return [...REFUSALS].map(([what, { story }]) => [what, story]);
}

test.run();
