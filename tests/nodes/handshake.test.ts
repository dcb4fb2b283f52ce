import { test } from "uvu";
import * as assert from "uvu/assert";
import { PROTOCOL_VERSION } from "../../src/engine/frame.ts";
import { inodeOf, machineId } from "../../src/runtime/host/lock.ts";
import type { Hello } from "../../src/runtime/node/handshake.ts";
import { guest, killNodes, startNode } from "../kit/node.ts";
import { removeDirs, tempDir } from "../kit/place.ts";
import {
  failureOf,
  launchPrimary,
  type Primary,
  startBackup,
  startInSync,
  startPrimary,
  within,
} from "./kit/nodes.ts";
import { closeWires, goodHello, hashOf, Wire } from "./kit/wire.ts";

test.after.each(async () => {
  closeWires();
  await killNodes();
  removeDirs();
});

const TICK = { args: ["50"] };

/** What a primary answers to a HELLO that is good but for `wrong`. */
async function refusalOf(
  primary: Primary,
  wrong: Partial<Hello>,
): Promise<{ reason: string; next: string }> {
  const wire = await Wire.to(primary.bind);
  const hello = await goodHello("tick");
  await wire.send({ kind: "hello", value: { ...hello, ...wrong } });
  const { body } = await wire.next();
  if (body.kind !== "refuse") throw new Error(`answered ${body.kind}`);
  const { code, ...rest } = body.value as {
    code: string;
    reason: string;
    next: string;
  };
  assert.is(code, "mismatch");
  await wire.closed;
  return rest;
}

test("a directory that the primary has itself is refused by machine, device and inode, where no lock tells", async () => {
  const dir = tempDir();
  const primary = await startPrimary("tick", {
    ...TICK,
    flags: ["--dir", `${dir}::/data`],
  });
  const identity = `${machineId()}:${inodeOf(dir)}`;
  const dirs = [{ guest: "/data", shared: false, identity }];
  const { reason, next } = await refusalOf(primary, { dirs });
  assert.match(reason, "the same directory for /data");
  assert.match(reason, identity);
  assert.match(next, "a directory of its own");
});

test("another module is refused, both hashes are named, and the primary says so", async () => {
  const primary = await startPrimary("tick", TICK);
  const { code, message, next } = await failureOf(
    startBackup("count", primary.bind),
  );
  assert.is(code, 125);
  assert.match(message, await hashOf("tick"));
  assert.match(message, await hashOf("count"));
  assert.match(next, "give both nodes the same file");
  const { reason } = await primary.node.waitForEvent("refused");
  assert.match(reason, await hashOf("count"));
});

for (
  const { what, start, says, help } of [
    {
      what: "other arguments than the primary's",
      start: () => ({ args: ["60"] }),
      says: /arguments differ: "60", the primary's: "50"/,
      help: /leave the arguments out, or repeat the primary's/,
    },
    {
      what: "another environment than the primary's",
      start: () => ({ flags: ["--env", "A=2"] }),
      says: /environment differ: "A=2", the primary's: "A=1"/,
      help: /leave --env out, or repeat the primary's/,
    },
    {
      what: "directories that the primary does not have",
      start: () => ({ flags: ["--dir", `${tempDir()}::/more`] }),
      says: /directories differ: "\/more", the primary's: none/,
      help: /give the same guest directories with --dir, in the same order/,
    },
    {
      what: "more listening sockets than the primary",
      start: () => ({ flags: ["--tcplisten", "127.0.0.1:0"] }),
      says: /listening sockets differ: 1, the primary's: 0/,
      help: /give as many --tcplisten as the primary has/,
    },
  ]
) {
  test(`a backup with ${what} is refused, and both are named`, async () => {
    const primary = await startPrimary("tick", {
      ...TICK,
      flags: ["--env", "A=1"],
    });
    const { code, message, next } = await failureOf(
      startBackup("tick", primary.bind, start()),
    );
    assert.is(code, 125);
    assert.match(message, says);
    assert.match(next, help);
  });
}

test("a backup that repeats the primary's arguments and environment follows", async () => {
  const primary = await startPrimary("tick", {
    ...TICK,
    flags: ["--env", "A=1"],
  });
  await startInSync("tick", primary, { ...TICK, flags: ["--env", "A=1"] });
});

test("another engine, architecture or CPU is refused, and both are named", async () => {
  const primary = await startPrimary("tick", TICK);
  const { machine } = await goodHello("tick");
  const wrong = (more: Partial<Hello["machine"]>) =>
    refusalOf(primary, { machine: { ...machine, ...more } });
  const engine = await wrong({ engine: "V8 1.0" });
  assert.match(engine.reason, `V8 1.0, the primary's: ${machine.engine}`);
  const arch = await wrong({ arch: "pdp11" });
  assert.match(arch.reason, `pdp11, the primary's: ${machine.arch}`);
  const features = [...machine.features.slice(1), "flux_capacitor"];
  const cpu = await wrong({ features });
  assert.match(cpu.reason, "only the backup has flux_capacitor");
  assert.match(cpu.reason, `only the primary ${machine.features[0]}`);
  for (const { next } of [engine, arch, cpu]) assert.ok(next.length > 10);
});

test("a value that differs is cut to a length that an operator can read", async () => {
  const primary = await startPrimary("tick", TICK);
  const { reason } = await refusalOf(primary, {
    args: Array(100_000).fill("\n"),
  });
  assert.ok(reason.length < 1000, `${reason.length} characters`);
  const event = await primary.node.waitForEvent("refused");
  assert.is(event.reason, reason);
});

test("two primaries on one address: the second is refused and names --bind", async () => {
  const primary = await startPrimary("tick", TICK);
  const { code, message, next } = await failureOf(
    launchPrimary("tick", { ...TICK, flags: ["--bind", primary.bind] }),
  );
  assert.is(code, 125);
  assert.match(message, `cannot take backups at ${primary.bind}`);
  assert.match(message, "the address is in use");
  assert.match(next, "--bind");
});

test("--join with role primary is refused", async () => {
  const node = startNode([
    ...["run", guest("tick"), "--role", "primary"],
    ...["--join", "127.0.0.1:7400"],
  ]);
  assert.is((await within(node.exit, "the end")).code, 125);
  assert.match(node.stderr.join(), "= help: say --role backup");
});

test("a backup that joins a backup is told so and waits", async () => {
  const primary = await startPrimary("tick", TICK);
  const first = startBackup("tick", primary.bind, {
    flags: ["--state-dir", tempDir()],
  });
  await first.waitForEvent("following");
  const bind = await bindOf(primary);
  const second = startBackup("tick", bind, {
    flags: ["--join-timeout", "1000"],
  });
  await second.waitForEvent("waitingForPrimary");
  const { code, message } = await failureOf(second);
  assert.is(code, 125);
  assert.match(message, `cannot join ${bind}: no primary took this node`);
  assert.match(message, `this node follows ${primary.bind}`);
});

/** Where the backup of a primary answers, as the primary knows it. */
async function bindOf(primary: Primary): Promise<string> {
  const { peer } = await primary.node.waitForEvent("synced");
  return peer;
}

test("a replrt of another protocol version is refused with both versions", async () => {
  const primary = await startPrimary("tick", TICK);
  const wire = await Wire.to(primary.bind);
  const bytes = wire.frame({ kind: "hello", value: await goodHello("tick") });
  bytes[13] = 99;
  await wire.bytes(bytes);
  await wire.closed;
  const { reason } = await primary.node.waitForEvent("refused");
  assert.match(reason, `the protocol version is 99, not ${PROTOCOL_VERSION}`);
});

test.run();
