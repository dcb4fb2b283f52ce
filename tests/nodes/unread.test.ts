import { test } from "uvu";
import * as assert from "uvu/assert";
import { connectKv, dropClients } from "../kit/kv.ts";
import { guest, killNodes, PATIENCE_MS } from "../kit/node.ts";
import { startBackup, until, within } from "./kit/nodes.ts";
import { endUnread, startUnread } from "./kit/unread.ts";
import { freePort, removeDirs } from "../kit/place.ts";
import { closeWires, Wire } from "./kit/wire.ts";

/** How long nobody reads. */
const UNREAD_MS = 2_000;

test.after.each(async () => {
  dropClients();
  closeWires();
  await endUnread();
  await killNodes();
  removeDirs();
});

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

test("with stdout and stderr unread for 2 s kv serves on, the backup stays in sync, and dropped lines are counted", async () => {
  const [bind, address] = [
    `127.0.0.1:${freePort()}`,
    `127.0.0.1:${freePort()}`,
  ];
  const node = startUnread([
    ...[guest("kv"), "--role", "primary", "--json"],
    ...["--bind", bind, "--tcplisten", address],
  ]);
  const backup = startBackup("kv", bind, {
    flags: ["--tcplisten", "127.0.0.1:0"],
  });
  await backup.waitForEvent("following");
  const client = await connectKv(address);
  const end = Date.now() + UNREAD_MS;
  let visits = 0;
  let slowest = 0;
  for (let i = 0; Date.now() < end || visits < 1500; i++) {
    const before = Date.now();
    await client.set(`key ${i}`, "x");
    slowest = Math.max(slowest, Date.now() - before);
    for (let j = 0; j < 5; j++) {
      const visitor = await Wire.to(bind);
      await visitor.bytes(
        new TextEncoder().encode("GET / HTTP/1.1\r\n\r\n ".repeat(3)),
      );
      await within(visitor.closed, "the end of a bad visit");
      visits++;
    }
  }
  assert.ok(slowest < PATIENCE_MS, `an answer took ${slowest} ms`);
  const count = await client.dbSize();
  node.read();
  const [, dropped] = await until(
    "the count of dropped lines",
    () => node.stderr.match(/\{"event":"dropped","lines":(\d+)\}\n/) ?? false,
  );
  const said = node.stderr.match(/^\{"event":"refused".*\}$/gm)?.length ?? 0;
  assert.is(said + Number(dropped), visits);
  for (const line of node.stderr.trim().split("\n")) JSON.parse(line);
  assert.not.match(node.stderr, /"removed"/);
  node.kill("SIGKILL");
  const { listen } = await backup.waitForEvent("taken");
  assert.is(await (await connectKv(listen[0] as string)).dbSize(), count);
});

for (const stream of ["stdout", "stderr"] as const) {
  test(`output to a ${stream} that nobody reads for 2 s arrives whole afterwards, and heartbeats go on meanwhile`, async () => {
    const bytes = 5_000_000;
    const bind = `127.0.0.1:${freePort()}`;
    const node = startUnread([
      ...[guest("flood"), "--role", "primary", "--json"],
      ...["--bind", bind, "--wait-backups", "1", "--", `${bytes}`],
      ...(stream === "stderr" ? ["err"] : []),
    ]);
    const backup = startBackup("flood", bind);
    await backup.waitForEvent("following");
    await pause(UNREAD_MS);
    assert.not.match(backup.stderr.join(), /"linkLost"|"takeover"/);
    node.read();
    const { code } = await within(node.exit, "the end");
    assert.is(code, 0);
    const output = node[stream].replace(/^\{"event".*\}\n/gm, "");
    assert.is(output.length, bytes);
    const blocks = output.match(/([a-z])\1*\n/g) as string[];
    assert.is(blocks.length, Math.ceil(bytes / 4096));
    blocks.forEach((block, i) =>
      assert.is(block.charCodeAt(0), 97 + i % 26, `block ${i}`)
    );
    assert.is((await within(backup.exit, "the backup's end")).code, 0);
  });
}

test("a node ends although nobody ever reads its status lines", async () => {
  const bind = `127.0.0.1:${freePort()}`;
  const node = startUnread([
    ...[guest("hello"), "--role", "primary", "--json"],
    ...["--bind", bind],
  ]);
  assert.is((await within(node.ended, "the end")).code, 0);
});

test.run();
