import { test } from "uvu";
import * as assert from "uvu/assert";
import { connectKv, dropClients } from "../kit/kv.ts";
import { killNodes } from "../kit/node.ts";
import { removeDirs, tempDir, treeOf } from "../kit/place.ts";
import { cannotMount, smallDisk, unmountAll } from "./kit/mounts.ts";
import {
  failureOf,
  launchPrimary,
  startBackup,
  startInSync,
  startPrimary,
  takeOver,
  until,
} from "./kit/nodes.ts";

test.after.each(async () => {
  dropClients();
  await killNodes();
  unmountAll();
  removeDirs();
});

const privileged = cannotMount === undefined ? test : test.skip;
if (cannotMount !== undefined) console.log(`skipped: ${cannotMount}`);

const LISTEN = ["--tcplisten", "127.0.0.1:0"];

function data(dir: string): string[] {
  return ["--dir", `${dir}::/data`];
}

/** Sets so many values of `size` bytes. */
async function fill(
  address: string,
  count: number,
  size = 8192,
): Promise<void> {
  const client = await connectKv(address);
  for (let i = 0; i < count; i++) {
    await client.set(`key ${i}`, `${i}`.padEnd(size, "."));
  }
}

/** Values whose log is more than a node keeps in memory. */
const MUCH = [160, 256 << 10] as const;

privileged(
  "a full disk under a backup's copy: it leaves with 125 and says storage, the primary goes on and says so",
  async () => {
    const one = tempDir();
    const primary = await startPrimary("kv", {
      args: ["/data"],
      flags: [...LISTEN, ...data(one)],
    });
    const backup = await startInSync("kv", primary, {
      flags: [...LISTEN, ...data(smallDisk(256))],
    });
    await fill(primary.listen[0] as string, 100);
    const { code, message, next } = await failureOf(backup);
    assert.is(code, 125);
    assert.match(message, /cannot follow the log on this node's directories/);
    assert.match(message, /failed with nospc|stopped after \d+ on/);
    assert.match(next, /mend the disk/);
    const { reason } = await primary.node.waitForEvent("removed");
    assert.match(reason, /its storage failed/);
    await primary.node.waitForEvent("degraded");
    const client = await connectKv(primary.listen[0] as string);
    assert.is(await client.dbSize(), 100);
  },
);

privileged(
  "a full disk under the primary's copy: the program sees it, both copies stay equal, and the survivor goes on",
  async () => {
    const [one, two] = [smallDisk(256), tempDir()];
    const primary = await startPrimary("kv", {
      args: ["/data"],
      flags: [...LISTEN, ...data(one)],
    });
    const backup = await startInSync("kv", primary, {
      flags: [...LISTEN, ...data(two)],
    });
    fill(primary.listen[0] as string, 100).catch(() => {});
    await primary.node.waitFor(/^kv: cannot write .*clients wait/);
    const file = "appendonly.aof";
    await until(
      "equal copies",
      () => treeOf(one)[file] === treeOf(two)[file],
    );
    assert.ok((treeOf(one)[file] as string).length > 128 << 10);
    assert.not.match(primary.node.stderr.join(), /"removed"/);
    const [address = ""] = await takeOver(primary.node, backup);
    await fill(address, 100);
    assert.is(await (await connectKv(address)).dbSize(), 100);
  },
);

privileged(
  "a full disk under the primary's log: the run goes on with its backup, and a late joiner is refused with the reason",
  async () => {
    const primary = await startPrimary("kv", {
      flags: [...LISTEN, "--state-dir", smallDisk(512)],
    });
    const backup = await startInSync("kv", primary, { flags: LISTEN });
    await fill(primary.listen[0] as string, ...MUCH);
    const { reason } = await primary.node.waitForEvent("lateJoinOff");
    assert.match(reason, /log: no space left on the device/);
    const { code, message, next } = await failureOf(
      startBackup("kv", primary.bind, { flags: LISTEN }),
    );
    assert.is(code, 125);
    assert.match(message, /cannot join .*no space left on the device/);
    assert.ok(next !== "");
    assert.not.match(primary.node.stderr.join(), /"removed"/);
    const [address = ""] = await takeOver(primary.node, backup);
    assert.is(await (await connectKv(address)).dbSize(), MUCH[0]);
  },
);

privileged(
  "a full disk under a backup's log: it stays in sync and takes over without late joins",
  async () => {
    const primary = await startPrimary("kv", { flags: LISTEN });
    const backup = await startInSync("kv", primary, {
      flags: [...LISTEN, "--state-dir", smallDisk(512)],
    });
    await fill(primary.listen[0] as string, ...MUCH);
    const { reason } = await backup.waitForEvent("lateJoinOff");
    assert.match(reason, /no space left on the device/);
    await fill(primary.listen[0] as string, MUCH[0] + 50);
    assert.not.match(primary.node.stderr.join(), /"removed"/);
    primary.node.kill("SIGKILL");
    const { bind, listen: [address = ""] } = await backup.waitForEvent("taken");
    assert.is(await (await connectKv(address)).dbSize(), MUCH[0] + 50);
    const { code, message } = await failureOf(
      startBackup("kv", bind, { flags: LISTEN }),
    );
    assert.is(code, 125);
    assert.match(message, /cannot join .*no space left on the device/);
  },
);

test("a primary without late joins refuses a late joiner with the reason", async () => {
  const primary = await startPrimary("kv", {
    flags: [...LISTEN, "--no-late-join"],
  });
  await fill(primary.listen[0] as string, ...MUCH);
  const { code, message } = await failureOf(
    startBackup("kv", primary.bind, { flags: LISTEN }),
  );
  assert.is(code, 125);
  assert.match(message, /cannot join .*--no-late-join/);
});

privileged(
  "a state directory without room for the images is refused before the program starts",
  async () => {
    const one = tempDir();
    Deno.writeFileSync(`${one}/old`, new Uint8Array(1 << 20).fill(7));
    const { code, message, next } = await failureOf(
      launchPrimary("tick", {
        flags: [...data(one), "--state-dir", smallDisk(256)],
      }),
    );
    assert.is(code, 125);
    assert.match(message, /no space left on the device/);
    assert.match(next, /free space/);
  },
);

test("a backup's copy that is changed behind its back is a storage fault, no divergence", async () => {
  const [one, two] = [tempDir(), tempDir()];
  const args = ["reads", "1000000000", "/data/file"];
  for (const dir of [one, two]) {
    Deno.writeFileSync(`${dir}/file`, new Uint8Array(4096).fill(7));
  }
  const primary = await startPrimary("calls", { args, flags: data(one) });
  const backup = await startInSync("calls", primary, { flags: data(two) });
  using copy = Deno.openSync(`${two}/file`, { write: true });
  copy.writeSync(new Uint8Array(4096).fill(8));
  const { code, message } = await failureOf(backup);
  assert.is(code, 125);
  assert.match(message, /gave other contents on this node's copy/);
  const { reason } = await primary.node.waitForEvent("removed");
  assert.match(reason, /its storage failed/);
});

test.run();
