/** Servers that are recorded: a replay has no sockets. @module */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { connectKv, dropClients } from "../kit/kv.ts";
import { guest, killNodes, type RunningNode } from "../kit/node.ts";
import { removeDirs } from "../kit/place.ts";
import { Client } from "../families/kit/client.ts";
import { FAMILIES, problemOf } from "../families/families.ts";
import { argsOf } from "../families/kit/runs.ts";
import { ended, place, replay, startRecord } from "./kit/runs.ts";

const CONVERSATIONS = 6;

test.after.each(async () => {
  dropClients();
  await killNodes();
  removeDirs();
});

/** Starts kv, recorded; gives where it is served. */
async function serve(
  file: string,
): Promise<{ node: RunningNode; address: string }> {
  const node = startRecord(guest("kv"), file, {
    args: ["/data"],
    dirs: ["/data"],
    options: ["--json", "--tcplisten", "127.0.0.1:0"],
  });
  const { role, listen: [address = ""] } = await node.waitForEvent("serving");
  assert.is(role, "solo");
  await node.waitForOutput(/^kv ready/);
  return { node, address };
}

/** Takes the place of a server; counts who comes. */
function takePlace(address: string) {
  const [hostname, port] = address.split(":") as [string, string];
  const listener = Deno.listen({ hostname, port: Number(port) });
  let came = 0;
  void (async () => {
    for await (const connection of listener) {
      came++;
      connection.close();
    }
  })();
  return { close: () => listener.close(), came: () => came };
}

test("a server with clients: its replay prints and ends the same, listens nowhere and sends nothing", async () => {
  const file = place();
  const { node, address } = await serve(file);
  const clients = await Promise.all([0, 1, 2].map(() => connectKv(address)));
  await Promise.all(clients.map(async (client, i) => {
    for (let n = 0; n < 50; n++) await client.set(`${i} ${n}`, "x".repeat(n));
    assert.is((await client.get(`${i} 49`))?.length, 49);
  }));
  await clients[0]!.set("big", "y".repeat(1 << 20));
  assert.is((await clients[1]!.get("big"))?.length, 1 << 20);
  await clients[2]!.sendCommand(["SHUTDOWN"]).catch(() => {});
  const run = await ended(node);
  assert.is(run.code, 0, run.stderr);
  const other = takePlace(address);
  const again = await replay(file);
  other.close();
  assert.is(again.code, 0, again.stderr);
  assert.is(again.stdout, run.stdout);
  assert.is(again.stderr, "");
  assert.is(other.came(), 0);
});

test("conversations over sockets: a replay shows what was said, to nobody", async () => {
  const family = FAMILIES.find(({ name }) => name === "sockets")!;
  const file = place();
  const node = startRecord(guest("families"), file, {
    args: argsOf(family, CONVERSATIONS),
    options: ["--json", "--tcplisten", "127.0.0.1:0"],
  });
  const client = new Client([node]);
  const run = await ended(node);
  await client.stop();
  assert.is(run.code, 0, run.stderr);
  assert.is(problemOf(family, CONVERSATIONS, run.stdout), undefined);
  const again = await replay(file);
  assert.is(again.code, 0, again.stderr);
  assert.is(again.stdout, run.stdout);
});

test("a killed server's recording has every answer that a client got", async () => {
  const file = place();
  const { node, address } = await serve(file);
  const client = await connectKv(address);
  for (let n = 0; n < 100; n++) await client.set(`key ${n}`, `${n}`);
  node.kill("SIGKILL");
  await node.exit;
  const { code, stdout, stderr } = await replay(file);
  assert.is(code, 125);
  assert.is(stdout, node.stdout);
  assert.match(
    stderr,
    /^error: cannot replay .*: it was cut after message \d+/,
  );
  const bytes = new TextDecoder("latin1").decode(Deno.readFileSync(file));
  assert.ok(bytes.includes("key 99"));
});

test.run();
