/** What the operator can choose: when outputs leave, whether to go on alone, when to start. @module */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { BRIEF, killNodes } from "../kit/node.ts";
import { removeDirs } from "../kit/place.ts";
import {
  codeOf,
  errorOf,
  launch,
  said,
  servingOf,
  startBackup,
  startCluster,
  takenBy,
} from "./kit/cluster.ts";
import { moreLines } from "./kit/lines.ts";
import { Resp } from "./kit/resp.ts";
import { Witness } from "./kit/witness.ts";

test.after(async () => {
  await killNodes();
  removeDirs();
});

test("--output async answers while the backup stands still", async () => {
  const { primary, backups: [backup] } = await startCluster("kv", {
    listeners: 1,
    options: ["--output", "async"],
  });
  backup!.kill("SIGSTOP");
  const client = await Resp.connect(primary.listen);
  for (let i = 1; i <= 100; i++) {
    assert.is(await client.send("INCR", "a"), i);
  }
  backup!.kill("SIGCONT");
  assert.is(await client.send("INCR", "a"), 101);
  assert.not.ok(said(primary.node, "removed"));
  client.close();
});

test("--output commit answers only once the backup holds the write", async () => {
  const { primary, backups: [backup] } = await startCluster("kv", {
    listeners: 1,
  });
  const client = await Resp.connect(primary.listen);
  assert.is(await client.send("INCR", "a"), 1);
  backup!.kill("SIGSTOP");
  let answered = false;
  const late = client.send("INCR", "a").then((reply) => {
    answered = true;
    return reply;
  });
  await new Promise((resolve) => setTimeout(resolve, 700));
  assert.not.ok(answered);
  backup!.kill("SIGCONT");
  assert.is(await late, 2);
  client.close();
});

test("--degraded stop ends the primary with 125 when a backup gives no answer", async () => {
  const { primary, backups: [backup] } = await startCluster("kv", {
    listeners: 1,
    options: [...BRIEF, "--degraded", "stop"],
  });
  const witness = new Witness(primary.listen, 1);
  witness.start();
  await witness.more(100);
  backup!.kill("SIGSTOP");
  assert.is(await codeOf(primary.node), 125);
  const { message, next } = await errorOf(primary.node);
  assert.match(message, "--degraded stop");
  assert.ok(next);
  await witness.stop();
});

test("--degraded stop goes on when a backup's process is gone", async () => {
  const { primary, backups: [backup] } = await startCluster("kv", {
    listeners: 1,
    options: ["--degraded", "stop"],
  });
  const witness = new Witness(primary.listen, 2);
  witness.start();
  await witness.more(100);
  backup!.kill("SIGKILL");
  await primary.node.waitForEvent("degraded");
  await witness.more(100);
  await witness.stop();
  assert.is(witness.breaks, 0);
});

test("--degraded stop goes on after a takeover from a primary that died", async () => {
  const { primary, backups: [backup] } = await startCluster("kv", {
    listeners: 1,
    options: ["--degraded", "stop"],
  });
  const witness = new Witness(primary.listen, 3);
  witness.start();
  await witness.more(100);
  primary.node.kill("SIGKILL");
  witness.moveTo((await takenBy(backup!)).listen);
  await witness.more(100);
  await witness.stop();
  await witness.verify(true);
});

test("--wait-backups holds the program until so many are in sync", async () => {
  const node = launch("tick", {
    options: ["--role", "primary", "--wait-backups", "2"],
    args: ["1"],
  });
  const { bind: join, inSync, needed } = await node.waitForEvent(
    "waitingForBackups",
  );
  assert.equal([inSync, needed], [0, 2]);
  const first = startBackup("tick", join);
  await first.waitForEvent("following");
  assert.not.ok(said(node, "serving"));
  assert.is(node.stdout, "");
  const second = startBackup("tick", join);
  await second.waitForEvent("following");
  await servingOf(node);
  await moreLines(node, 10);
});

test.run();
