/** How many threads there can be. @module */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { MAX_THREADS } from "../../src/wasi-intercept/threads/scheduler.ts";
import { Errno } from "../../src/wasi-intercept/errno.ts";
import { codeOf } from "../failover/kit/cluster.ts";
import { guest, killNodes, startNode } from "../kit/node.ts";
import { removeDirs } from "../kit/place.ts";
import { log } from "../recording/kit/lines.ts";
import { endOfBoth, startPair } from "./kit/pair.ts";

test.after(async () => {
  await killNodes();
  removeDirs();
});

/** All but the first thread, which counts too. */
const MOST = MAX_THREADS - 1;
const PRINTED =
  `limit: ${MOST} threads, error ${Errno.again}\nlimit: ${MAX_THREADS} passed\n`;

/** With turns as short as these each thread stands at the gate before the next is made; with others some have not begun when all are. */
const SHORT = ["--quantum", "20"];

for (const options of [[], SHORT]) {
  const how = options.join(" ") || "long turns";
  test(`there are over a thousand threads at once, the next one is refused with its errno, and ends make room (${how})`, async () => {
    assert.ok(MOST >= 1000);
    const node = startNode(["run", "--quiet", ...options, guest("limit")]);
    assert.is(await codeOf(node), 0, node.stderr.join("\n"));
    assert.is(node.stdout, PRINTED);
  });

  test(`a backup has as many threads, and refuses the same one (${how})`, async () => {
    const pair = await startPair("limit", { options });
    assert.is(await endOfBoth(pair), 0);
    assert.is(pair.primary.stdout, PRINTED);
    const made = await log(pair.logs[1], "--only", "threadCreate");
    assert.is(made.stdout.split("\n").length - 1, MAX_THREADS);
  });
}

test.run();
