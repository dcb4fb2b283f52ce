/** How a process with threads ends, whatever its other threads do. @module */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { codeOf } from "../failover/kit/cluster.ts";
import { guest, killNodes, startNode } from "../kit/node.ts";
import { removeDirs } from "../kit/place.ts";
import { endOfBoth, openStdin, startPair } from "./kit/pair.ts";
import { pairwise } from "./kit/trials.ts";

test.after(async () => {
  await killNodes();
  removeDirs();
});

/** What the others do, each for longer than a test waits. */
const OTHERS = ["busy", "wait", "read", "sleep"] as const;
const HOWS = ["return", "exit", "trap"] as const;
const WHOS = ["main", "other"] as const;

/** All of WHO, HOW, OTHERS. */
const ENDS = WHOS.flatMap((who) =>
  HOWS.flatMap((how) => OTHERS.map((others) => [who, how, others] as const))
);

const CODES = { return: 0, exit: 7, trap: 134 } as const;

function printedBy([who, how]: typeof ENDS[number]): string {
  const name = who === "main" ? "main" : "a thread";
  const after = who === "other" && how === "return"
    ? "ends: return by main\n"
    : "";
  return `ends: ${how} by ${name}\n${after}`;
}

test("a process ends with the right code at once, by any thread and in any way, whatever the others do", async () => {
  await pairwise(ENDS.length, async (i) => {
    const end = ENDS[i]!;
    const args = ["run", "--json", guest("ends"), "--", ...end];
    const node = startNode(args, { stdin: openStdin() });
    assert.is(await codeOf(node), CODES[end[1]], end.join(" "));
    assert.is(node.stdout, printedBy(end));
  });
});

test("a backup ends with the same code at once, by any thread and in any way, whatever the others do", async () => {
  await pairwise(ENDS.length, async (i) => {
    const end = ENDS[i]!;
    const stdin = openStdin();
    const pair = await startPair("ends", { args: end, stdin });
    assert.is(await endOfBoth(pair), CODES[end[1]], end.join(" "));
    assert.is(pair.primary.stdout, printedBy(end));
    assert.is(pair.backup.stdout, "");
  });
});

test("an exit code is a thread's own, too", async () => {
  const args = ["--", "other", "exit", "wait", "42"];
  const node = startNode(["run", guest("ends"), ...args]);
  assert.is(await codeOf(node), 42);
});

test("a trap of a thread is told with that thread's stack, on both nodes", async () => {
  const pair = await startPair("ends", { args: ["other", "trap", "wait"] });
  assert.is(await endOfBoth(pair), 134);
  for (const node of [pair.primary, pair.backup]) {
    const { trap, frames } = await node.waitForEvent("ended");
    assert.is(trap, "unreachable");
    assert.match(frames.join("\n"), /^end .*\nthread_main /);
  }
});

test.run();
