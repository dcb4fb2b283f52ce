/** A killed primary that a supervisor starts again at once. @module */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { killNodes, type RunningNode } from "../kit/node.ts";
import { freePort, removeDirs, tempDir, treeOf } from "../kit/place.ts";
import {
  codeOf,
  destroy,
  errorOf,
  launch,
  said,
  type Serving,
  servingOf,
  startBackup,
  startPrimary,
  takenBy,
} from "./kit/cluster.ts";
import { until } from "./kit/lines.ts";
import { Resp } from "./kit/resp.ts";
import { Witness } from "./kit/witness.ts";

test.after(async () => {
  await killNodes();
  removeDirs();
});

/** Two nodes as two unit files would start them: each is told of the other's address. */
function pair(ownOptions: (i: number) => string[], args: string[] = []) {
  const binds = [freePort(), freePort()].map((port) => `127.0.0.1:${port}`);
  return (i: number): RunningNode =>
    launch("kv", {
      listeners: 1,
      options: [
        ...["--role", "primary", "--bind", binds[i] as string],
        ...["--peer", binds[1 - i] as string],
        ...ownOptions(i),
      ],
      args,
    });
}

/** Kills the primary and starts it again, three times over; returns who is primary at the end. */
async function changePlaces(
  start: (i: number) => RunningNode,
): Promise<{ primary: Serving; backup: RunningNode }> {
  let primary = await servingOf(start(0));
  let backup = start(1);
  await backup.waitForEvent("following");
  const witness = new Witness(primary.listen, 1);
  witness.paceMs = 2;
  witness.start();
  for (let round = 0; round < 3; round++) {
    await witness.more(100);
    await destroy(primary.node);
    const again = start(round % 2);
    primary = await takenBy(backup);
    witness.moveTo(primary.listen);
    backup = again;
    await backup.waitForEvent("following");
    await witness.verify();
  }
  await witness.more(100);
  await witness.stop();
  await witness.verify(true);
  return { primary, backup };
}

test("a killed primary restarted with --peer follows the survivor, and takes over from it in turn", () =>
  changePlaces(pair(() => [])).then(() => {}));

test("a killed primary restarted with --peer and its state directory follows the survivor", async () => {
  const dirs = [tempDir(), tempDir()];
  await changePlaces(pair((i) => ["--state-dir", dirs[i] as string]));
});

test("a killed primary restarted with --peer needs --overwrite where its directory has gone on", async () => {
  const dirs = [tempDir(), tempDir()];
  const dirOf = (i: number) => ["--dir", `${dirs[i]}::/data`];
  const start = pair(dirOf, ["/data"]);
  const primary = await servingOf(start(0));
  const backup = start(1);
  await backup.waitForEvent("following");
  const client = await Resp.connect(primary.listen);
  await client.send("SET", "a", "1");
  await destroy(primary.node);
  const survivor = await takenBy(backup);
  const again = start(0);
  assert.is(await codeOf(again), 125);
  const { message, next } = await errorOf(again);
  assert.match(message, "it holds something else");
  assert.match(next ?? "", "--overwrite");
  const kept = await Resp.connect(survivor.listen);
  assert.is(await kept.send("GET", "a"), "1");
  client.close();
  kept.close();
});

test("a killed primary restarted with --peer and --overwrite moves its directory aside and follows", async () => {
  const dirs = [tempDir(), tempDir()];
  const start = pair(
    (i) => ["--overwrite", "--dir", `${dirs[i]}/now::/data`],
    ["/data"],
  );
  for (const dir of dirs) Deno.mkdirSync(`${dir}/now`);
  const { primary, backup } = await changePlaces(start);
  const aside = [...Deno.readDirSync(dirs[0]!)].map(({ name }) => name);
  assert.ok(aside.some((name) => name.startsWith("now.before-")));
  await until(
    "equal directories",
    () =>
      JSON.stringify(treeOf(`${dirs[0]}/now`)) ===
        JSON.stringify(treeOf(`${dirs[1]}/now`)),
  );
  assert.ok(Object.values(treeOf(`${dirs[0]}/now`)).join("").length > 1000);
  assert.not.ok(said(primary.node, "divergence"));
  assert.not.ok(said(backup, "divergence"));
});

test("a primary restarted without --peer is told apart: the backup takes the old run over", async () => {
  const bind = `127.0.0.1:${freePort()}`;
  const options = ["--bind", bind, "--timeout", "40000"];
  const old = await startPrimary("kv", { listeners: 1, options });
  const backup = startBackup("kv", bind, {
    listeners: 1,
    options: ["--timeout", "40000"],
  });
  await backup.waitForEvent("following");
  const client = await Resp.connect(old.listen);
  await client.send("SET", "a", "old run");

  backup.kill("SIGSTOP");
  await destroy(old.node);
  const fresh = await startPrimary("kv", { listeners: 1, options });
  backup.kill("SIGCONT");
  const survivor = await takenBy(backup);
  const atSurvivor = await Resp.connect(survivor.listen);
  const atFresh = await Resp.connect(fresh.listen);
  assert.is(await atSurvivor.send("GET", "a"), "old run");
  assert.is(await atFresh.send("GET", "a"), null);
  assert.is(await atFresh.send("SET", "a", "new run"), "OK");
  assert.is(await atSurvivor.send("GET", "a"), "old run");
  [client, atSurvivor, atFresh].forEach((connection) => connection.close());
});

test.run();
