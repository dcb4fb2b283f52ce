/** A server whose threads serve one client each: what its clients see, alone and replicated. @module */
import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  codeOf,
  destroy,
  said,
  startBackup,
  startPrimary,
  takenBy,
} from "../failover/kit/cluster.ts";
import { Lost, Resp } from "../failover/kit/resp.ts";
import { Witness } from "../failover/kit/witness.ts";
import { guest, killNodes, startNode } from "../kit/node.ts";
import { removeDirs } from "../kit/place.ts";
import { endOfBoth, startPair } from "./kit/pair.ts";

test.after(async () => {
  await killNodes();
  removeDirs();
});

const MANY = 32;

/** The address of a pair's program, which serves `threads` clients at a time. */
async function servingPair(threads: number) {
  const pair = await startPair("pool", { args: [`${threads}`], listeners: 1 });
  const { listen } = await pair.primary.waitForEvent("serving");
  return { ...pair, listen: listen[0] as string };
}

test("many clients at once are served by as many threads, and SHUTDOWN ends both nodes with 0", async () => {
  const pair = await servingPair(MANY);
  const witness = new Witness(pair.listen, 1, MANY - 1, 8);
  witness.start();
  await witness.more(3000);
  await witness.stop();
  await witness.verify(true);
  const client = await Resp.connect(pair.listen);
  const answer = await client.send("SHUTDOWN").catch((error) => error);
  assert.instance(answer, Lost);
  assert.is(await endOfBoth(pair), 0);
  assert.is(pair.primary.stdout, `pool ready, ${MANY} threads\n`);
  assert.is(pair.backup.stdout, "");
});

test("SHUTDOWN by one of many clients ends a node alone with 0, too", async () => {
  const node = startNode([
    ...["run", "--json", "--tcplisten", "127.0.0.1:0", guest("pool")],
  ]);
  const { listen } = await node.waitForEvent("serving");
  const clients = await clientsOf(listen[0] as string, 4);
  clients[2]!.send("SHUTDOWN").catch(() => {});
  assert.is(await codeOf(node), 0);
});

/** Clients that were each answered. */
async function clientsOf(address: string, count: number): Promise<Resp[]> {
  const clients = await Promise.all(
    Array.from({ length: count }, () => Resp.connect(address)),
  );
  const answers = await Promise.all(
    clients.map((client) => client.send("PING")),
  );
  assert.equal(answers, clients.map(() => "PONG"));
  return clients;
}

test("a client that does not read holds up no other, and gets all once it reads", async () => {
  const { listen, backup } = await servingPair(3);
  const [setter] = await clientsOf(listen, 1) as [Resp];
  const value = "x".repeat(1 << 20), asked = 24;
  await setter.send("SET", "big", value);
  const slow = await Deno.connect(placeOf(listen));
  const get = "*2\r\n$3\r\nGET\r\n$3\r\nbig\r\n";
  await slow.write(new TextEncoder().encode(get.repeat(asked)));
  for (let i = 1; i <= 300; i++) {
    assert.is(await setter.send("INCR", "n"), i);
  }
  const [other] = await clientsOf(listen, 1) as [Resp];
  assert.is(await other.send("INCR", "n"), 301);
  const reply = `$${value.length}\r\n`.length + value.length + 2;
  assert.is(await sizeOf(slow, asked * reply), asked * reply);
  slow.close();
  assert.not.ok(said(backup, "divergence"));
});

/** Bytes that come until there are `enough`, or no more. */
async function sizeOf(
  connection: Deno.TcpConn,
  enough: number,
): Promise<number> {
  const part = new Uint8Array(1 << 16);
  let size = 0;
  for (let n: number | null = 0; n !== null && size < enough; size += n ?? 0) {
    n = await connection.read(part);
  }
  return size;
}

function placeOf(address: string): Deno.ConnectOptions {
  const [hostname, port] = address.split(":") as [string, string];
  return { hostname, port: Number(port) };
}

test("a client in the middle of a command holds up no other, and is answered once the rest comes", async () => {
  const { listen } = await servingPair(2);
  const slow = await Deno.connect(placeOf(listen));
  await slow.write(new TextEncoder().encode("*2\r\n$3\r\nGET\r\n$3\r"));
  const [other] = await clientsOf(listen, 1) as [Resp];
  await other.send("SET", "key", "value");
  await slow.write(new TextEncoder().encode("\nkey\r\n"));
  const wanted = "$5\r\nvalue\r\n".length;
  assert.is(await sizeOf(slow, wanted), wanted);
  slow.close();
});

test("clients that leave in the middle leave their threads to others", async () => {
  const threads = 3;
  const pair = await servingPair(threads);
  for (let i = 0; i < 40; i++) {
    const leaving = await Deno.connect(placeOf(pair.listen));
    const words = i % 2 === 0
      ? "*3\r\n$3\r\nSET\r\n$4\r\nhalf\r\n"
      : "*2\r\n$4\r\nINCR\r\n$4\r\nleft\r\n".repeat(50);
    await leaving.write(new TextEncoder().encode(words));
    leaving.close();
  }
  const clients = await clientsOf(pair.listen, threads);
  assert.is(await clients[0]!.send("EXISTS", "half"), 0);
  clients[1]!.send("SHUTDOWN").catch(() => {});
  assert.is(await endOfBoth(pair), 0);
});

test("a client more than there are threads is served when another leaves", async () => {
  const { listen } = await servingPair(2);
  const [first, second] = await clientsOf(listen, 2) as [Resp, Resp];
  const third = await Resp.connect(listen);
  let served = false;
  const answer = third.send("PING").then((answer) => {
    served = true;
    return answer;
  });
  for (let i = 1; i <= 100; i++) await second.send("INCR", "n");
  assert.not.ok(served);
  first.close();
  assert.is(await answer, "PONG");
});

test("a backup that joins late, under load, takes over with every acknowledged write", async () => {
  const how = { args: ["12"], listeners: 1 };
  const primary = await startPrimary("pool", how);
  const witness = new Witness(primary.listen, 5, 6, 8);
  witness.start();
  await witness.more(2000);
  const backup = startBackup("pool", primary.bind, { ...how, args: [] });
  await backup.waitForEvent("following");
  await witness.more(300);
  await destroy(primary.node);
  witness.moveTo((await takenBy(backup)).listen);
  await witness.more(100);
  await witness.stop();
  await witness.verify(true);
});

test.run();
