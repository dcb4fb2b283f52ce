/** Nodes that stand still for a while: SIGSTOP, then SIGCONT. @module */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { BRIEF, killNodes, type RunningNode } from "../kit/node.ts";
import { removeDirs } from "../kit/place.ts";
import {
  codeOf,
  destroy,
  errorOf,
  said,
  startBackup,
  startCluster,
  takenBy,
} from "./kit/cluster.ts";
import { assertContinued, moreLines } from "./kit/lines.ts";
import { Lost, Resp } from "./kit/resp.ts";
import { Witness } from "./kit/witness.ts";

test.after(async () => {
  await killNodes();
  removeDirs();
});

/** A time-out that a freeze may be shorter than, and yet a freeze. */
const LONG_MS = 12_000;
const LONG = ["--timeout", `${LONG_MS}`];

/** Stops a node for `ms`: how long is what these tests are about. */
async function freeze(node: RunningNode, ms: number): Promise<void> {
  node.kill("SIGSTOP");
  await new Promise((resolve) => setTimeout(resolve, ms));
  node.kill("SIGCONT");
}

test("a primary frozen past the time-out releases nothing more to its clients and ends with 125", async () => {
  const { primary, backups: [backup] } = await startCluster("kv", {
    ...{ listeners: 1, options: BRIEF },
  });
  const witness = new Witness(primary.listen, 1);
  const waiting = await Resp.connect(primary.listen);
  await waiting.send("SET", "before", "freeze");
  witness.start();
  await witness.more(300);
  primary.node.kill("SIGSTOP");
  const late = waiting.send("SET", "after", "freeze").catch((error) => error);
  const survivor = await takenBy(backup!);
  const client = await Resp.connect(survivor.listen);
  assert.is(await client.send("GET", "before"), "freeze");
  assert.is(await client.send("INCR", "survivor"), 1);
  const received = witness.received + waiting.received;

  primary.node.kill("SIGCONT");
  const code = await codeOf(primary.node);
  const { message, next } = await errorOf(primary.node);
  assert.is(code, 125);
  assert.match(message, `${survivor.bind} took over`);
  assert.match(next ?? "", `--role backup --join ${survivor.bind}`);
  assert.ok(said(primary.node, "deposed"));
  assert.instance(await late, Lost);
  assert.is(witness.received + waiting.received, received);

  witness.moveTo(survivor.listen);
  await witness.more(100);
  await witness.stop();
  await witness.verify(true);
  assert.is(await client.send("GET", "after"), null);
  client.close();
});

test("a primary frozen past the time-out prints nothing more", async () => {
  const { primary, backups: [backup] } = await startCluster("tick", {
    ...{ args: ["1"], options: BRIEF },
  });
  await moreLines(primary.node, 50);
  primary.node.kill("SIGSTOP");
  await takenBy(backup!);
  await moreLines(backup!, 50);
  const { length } = primary.node.stdoutBytes;
  primary.node.kill("SIGCONT");
  assert.is(await codeOf(primary.node), 125);
  assert.is(primary.node.stdoutBytes.length, length);
  assertContinued(primary.node, backup!);
});

test("a primary frozen for less than the time-out goes on", async () => {
  const { primary, backups: [backup] } = await startCluster("kv", {
    ...{ listeners: 1, options: LONG },
  });
  const witness = new Witness(primary.listen, 2);
  witness.start();
  await witness.more(100);
  await freeze(primary.node, 300);
  await witness.more(100);
  await freeze(primary.node, LONG_MS * 0.6);
  const { ms } = await primary.node.waitForEvent("frozen");
  assert.ok(ms > LONG_MS / 2);
  await witness.more(100);
  await witness.stop();
  await witness.verify(true);
  assert.is(witness.breaks, 0);
  assert.not.ok(said(backup!, "takeover"));
});

test("a backup frozen past the time-out is left behind, does not take over, and another takes its place", async () => {
  const how = { listeners: 1, options: BRIEF };
  const { primary, backups: [backup] } = await startCluster("kv", how);
  const witness = new Witness(primary.listen, 3);
  witness.start();
  await witness.more(100);
  backup!.kill("SIGSTOP");
  await primary.node.waitForEvent("removed");
  await primary.node.waitForEvent("degraded");
  await witness.more(100);
  backup!.kill("SIGCONT");
  assert.is(await codeOf(backup!), 125);
  assert.not.ok(said(backup!, "takeover"));
  witness.paceMs = 10;
  const other = startBackup("kv", primary.bind, how);
  await other.waitForEvent("following");
  await witness.more(100);
  assert.is(witness.breaks, 0);
  await destroy(primary.node);
  witness.moveTo((await takenBy(other)).listen);
  await witness.more(100);
  await witness.stop();
  await witness.verify(true);
});

test("a backup frozen while its primary dies never takes over", async () => {
  const { primary, backups: [backup] } = await startCluster("kv", {
    ...{ listeners: 1, options: BRIEF },
  });
  const witness = new Witness(primary.listen, 4);
  witness.start();
  await witness.more(100);
  backup!.kill("SIGSTOP");
  await primary.node.waitForEvent("removed");
  await witness.more(100);
  await destroy(primary.node);
  backup!.kill("SIGCONT");
  assert.is(await codeOf(backup!), 125);
  const { message, next } = await errorOf(backup!);
  assert.match(message, "cannot take over");
  assert.ok(next);
  assert.not.ok(said(backup!, "takeover"));
  await witness.stop();
});

test("a backup frozen for less than the time-out may still take over", async () => {
  const { primary, backups: [backup] } = await startCluster("kv", {
    ...{ listeners: 1, options: LONG },
  });
  const witness = new Witness(primary.listen, 5);
  witness.start();
  await witness.more(100);
  await freeze(backup!, LONG_MS * 0.6);
  await backup!.waitForEvent("frozen");
  await witness.more(100);
  assert.not.ok(said(primary.node, "removed"));
  await destroy(primary.node);
  witness.moveTo((await takenBy(backup!)).listen);
  await witness.more(100);
  await witness.stop();
  await witness.verify(true);
});

test("both nodes frozen and thawed together go on", async () => {
  const { primary, backups: [backup] } = await startCluster("kv", {
    listeners: 1,
    options: BRIEF,
  });
  const witness = new Witness(primary.listen, 6);
  witness.start();
  await witness.more(100);
  await Promise.all([
    freeze(primary.node, 6000),
    freeze(backup!, 6000),
  ]);
  await primary.node.waitForEvent("frozen");
  await backup!.waitForEvent("frozen");
  await witness.more(100);
  await witness.stop();
  await witness.verify(true);
  assert.is(witness.breaks, 0);
  assert.not.ok(said(backup!, "takeover"));
  assert.not.ok(said(primary.node, "removed"));
});

test.run();
