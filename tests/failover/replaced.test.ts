/** A backup that dies under load, and one that takes its place. @module */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { killNodes } from "../kit/node.ts";
import { removeDirs } from "../kit/place.ts";
import {
  destroy,
  said,
  startBackup,
  startCluster,
  takenBy,
} from "./kit/cluster.ts";
import { Witness } from "./kit/witness.ts";

test.after(async () => {
  await killNodes();
  removeDirs();
});

test("a backup that dies is replaced without an error for any client", async () => {
  const how = { listeners: 1 };
  const { primary, backups } = await startCluster("kv", how);
  const witness = new Witness(primary.listen, 1);
  witness.paceMs = 2;
  witness.start();
  for (let [backup] = backups, round = 0; round < 3; round++) {
    await witness.more(200);
    await destroy(backup!);
    const { left } = await primary.node.waitForEvent("removed");
    assert.is(left, 0);
    await primary.node.waitForEvent("degraded");
    await witness.more(200);
    backup = startBackup("kv", primary.bind, how);
    await backup.waitForEvent("following");
    backups.push(backup);
  }
  await witness.more(200);
  assert.is(witness.breaks, 0);
  await witness.verify();

  await destroy(primary.node);
  const survivor = await takenBy(backups.at(-1)!);
  witness.moveTo(survivor.listen);
  await witness.more(200);
  await witness.stop();
  await witness.verify(true);
});

test("a backup that is asked to end leaves at once and the load goes on", async () => {
  const { primary, backups: [backup] } = await startCluster("kv", {
    listeners: 1,
    options: ["--timeout", "10000"],
  });
  const witness = new Witness(primary.listen, 2);
  witness.start();
  await witness.more(200);
  backup!.kill("SIGTERM");
  await primary.node.waitForEvent("removed");
  await witness.more(200);
  await witness.stop();
  assert.is(witness.breaks, 0);
  assert.not.ok(said(backup!, "takeover"));
});

test.run();
