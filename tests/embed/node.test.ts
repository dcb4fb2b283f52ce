/** A node inside a program of one's own: its streams, events, status and exit. @module */
import { type NodeEvent, ReplrtError } from "replrt";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { EventLog, EVENTS_KEPT } from "../../src/embed/events.ts";
import {
  embed,
  embedPair,
  eventOf,
  PRIMARY,
  stopNodes,
} from "./kit/embedding.ts";

test.after(stopNodes);

async function all(events: AsyncIterable<NodeEvent>): Promise<NodeEvent[]> {
  const list: NodeEvent[] = [];
  for await (const event of events) list.push(event);
  return list;
}

function textOf(stream: ReadableStream<Uint8Array<ArrayBuffer>>) {
  return new Response(stream).text();
}

test("a program's exit code is its node's, without signal and error", async () => {
  for (const options of [{}, PRIMARY]) {
    const node = embed("args", { ...options, args: ["7"] });
    assert.equal(await node.exit, { code: 7, signal: null, error: undefined });
  }
});

test("stdin, stdout and stderr are the guest's alone when they are piped", async () => {
  const node = embed("cat", { ...PRIMARY, stdin: "piped", stdout: "piped" });
  const writer = node.stdin.getWriter();
  await writer.write(new TextEncoder().encode('{"event":"serving"}\n'));
  await writer.close();
  assert.is(await textOf(node.stdout), '{"event":"serving"}\n');

  const loud = embed("flood", { args: ["20000", "err"], stderr: "piped" });
  assert.is((await textOf(loud.stderr)).length, 20_000);
  assert.is((await loud.exit).code, 0);
});

test("a stream that is not piped is refused with what to do", () => {
  const node = embed("hello");
  for (const name of ["stdin", "stdout", "stderr"] as const) {
    assert.throws(
      () => node[name],
      (error: unknown) =>
        error instanceof ReplrtError &&
        error.next === `start the node with ${name}: "piped"`,
    );
  }
});

test("inherited streams are the embedding program's", async () => {
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "-A", "tests/embed/kit/host.ts"],
      JSON.stringify([{ module: "guests/dist/hello.wasm", ...PRIMARY }]),
    ],
    env: { NO_COLOR: "1" },
  }).output();
  const decoder = new TextDecoder();
  assert.match(decoder.decode(stdout), "hello, world\n");
  assert.is(decoder.decode(stderr), "");
});

test("events come in order, and end with the node", async () => {
  const node = embed("count", { ...PRIMARY, args: ["3"] });
  const names = (await all(node.events)).map(({ event }) => event);
  assert.is(names.at(0), "serving");
  assert.is(names.at(-1), "ended");
});

test("every iterator gets every event, also one that is made after the end", async () => {
  const node = embed("trap");
  const [one, two] = await Promise.all([all(node.events), all(node.events)]);
  await node.exit;
  assert.is(one.at(-1)?.event, "ended");
  assert.equal(two, one);
  assert.equal(await all(node.events), one);
});

test("an iterator that stops does not end the others, nor the node", async () => {
  const { primary, backup } = await embedPair("tick");
  for await (const _ of primary.events) break;
  await backup.stop();
  const { left } = await eventOf(primary, "removed");
  assert.is(left, 0);
});

test("of many events the last are kept, and a late reader is told how many it missed", async () => {
  const log = new EventLog();
  const early = log[Symbol.asyncIterator]();
  for (let ms = 0; ms < EVENTS_KEPT + 7; ms++) log.add({ event: "frozen", ms });
  log.end();
  const late = await all(log);
  assert.equal(late.slice(0, 2), [
    { event: "dropped", lines: 7 },
    { event: "frozen", ms: 7 },
  ]);
  assert.is(late.length, EVENTS_KEPT + 1);
  assert.equal((await early.next()).value, { event: "dropped", lines: 7 });
});

test("a reader that waits gets each event as it comes", async () => {
  const log = new EventLog();
  const iterator = log[Symbol.asyncIterator]();
  for (let ms = 0; ms < 3; ms++) {
    const next = iterator.next();
    log.add({ event: "frozen", ms });
    assert.equal((await next).value, { event: "frozen", ms });
  }
  const last = iterator.next();
  log.end();
  assert.ok((await last).done);
});

test("status is what the node itself says, whatever its guest is doing", async () => {
  const { primary, backup } = await embedPair("spin", { args: ["1000000"] });
  await eventOf(primary, "synced");
  const [first, second] = [await primary.status(), await backup.status()];
  if (first.role === "solo" || second.role === "solo") throw new Error("solo");
  assert.is(first.role, "primary");
  assert.is(second.role, "backup");
  assert.is(second.run, first.run);
  assert.is(second.primary, first.bind);
  assert.is(first.primary, null);
  assert.equal(first.members, [second.node]);
  assert.is(first.epoch, 1);
  assert.ok(first.seq > 0);

  await primary.stop();
  await eventOf(backup, "taken");
  const taken = await backup.status();
  assert.is(taken.role, "primary");
  assert.is(taken.role === "primary" && taken.epoch, 2);
});

test("a node that waits for its primary is starting", async () => {
  const node = embed("tick", {
    ...{ role: "backup", bind: "127.0.0.1:0", join: "127.0.0.1:1" },
  });
  await eventOf(node, "waitingForPrimary");
  const status = await node.status();
  assert.is(status.role, "starting");
  assert.is(status.role === "starting" && status.epoch, null);
});

test("many questions at once are all answered", async () => {
  const node = embed("tick", PRIMARY);
  const answers = await Promise.all(
    Array.from({ length: 200 }, () => node.status()),
  );
  assert.is(answers.length, 200);
  await eventOf(node, "serving");
  assert.is((await node.status()).role, "primary");
});

test("a node that runs alone says so, however busy it is", async () => {
  const node = embed("spin", { args: ["1000000"] });
  assert.equal(await node.status(), { role: "solo" });
});

test("a question to a node that ends is an error, not silence", async () => {
  const node = embed("tick", PRIMARY);
  const asked = node.status().catch((error) => error);
  const { signal } = await node.stop();
  const later = await node.status().catch((error) => error);
  assert.ok(signal !== null);
  const answer = await asked;
  assert.ok(answer instanceof ReplrtError || answer.role !== "solo");
  assert.instance(later, ReplrtError);
});

test("what a node could not do is in its exit, with what to do next, and the last event", async () => {
  const taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = taken.addr as Deno.NetAddr;
  const node = embed("hello", { ...PRIMARY, bind: `127.0.0.1:${port}` });
  const { code, signal, error } = await node.exit;
  taken.close();
  assert.equal([code, signal, error?.exitCode], [125, null, 125]);
  assert.match(error?.message ?? "", `127.0.0.1:${port}`);
  assert.match(error?.next ?? "", "--bind");
  const last = (await all(node.events)).at(-1);
  assert.equal(last, {
    event: "error",
    message: error?.message,
    next: error?.next,
    exitCode: 125,
  });
});

test("a process that the system does not start is an error in the exit", async () => {
  const node = embed("args", { args: ["x".repeat(1 << 20)] });
  const { code, error } = await node.exit;
  assert.is(code, 125);
  assert.match(error?.message ?? "", /^cannot start \/.*replrt: /);
  assert.equal(await all(node.events), []);
  assert.instance(await node.status().catch((e) => e), ReplrtError);
  assert.is((await node.stop()).code, 125);
});

test.run();
