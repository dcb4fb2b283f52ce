/** Connections that break or rest while both nodes live. @module */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { BRIEF, killNodes, type RunningNode } from "../kit/node.ts";
import { Random } from "../kit/random.ts";
import { removeDirs } from "../kit/place.ts";
import {
  codeOf,
  destroy,
  errorOf,
  said,
  type Serving,
  startBackup,
  startPrimary,
  takenBy,
} from "./kit/cluster.ts";
import { assertContinued, moreLines, until } from "./kit/lines.ts";
import { closeProxies, Proxy } from "./kit/proxy.ts";
import { Witness } from "./kit/witness.ts";

test.after(async () => {
  closeProxies();
  await killNodes();
  removeDirs();
});

interface Scene {
  readonly primary: Serving;
  readonly proxy: Proxy;
  readonly backup: RunningNode;
}

/** A backup that reaches its primary through a proxy. */
async function scene(
  name: string,
  args: string[],
  options: string[] = [],
): Promise<Scene> {
  const listeners = name === "kv" ? 1 : 0;
  const primary = await startPrimary(name, { listeners, options, args });
  const proxy = await Proxy.before(primary.bind);
  const backup = startBackup(name, proxy.address, { listeners, options });
  await backup.waitForEvent("following");
  return { primary, proxy, backup };
}

function assertNoTakeover({ primary, backup }: Scene): void {
  assert.not.ok(said(backup, "takeover"));
  assert.not.ok(said(primary.node, "removed"));
  assert.not.ok(said(primary.node, "degraded"));
}

/** Kills the primary, whose address refuses connections from then on. */
async function kill({ primary, proxy }: Scene): Promise<void> {
  await destroy(primary.node);
  proxy.close();
}

/** Kills the primary and checks that the survivor has every write. */
async function verifyBySurvivor(at: Scene, witness: Witness): Promise<void> {
  assert.is(witness.breaks, 0);
  await kill(at);
  witness.moveTo((await takenBy(at.backup)).listen);
  await witness.more(50);
  await witness.stop();
  await witness.verify(true);
}

test("a connection that is reset heals under load, with nothing lost or doubled", async () => {
  const at = await scene("kv", []);
  const witness = new Witness(at.primary.listen, 1);
  witness.start();
  for (let i = 0; i < 8; i++) {
    await witness.more(200);
    at.proxy.reset();
    await at.primary.node.waitForEvent("linkBack");
    await at.backup.waitForEvent("linkBack");
  }
  await witness.more(200);
  assertNoTakeover(at);
  await verifyBySurvivor(at, witness);
});

test("lines printed while connections break are neither lost nor doubled", async () => {
  const at = await scene("tick", ["1"]);
  for (let i = 0; i < 8; i++) {
    await moreLines(at.primary.node, 20);
    at.proxy.reset();
  }
  await moreLines(at.primary.node, 20);
  assertNoTakeover(at);
  await kill(at);
  await takenBy(at.backup);
  await moreLines(at.backup, 50);
  assertContinued(at.primary.node, at.backup);
});

test("connections cut in the middle of frames heal", async () => {
  const at = await scene("kv", []);
  const witness = new Witness(at.primary.listen, 2);
  const random = new Random(2);
  witness.start();
  at.proxy.cutAfter = () => 1 + random.below(20_000);
  at.proxy.reset();
  const { taken } = at.proxy;
  await until("30 connections", () => at.proxy.taken >= taken + 30);
  at.proxy.cutAfter = undefined;
  at.proxy.reset();
  await witness.more(200);
  assertNoTakeover(at);
  await verifyBySurvivor(at, witness);
});

test("connections reset before a word was said are no sign of death", async () => {
  const at = await scene("kv", []);
  const witness = new Witness(at.primary.listen, 3);
  witness.start();
  await witness.more(50);
  at.proxy.resetNew = true;
  at.proxy.reset();
  const { taken } = at.proxy;
  await until("5 connections", () => at.proxy.taken >= taken + 5);
  at.proxy.resetNew = false;
  await witness.more(200);
  assertNoTakeover(at);
  await verifyBySurvivor(at, witness);
});

test("a link that rests for less than the time-out goes on", async () => {
  const at = await scene("kv", []);
  const witness = new Witness(at.primary.listen, 4);
  witness.start();
  await witness.more(50);
  at.proxy.stall();
  await new Promise((resolve) => setTimeout(resolve, 2500));
  at.proxy.flow();
  await witness.more(200);
  assertNoTakeover(at);
  await verifyBySurvivor(at, witness);
});

test("a slow link delays every write and loses none", async () => {
  const at = await scene("kv", []);
  at.proxy.delayMs = 60;
  const witness = new Witness(at.primary.listen, 5);
  witness.start();
  await witness.more(300);
  assertNoTakeover(at);
  await verifyBySurvivor(at, witness);
});

test("a primary that dies behind a proxy that still takes connections is replaced after the time-out", async () => {
  const at = await scene("kv", [], BRIEF);
  const witness = new Witness(at.primary.listen, 6);
  witness.start();
  await witness.more(200);
  await destroy(at.primary.node);
  witness.moveTo((await takenBy(at.backup)).listen);
  await witness.more(50);
  await witness.stop();
  await witness.verify(true);
});

test("a link that rests past the time-out gives the run to the backup, and the old primary ends with 125", async () => {
  const at = await scene("tick", ["1"], BRIEF);
  await moreLines(at.primary.node, 50);
  at.proxy.stall();
  const survivor = await takenBy(at.backup);
  assert.is(await codeOf(at.primary.node), 125);
  const { message, next } = await errorOf(at.primary.node);
  assert.match(message, `${survivor.bind} took over`);
  assert.match(next ?? "", survivor.bind);
  await moreLines(at.backup, 50);
  assertContinued(at.primary.node, at.backup);
});

test.run();
