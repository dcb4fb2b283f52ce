/** Backups that join when the log is long. @module */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { killNodes } from "../kit/node.ts";
import { removeDirs } from "../kit/place.ts";
import {
  codeOf,
  destroy,
  errorOf,
  said,
  startBackup,
  startPrimary,
  takenBy,
} from "./kit/cluster.ts";
import { until } from "./kit/lines.ts";
import { closeProxies, Proxy } from "./kit/proxy.ts";
import { Witness } from "./kit/witness.ts";

test.after(async () => {
  closeProxies();
  await killNodes();
  removeDirs();
});

/** Bytes of log that make a joiner late. */
const MANY = 3 << 20;

/** The size of the log that a node keeps in its state directory. */
function logSize(dir: string): number {
  return Deno.statSync(`${dir}/log`).size;
}

test("a backup that joins a long log catches up while the load goes on", async () => {
  const state = Deno.makeTempDirSync({ prefix: "replrt-test-" });
  const primary = await startPrimary("kv", {
    listeners: 1,
    options: ["--state-dir", state],
  });
  const witness = new Witness(primary.listen, 1, 8, 16);
  witness.start();
  await until("a long log", () => logSize(state) > MANY);
  witness.paceMs = 5;
  const backup = startBackup("kv", primary.bind, {
    listeners: 1,
  });
  const { acked } = witness;
  await backup.waitForEvent("following");
  assert.ok(witness.acked > acked, "the load stood still");
  await witness.more(100);
  assert.is(witness.breaks, 0);
  await destroy(primary.node);
  Deno.removeSync(state, { recursive: true });
  witness.moveTo((await takenBy(backup)).listen);
  await witness.more(100);
  await witness.stop();
  await witness.verify(true);
});

test("a backup whose primary dies while it catches up never goes live and says why", async () => {
  const state = Deno.makeTempDirSync({ prefix: "replrt-test-" });
  const primary = await startPrimary("kv", {
    listeners: 1,
    options: ["--state-dir", state],
  });
  const witness = new Witness(primary.listen, 2, 8, 16);
  witness.start();
  await until("a long log", () => logSize(state) > MANY);
  const proxy = await Proxy.before(primary.bind);
  const joiner = startBackup("kv", proxy.address, {
    listeners: 1,
    options: ["--join-timeout", "5000"],
  });
  await until("some of the log", () => proxy.passed > MANY / 8);
  proxy.stall();
  await primary.node.waitForEvent("joined");
  await destroy(primary.node);
  Deno.removeSync(state, { recursive: true });
  proxy.close();
  await witness.stop();
  assert.is(await codeOf(joiner), 125);
  const { message, next } = await errorOf(joiner);
  assert.match(message, "not in sync within 5000 ms");
  assert.ok(next);
  assert.not.ok(said(joiner, "following"));
  assert.not.ok(said(joiner, "takeover"));
});

test("a backup without a primary says so once, and ends with 125 when its time is over", async () => {
  const gone = await startPrimary("kv", { listeners: 1 });
  await destroy(gone.node);
  const backup = startBackup("kv", gone.bind, {
    listeners: 1,
    options: ["--join-timeout", "1500"],
  });
  assert.is(await codeOf(backup), 125);
  assert.match((await errorOf(backup)).message, gone.bind);
  const said = backup.stderr.filter((line) => /waitingForPrimary/.test(line));
  assert.is(said.length, 1);
});

test("a backup that is started first joins as soon as there is a primary", async () => {
  const first = await startPrimary("kv", { listeners: 1 });
  await destroy(first.node);
  const backup = startBackup("kv", first.bind, { listeners: 1 });
  await backup.waitForEvent("waitingForPrimary");
  await startPrimary("kv", { listeners: 1, options: ["--bind", first.bind] });
  await backup.waitForEvent("following");
});

test.run();
