/** Several backups in sync: who takes over, and how the others end. @module */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { BRIEF, killNodes } from "../kit/node.ts";
import { removeDirs } from "../kit/place.ts";
import {
  codeOf,
  destroy,
  errorOf,
  said,
  startCluster,
  takenBy,
} from "./kit/cluster.ts";
import { assertContinued, moreLines } from "./kit/lines.ts";
import { Witness } from "./kit/witness.ts";

test.after(async () => {
  await killNodes();
  removeDirs();
});

const how = { listeners: 1 };

test("of three backups the first that joined takes over, and the others end with 125 and name it", async () => {
  const { primary, backups, binds } = await startCluster("kv", how, 3);
  const [first, ...others] = backups;
  const witness = new Witness(primary.listen, 1);
  witness.start();
  await witness.more(200);
  await destroy(primary.node);
  const survivor = await takenBy(first!);
  assert.is(survivor.bind, binds[0]);
  witness.moveTo(survivor.listen);
  for (const other of others) {
    assert.is(await codeOf(other), 125);
    const { message, next } = await errorOf(other);
    assert.match(message, survivor.bind);
    assert.match(next ?? "", `--join ${survivor.bind}`);
    assert.not.ok(said(other, "takeover"));
  }
  await witness.more(200);
  await witness.stop();
  await witness.verify(true);
});

test("the second backup takes over when the first dies with the primary", async () => {
  const { primary, backups } = await startCluster("kv", how, 3);
  const [first, second, third] = backups;
  const witness = new Witness(primary.listen, 2);
  witness.start();
  await witness.more(200);
  await Promise.all([destroy(first!), destroy(primary.node)]);
  const survivor = await takenBy(second!);
  witness.moveTo(survivor.listen);
  assert.is(await codeOf(third!), 125);
  assert.match((await errorOf(third!)).message, survivor.bind);
  await witness.more(200);
  await witness.stop();
  await witness.verify(true);
});

test("the second backup takes over when the first is frozen, which never goes live afterwards", async () => {
  const { primary, backups: [first, second] } = await startCluster(
    "tick",
    { args: ["1"], options: BRIEF },
    2,
  );
  await moreLines(primary.node, 50);
  first!.kill("SIGSTOP");
  await destroy(primary.node);
  await takenBy(second!);
  await moreLines(second!, 50);
  first!.kill("SIGCONT");
  assert.is(await codeOf(first!), 125);
  assert.not.ok(said(first!, "takeover"));
  assert.is(first!.stdoutBytes.length, 0);
  assertContinued(primary.node, second!);
});

test("a backup that dies beside others in sync costs no client anything", async () => {
  const { primary, backups: [first, second] } = await startCluster(
    "kv",
    how,
    2,
  );
  const witness = new Witness(primary.listen, 4);
  witness.start();
  await witness.more(100);
  await destroy(first!);
  const { left } = await primary.node.waitForEvent("removed");
  assert.is(left, 1);
  await witness.more(100);
  assert.is(witness.breaks, 0);
  assert.not.ok(said(primary.node, "degraded"));
  await destroy(primary.node);
  witness.moveTo((await takenBy(second!)).listen);
  await witness.more(100);
  await witness.stop();
  await witness.verify(true);
});

test.run();
