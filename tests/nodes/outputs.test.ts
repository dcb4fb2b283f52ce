import { test } from "uvu";
import * as assert from "uvu/assert";
import { viewOf } from "../../src/engine/batch.ts";
import { MessageHeader } from "../../src/engine/message.ts";
import { Errno } from "../../src/wasi-intercept/errno.ts";
import { TABLE } from "../../src/wasi-intercept/table.ts";
import { connectKv, dropClients } from "../kit/kv.ts";
import { killNodes } from "../kit/node.ts";
import { freePort, removeDirs, tempDir } from "../kit/place.ts";
import { connectSink, dropSinks } from "./kit/sink.ts";
import {
  launchPrimary,
  memoryOf,
  type Primary,
  startBackup,
  startPrimary,
  until,
  within,
} from "./kit/nodes.ts";
import { closeProxies, Proxy } from "./kit/proxy.ts";

test.after.each(async () => {
  dropClients();
  dropSinks();
  closeProxies();
  await killNodes();
  removeDirs();
});

const id = (wanted: string) =>
  TABLE.find(({ name }) => name === wanted)?.id as number;
const WRITE = id("fd_write"), SEND = id("sock_send");

/** Long enough that nobody takes a backup whose acks are held for dead. */
const PATIENT = ["--timeout", "15000"];

/** Bytes of a log that would be seen in the memory of a node that held it. */
const LONG = 640e6;

/** What a proxy saw of the log: how many calls there were, by method and errno. */
class Seen {
  readonly #calls = new Map<string, number>();
  /** Heartbeats in a row that named no new message. */
  calm = 0;
  #end = 0;

  constructor(proxy: Proxy) {
    proxy.rule = (frame, way) => {
      if (way === "toBackup" && frame.body.kind === "data") {
        this.#count(frame.body.batch.bytes);
      }
      if (frame.body.kind === "heartbeat") {
        this.calm = frame.body.end === this.#end ? this.calm + 1 : 0;
        this.#end = frame.body.end;
      }
      return this.holding && way === "toPrimary" && frame.body.kind === "ack"
        ? "hold"
        : frame;
    };
  }

  holding = false;

  calls(method: number, errno: number = Errno.success): number {
    return this.#calls.get(`${method} ${errno}`) ?? 0;
  }

  #count(bytes: Uint8Array): void {
    const view = viewOf(bytes);
    for (let at = 0; at < bytes.length;) {
      const method = view.getUint16(at + MessageHeader.at.method, true);
      const errno = view.getUint16(at + MessageHeader.at.errno, true);
      const key = `${method} ${errno}`;
      this.#calls.set(key, (this.#calls.get(key) ?? 0) + 1);
      at += view.getUint32(at + MessageHeader.at.size, true);
    }
  }
}

/** A backup in sync behind a proxy that sees the log, and can hold the acks. */
async function behindProxy(
  name: string,
  primary: Primary,
  flags: readonly string[],
) {
  const proxy = new Proxy(primary.bind);
  const seen = new Seen(proxy);
  const backup = startBackup(name, proxy.address, { flags });
  await backup.waitForEvent("following");
  await primary.node.waitForEvent("synced");
  return { proxy, seen, backup };
}

test("no byte of stdout leaves before the backup's ack, and the program goes on meanwhile", async () => {
  const primary = await startPrimary("tick", {
    args: ["10"],
    flags: PATIENT,
  });
  const { proxy, seen } = await behindProxy("tick", primary, PATIENT);
  seen.holding = true;
  const before = seen.calls(WRITE);
  await until(
    "an ack that was under way",
    () => seen.calls(WRITE) > before + 5,
  );
  const printed = primary.node.stdout.length;
  const calls = seen.calls(WRITE);
  await until("50 more calls", () => seen.calls(WRITE) > calls + 50);
  assert.is(primary.node.stdout.length, printed, "bytes left before the ack");
  seen.holding = false;
  await proxy.release();
  const [, last] = await primary.node.waitForOutput(
    new RegExp(`^[^]{${printed + 300},}tick (\\d+)\\n`),
  );
  const lines = primary.node.stdout.split("\n").slice(0, Number(last));
  assert.equal(lines, lines.map((_, i) => `tick ${i + 1}`));
});

test("no byte of a connection leaves before the backup's ack", async () => {
  const flags = [...PATIENT, "--tcplisten", "127.0.0.1:0"];
  const primary = await startPrimary("kv", { flags });
  const { proxy, seen } = await behindProxy("kv", primary, flags);
  const sink = await connectSink(primary.listen[0] as string);
  await sink.write("PING\r\n");
  await until("a first answer", () => sink.received === "+PONG\r\n".length);
  seen.holding = true;
  const sends = seen.calls(SEND) + seen.calls(WRITE);
  await sink.write("PING\r\n".repeat(3));
  await until(
    "the answer's call",
    () => seen.calls(SEND) + seen.calls(WRITE) > sends,
  );
  seen.calm = 0;
  await until("calm", () => seen.calm >= 5);
  assert.is(sink.received, 7, "bytes left before the ack");
  seen.holding = false;
  await proxy.release();
  await until("the answers", () => sink.received === 4 * 7);
});

test("a full queue blocks a program that writes to a blocking stream, and it goes on after the acks", async () => {
  const bytes = 4 << 20;
  const bind = `127.0.0.1:${freePort()}`;
  const node = launchPrimary("flood", {
    args: [`${bytes}`],
    flags: [...PATIENT, "--bind", bind, "--wait-backups", "1"],
  });
  await node.waitForEvent("waitingForBackups");
  const proxy = new Proxy(bind);
  const seen = new Seen(proxy);
  const rule = proxy.rule;
  proxy.rule = (frame, way) => {
    seen.holding = seen.calls(WRITE) > 0;
    return rule(frame, way);
  };
  const backup = startBackup("flood", proxy.address, { flags: PATIENT });
  await until("a full queue", () => seen.calls(WRITE) >= 256);
  seen.calm = 0;
  await until("calm", () => seen.calm >= 5);
  assert.ok(node.stdout.length <= 64 << 10, `${node.stdout.length} bytes left`);
  const queued = seen.calls(WRITE) * 4096 - node.stdout.length;
  assert.ok(queued <= 1 << 20, `${queued} bytes are queued`);
  proxy.rule = (frame) => frame;
  await proxy.release();
  const ends = await within(Promise.all([node.exit, backup.exit]), "the ends");
  assert.equal(ends.map(({ code }) => code), [0, 0]);
  assert.is(node.stdout.length, bytes);
});

test("a full queue gives again on a non-blocking connection", async () => {
  const flags = [...PATIENT, "--tcplisten", "127.0.0.1:0"];
  const primary = await startPrimary("kv", { flags });
  const { proxy, seen } = await behindProxy("kv", primary, flags);
  const address = primary.listen[0] as string;
  const size = 900_000;
  await (await connectKv(address)).set("big", "x".repeat(size));
  const sink = await connectSink(address);
  seen.holding = true;
  await sink.write("GET big\r\n".repeat(8));
  await until(
    "an again",
    () => seen.calls(SEND, Errno.again) + seen.calls(WRITE, Errno.again) > 0,
  );
  const other = await connectSink(address);
  const sends = seen.calls(SEND) + seen.calls(WRITE);
  await other.write("PING\r\n");
  await until(
    "the answer to another client",
    () => seen.calls(SEND) + seen.calls(WRITE) > sends,
  );
  assert.is(sink.received, 0, "bytes left before the ack");
  seen.holding = false;
  await proxy.release();
  const answer = `$${size}\r\n`.length + size + 2;
  await until("all answers", () => sink.received === 8 * answer);
  await until("the other answer", () => other.received === 7);
});

test("with --output async outputs leave at once", async () => {
  const flags = [...PATIENT, "--output", "async"];
  const primary = await startPrimary("tick", { args: ["10"], flags });
  const { seen } = await behindProxy("tick", primary, PATIENT);
  seen.holding = true;
  const printed = primary.node.stdout.length;
  await primary.node.waitForOutput(new RegExp(`^[^]{${printed + 500},}`));
});

test("a slow backup does not grow the primary's memory", async () => {
  const state = `${tempDir()}/state`;
  const primary = await startPrimary("calls", {
    args: ["clocks", "1000000000"],
    flags: ["--state-dir", state],
  });
  const { pid } = primary.node;
  const before = memoryOf(pid, "VmHWM");
  const proxy = new Proxy(primary.bind);
  proxy.bytesPerSecond = 1e6;
  let given = 0;
  proxy.rule = (frame) => {
    if (frame.body.kind === "data") given += frame.body.batch.bytes.length;
    return frame;
  };
  startBackup("calls", proxy.address, { flags: ["--join-timeout", "60000"] });
  const size = () => Deno.statSync(`${state}/log`).size;
  await until("the first of the log", () => given > 1e6);
  const long = size() + LONG;
  await until("a longer log", () => size() > long);
  const most = memoryOf(pid, "VmHWM");
  assert.ok(given < 50e6, `the backup got ${given} bytes`);
  assert.ok(most < before + 450, `${before} MB, then ${most} MB`);
  assert.not.match(primary.node.stderr.join(), /"lateJoinOff"/);
});

test("a slow backup in sync does not grow the primary's memory either", async () => {
  const flags = [...PATIENT, "--tcplisten", "127.0.0.1:0"];
  const primary = await startPrimary("kv", { flags });
  const { proxy } = await behindProxy("kv", primary, flags);
  proxy.bytesPerSecond = 2e6;
  const before = memoryOf(primary.node.pid, "VmRSS");
  const sink = await connectSink(primary.listen[0] as string);
  const set = `*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$100000\r\n${
    "x".repeat(100_000)
  }\r\n`;
  let sent = 0;
  void (async () => {
    for (let i = 0; i < 1000; i++) {
      await sink.write(set);
      sent++;
    }
  })().catch(() => {});
  await until("30 answers", () => sink.received >= 30 * "+OK\r\n".length);
  const most = memoryOf(primary.node.pid, "VmHWM");
  assert.ok(sent <= 1000);
  assert.ok(most < before + 300, `${before} MB, then ${most} MB`);
  assert.not.match(primary.node.stderr.join(), /"removed"/);
});

test.run();
