import { test } from "uvu";
import * as assert from "uvu/assert";
import { connectKv, dropClients } from "../kit/kv.ts";
import { guest, killNodes, startNode } from "../kit/node.ts";
import { freePort, removeDirs, tempDir } from "../kit/place.ts";
import {
  failureOf,
  launchPrimary,
  startBackup,
  startInSync,
  startPrimary,
  within,
} from "./kit/nodes.ts";

test.after.each(async () => {
  dropClients();
  await killNodes();
  removeDirs();
});

const TICK = { args: ["20"] };

/** Where a node keeps its temporary state, and what is in there. */
function temporary() {
  const dir = tempDir();
  return {
    dir,
    around: { env: { TMPDIR: dir } },
    left: () => [...Deno.readDirSync(dir)].map(({ name }) => name),
    /** Makes all of it look as if nobody had touched it for an hour. */
    age() {
      const then = Date.now() / 1000 - 3600;
      for (const { name } of Deno.readDirSync(dir)) {
        Deno.utimeSync(`${dir}/${name}`, then, then);
      }
    },
  };
}

test("what a killed node leaves of temporary state is removed by a later node, what a living one has is not", async () => {
  const { around, left, age } = temporary();
  const killed = await startPrimary("tick", { ...TICK, around });
  killed.node.kill("SIGKILL");
  await within(killed.node.exit, "the end");
  const [leftover] = left();
  const living = await startPrimary("tick", { ...TICK, around });
  assert.ok(left().includes(leftover!), "it is too young to be left over");
  age();
  const later = await startPrimary("tick", { ...TICK, around });
  assert.is(left().length, 2);
  assert.not(left().includes(leftover!));
  for (const { node } of [living, later]) node.kill("SIGTERM");
});

test("nodes that start at the same moment remove what killed ones left, and none trips over another", async () => {
  const { dir, around, left, age } = temporary();
  for (let i = 0; i < 400; i++) {
    Deno.mkdirSync(`${dir}/replrt-state-${i}`);
    Deno.writeTextFileSync(`${dir}/replrt-state-${i}/log`, "");
  }
  age();
  const nodes = Array.from(
    { length: 4 },
    () => launchPrimary("hello", { around }),
  );
  for (const node of nodes) {
    const { code } = await within(node.exit, "the end");
    assert.is(code, 0, node.stderr.join("\n"));
  }
  assert.equal(left(), []);
});

for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
  test(`${signal} ends a primary as it ends any program, without temporary state left, and the backup takes over`, async () => {
    const { around, left } = temporary();
    const primary = await startPrimary("tick", { ...TICK, around });
    const backup = await startInSync("tick", primary);
    assert.is(left().length, 1);
    primary.node.kill(signal);
    assert.is((await within(primary.node.exit, "the end")).signal, signal);
    assert.equal(left(), []);
    await backup.waitForEvent("taken");
  });

  test(`${signal} ends a backup, without temporary state left, and the primary goes on`, async () => {
    const { around, left } = temporary();
    const primary = await startPrimary("tick", TICK);
    const backup = await startInSync("tick", primary, { around });
    assert.is(left().length, 1);
    backup.kill(signal);
    assert.is((await within(backup.exit, "the end")).signal, signal);
    assert.equal(left(), []);
    await primary.node.waitForEvent("degraded");
  });
}

test("SIGTERM ends a node whose program computes, waits for a backup, or that waits for its primary", async () => {
  const waiting = launchPrimary("tick", { flags: ["--wait-backups", "1"] });
  await waiting.waitForEvent("waitingForBackups");
  const busy = await startPrimary("spin", { args: ["1000000"] });
  const joining = startBackup("tick", `127.0.0.1:${freePort()}`);
  await joining.waitForEvent("waitingForPrimary");
  for (const node of [waiting, busy.node, joining]) {
    node.kill("SIGTERM");
    assert.is((await within(node.exit, "the end")).signal, "SIGTERM");
  }
});

test("a node that ends by itself leaves no temporary state behind, a given state directory stays", async () => {
  const { around, left } = temporary();
  const dir = tempDir();
  const one = launchPrimary("hello", { around });
  const two = launchPrimary("hello", { flags: ["--state-dir", dir] });
  for (const node of [one, two]) {
    assert.is((await within(node.exit, "the end")).code, 0);
  }
  assert.equal(left(), []);
  assert.ok(Deno.statSync(`${dir}/log`).size > 0);
});

test("a taken --tcplisten address ends a primary and a backup with 125, naming the flag", async () => {
  const primary = await startPrimary("kv", {
    flags: ["--tcplisten", "127.0.0.1:0"],
  });
  const taken = ["--tcplisten", primary.listen[0] as string];
  for (
    const node of [
      launchPrimary("kv", { flags: taken }),
      startBackup("kv", primary.bind, { flags: taken }),
    ]
  ) {
    const { code, message, next } = await failureOf(node);
    assert.is(code, 125);
    assert.match(message, `cannot bind ${taken[1]}: the address is in use`);
    assert.match(next, "--tcplisten");
  }
});

test("a backup sees at its start that its --bind is taken, by the primary or by anybody", async () => {
  const primary = await startPrimary("tick", TICK);
  const other = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const taken = `127.0.0.1:${other.addr.port}`;
  const { code, message, next } = await failureOf(
    startBackup("tick", primary.bind, { flags: ["--bind", taken] }),
  );
  other.close();
  assert.is(code, 125);
  assert.match(
    message,
    `cannot take backups at ${taken}: the address is in use`,
  );
  assert.match(next, "--bind");
  const same = startNode([
    ...["run", guest("tick"), "--role", "backup", "--join", primary.bind],
    ...["--bind", primary.bind],
  ]);
  assert.is((await within(same.exit, "the end")).code, 125);
  assert.match(same.stderr.join("\n"), /--bind/);
});

test("an address is held before it is served: a second node with it is refused while the first waits", async () => {
  const address = `127.0.0.1:${freePort()}`;
  const bind = `127.0.0.1:${freePort()}`;
  const flags = ["--tcplisten", address];
  const primary = launchPrimary("kv", {
    flags: [...flags, "--bind", bind, "--wait-backups", "1"],
  });
  await primary.waitForEvent("waitingForBackups");
  const wrong = await failureOf(startBackup("kv", bind, { flags }));
  assert.is(wrong.code, 125);
  assert.match(wrong.message, `cannot bind ${address}: the address is in use`);
  const backup = startBackup("kv", bind, {
    flags: ["--tcplisten", "127.0.0.1:0"],
  });
  await backup.waitForEvent("following");
  const { listen } = await primary.waitForEvent("serving");
  assert.equal(listen, [address]);
  assert.is(await (await connectKv(address)).ping(), "PONG");
});

test("two backups can't have one address for their clients", async () => {
  const flags = ["--tcplisten", `127.0.0.1:${freePort()}`];
  const primary = await startPrimary("kv", {
    flags: ["--tcplisten", "127.0.0.1:0"],
  });
  await startInSync("kv", primary, { flags });
  const { code, next } = await failureOf(
    startBackup("kv", primary.bind, { flags }),
  );
  assert.is(code, 125);
  assert.match(next, "--tcplisten");
});

test("an address whose clients were cut off is had again at once by the next process", async () => {
  const flags = ["--tcplisten", `127.0.0.1:${freePort()}`];
  for (let round = 0; round < 3; round++) {
    const { node, listen } = await startPrimary("kv", { flags });
    const client = await connectKv(listen[0] as string);
    assert.is(await client.ping(), "PONG");
    node.kill("SIGKILL");
    await within(node.exit, "the end");
  }
});

test.run();
