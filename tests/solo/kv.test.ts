import { test } from "uvu";
import * as assert from "uvu/assert";
import { Buffer } from "node:buffer";
import { connect } from "node:net";
import { connectKv, dropClients, type KvClient } from "../kit/kv.ts";
import { guest, killNodes, type RunningNode, startNode } from "../kit/node.ts";
import { removeDirs, tempDir } from "../kit/place.ts";

/** Starts kv alone, with an append-only file if `dir` is given; gives its address as the status line names it. */
async function serve(
  dir?: string,
): Promise<{ node: RunningNode; address: string }> {
  const node = startNode([
    "run",
    guest("kv"),
    "--tcplisten",
    "127.0.0.1:0",
    ...(dir === undefined ? [] : ["--dir", `${dir}::/data`, "/data"]),
  ]);
  const [, address] = await node.waitFor(/listens on (127\.0\.0\.1:\d+)$/);
  await node.waitForOutput(/^kv ready, \d+ keys\n/);
  return { node, address: address as string };
}

async function shutDown(node: RunningNode, client: KvClient): Promise<void> {
  await client.sendCommand(["SHUTDOWN"]).catch(() => {});
  assert.equal(await node.exit, { code: 0, signal: null }, node.stderr.join());
}

test.after.each(async () => {
  dropClients();
  await killNodes();
  removeDirs();
});

test("a real Redis client works against kv", async () => {
  const { node, address } = await serve();
  const client = await connectKv(address);
  assert.is(await client.ping(), "PONG");
  assert.is(await client.set("a", "1"), "OK");
  assert.is(await client.incr("a"), 2);
  assert.is(await client.get("a"), "2");
  assert.is(await client.get("none"), null);
  await client.mSet({ b: "zwei", c: "três" });
  assert.equal(await client.mGet(["b", "c", "d"]), ["zwei", "três", null]);
  assert.is(await client.exists(["a", "b", "none"]), 2);
  assert.is(await client.expire("b", 100), 1);
  const ttl = await client.ttl("b");
  assert.ok(ttl > 50 && ttl <= 100, `ttl is ${ttl}`);
  assert.is(await client.del(["a", "b"]), 2);
  assert.is(await client.dbSize(), 1);
  await shutDown(node, client);
});

test("values of up to 4 MiB go in and out whole", async () => {
  const { node, address } = await serve(tempDir());
  const client = await connectKv(address);
  for (const size of [0, 1, 16_383, 65_536, 1 << 20, 4 << 20]) {
    const value = "0123456789abcdef".repeat(size / 16 + 1).slice(0, size);
    await client.set("big", value);
    assert.ok(await client.get("big") === value, `${size} B differ`);
  }
  await shutDown(node, client);
});

test("a client that reads late gets all of its answers, though it sends nothing more", async () => {
  const { node, address } = await serve();
  const client = await connectKv(address);
  const size = 4 << 20, answers = 6;
  await client.set("big", "x".repeat(size));
  const [host, port] = address.split(":");
  const late = connect({ host, port: Number(port) });
  late.pause();
  late.write("GET big\r\n".repeat(answers));
  for (let i = 0; i < 20; i++) assert.is(await client.ping(), "PONG");
  const head = `$${size}\r\n`.length;
  const whole = answers * (head + size + 2);
  let bytes = 0;
  await new Promise<void>((resolve) => {
    late.on("data", (part) => {
      bytes += part.length;
      if (bytes >= whole) resolve();
    });
    late.resume();
  });
  assert.is(bytes, whole);
  late.destroy();
  await shutDown(node, client);
});

test("commands in a pipeline are answered in order", async () => {
  const { node, address } = await serve();
  const client = await connectKv(address);
  const numbers = Array.from({ length: 5_000 }, (_, i) => i + 1);
  const replies = await Promise.all(numbers.map(() => client.incr("n")));
  assert.equal(replies, numbers);
  await shutDown(node, client);
});

test("200 clients at once, each with its own answers", async () => {
  const { node, address } = await serve(tempDir());
  const clients: KvClient[] = [];
  for (let i = 0; i < 200; i++) clients.push(await connectKv(address));
  await Promise.all(clients.map(async (client, i) => {
    for (let round = 0; round < 10; round++) {
      await client.set(`key ${i}`, `${i}-${round}`);
      assert.is(await client.get(`key ${i}`), `${i}-${round}`);
      await client.incr("all");
    }
  }));
  assert.is(await clients[0]!.get("all"), "2000");
  await shutDown(node, clients[0]!);
});

test("the append-only file keeps the data over an orderly end", async () => {
  const dir = tempDir();
  const first = await serve(dir);
  const client = await connectKv(first.address);
  await client.set("kept", "yes");
  await shutDown(first.node, client);
  const second = await serve(dir);
  assert.match(second.node.stdout, /^kv ready, 1 keys\n/);
  const again = await connectKv(second.address);
  assert.is(await again.get("kept"), "yes");
  await shutDown(second.node, again);
});

test("kill -9 under load loses no acknowledged write of the file", async () => {
  const dir = tempDir();
  const { node, address } = await serve(dir);
  const acknowledged = new Map<string, string>();
  const writer = async (name: number) => {
    const client = await connectKv(address);
    for (let i = 0;; i++) {
      const key = `key ${name} ${i % 50}`;
      await client.set(key, `${i}`);
      acknowledged.set(key, `${i}`);
      if (acknowledged.size === 200) node.kill("SIGKILL");
    }
  };
  const ends = await Promise.allSettled([0, 1, 2, 3].map(writer));
  assert.ok(ends.every(({ status }) => status === "rejected"));
  assert.is((await node.exit).signal, "SIGKILL");
  const after = await serve(dir);
  const client = await connectKv(after.address);
  for (const [key, value] of acknowledged) {
    const found = Number(await client.get(key));
    const last = Number(value);
    assert.ok(found === last || found === last + 50, `${key}: ${found}`);
  }
  await shutDown(after.node, client);
});

test("a client that sends garbage is told so and does not disturb others", async () => {
  const { node, address } = await serve();
  const client = await connectKv(address);
  const [hostname, port] = address.split(":") as [string, string];
  const raw = await Deno.connect({ hostname, port: Number(port) });
  await raw.write(new TextEncoder().encode("*1\r\n$-5\r\nxx\r\n"));
  const answer = new Uint8Array(256);
  const n = await raw.read(answer) as number;
  assert.match(new TextDecoder().decode(answer.subarray(0, n)), /^-ERR /);
  raw.close();
  assert.is(await client.ping(), "PONG");
  await shutDown(node, client);
});

test("echo gives many clients their own bytes back, and ends when they do", async () => {
  const node = startNode([
    "run",
    guest("echo"),
    "--tcplisten",
    "127.0.0.1:0",
    "--json",
  ]);
  const { listen } = await node.waitForEvent("serving");
  await node.waitForOutput(/^echo ready\n/);
  const [host, port] = (listen[0] as string).split(":") as [string, string];
  const size = 300_000;
  const talk = (i: number) => {
    const sent = new Uint8Array(size).map((_, at) => at * (i + 1));
    const got: Uint8Array[] = [];
    const socket = connect({ host, port: Number(port), allowHalfOpen: true });
    socket.on("data", (part) => got.push(part));
    socket.end(sent);
    return new Promise<void>((resolve, reject) => {
      socket.on("error", reject);
      socket.on("end", () => {
        if (Buffer.concat(got).equals(sent)) resolve();
        else reject(new Error(`client ${i} got other bytes`));
      });
    });
  };
  await Promise.all(Array.from({ length: 20 }, (_, i) => talk(i)));
});

test.run();
