import { test } from "uvu";
import * as assert from "uvu/assert";
import { connectKv, dropClients } from "../kit/kv.ts";
import { killNodes } from "../kit/node.ts";
import { freePort, removeDirs, tempDir, treeOf } from "../kit/place.ts";
import {
  launchPrimary,
  startBackup,
  startInSync,
  startPrimary,
  takeOver,
  until,
  within,
} from "./kit/nodes.ts";

test.after.each(async () => {
  dropClients();
  await killNodes();
  removeDirs();
});

/** `--dir` of a directory that the guest sees as /data. */
function data(dir: string): string[] {
  return ["--dir", `${dir}::/data`];
}

test("a program that uses its directory in every way prints the same and ends alike on both nodes", async () => {
  const [one, two] = [tempDir(), tempDir()];
  const flags = ["--wait-backups", "1", ...data(one)];
  const args = ["/data", "20"];
  for (const dir of [one, two]) Deno.writeTextFileSync(`${dir}/kept`, "same");
  const bind = `127.0.0.1:${freePort()}`;
  const primary = launchPrimary("files", {
    args,
    flags: [...flags, "--bind", bind],
  });
  const backup = startBackup("files", bind, { flags: data(two) });
  const ends = await within(Promise.all([primary.exit, backup.exit]), "ends");
  assert.equal(ends.map(({ code }) => code), [0, 0], backup.stderr.join("\n"));
  assert.match(primary.stdout, /rmdir 0 [0-9a-f]{8}\n$/);
  assert.is(backup.stdout, "", "a backup that never took over prints nothing");
  assert.equal(treeOf(two), treeOf(one));
  assert.equal(treeOf(two), { kept: "same" });
});

test("kv's file is the same on both nodes, and after a takeover the survivor's has every write and goes on", async () => {
  const [one, two] = [tempDir(), tempDir()];
  const kv = { flags: ["--tcplisten", "127.0.0.1:0"] };
  const primary = await startPrimary("kv", {
    args: ["/data"],
    flags: [...kv.flags, ...data(one)],
  });
  const backup = await startInSync("kv", primary, {
    flags: [...kv.flags, ...data(two)],
  });
  const client = await connectKv(primary.listen[0] as string);
  for (let i = 0; i < 200; i++) await client.set(`key ${i}`, `value ${i}`);
  const file = "appendonly.aof";
  const written = treeOf(one)[file];
  await until("the copy", () => treeOf(two)[file] === written);
  const [address = ""] = await takeOver(primary.node, backup);
  const survivor = await connectKv(address);
  assert.is(await survivor.dbSize(), 200);
  await survivor.set("key 200", "after");
  assert.ok(treeOf(two)[file]?.startsWith(written as string));
  assert.match(treeOf(two)[file] as string, /key 200\r\n\$5\r\nafter\r\n$/);
  assert.is(treeOf(one)[file], written, "the dead node's copy stays");
});

test("a file grows line by line over a takeover, without a gap or a double", async () => {
  const [one, two] = [tempDir(), tempDir()];
  const primary = await startPrimary("tick", {
    args: ["10", "/data/ticks"],
    flags: data(one),
  });
  const backup = await startInSync("tick", primary, { flags: data(two) });
  await primary.node.waitForOutput(/^tick 30$/m);
  await takeOver(primary.node, backup);
  const left = treeOf(one)["ticks"] as string;
  const lines = await until("20 more ticks than the dead node has", () => {
    const text = treeOf(two)["ticks"] ?? "";
    const found = text.split("\n").slice(0, -1);
    return found.length > left.split("\n").length + 20 && found;
  });
  assert.equal(lines, lines.map((_, i) => `tick ${i + 1}`));
  assert.ok(treeOf(two)["ticks"]?.startsWith(left));
});

test("a late joiner with an empty directory gets what the log starts from, then follows", async () => {
  const [one, two] = [tempDir(), tempDir()];
  Deno.mkdirSync(`${one}/sub`);
  Deno.writeTextFileSync(`${one}/sub/old`, "x".repeat(3 << 20));
  Deno.symlinkSync("sub/old", `${one}/link`);
  const primary = await startPrimary("tick", {
    args: ["10", "/data/ticks"],
    flags: data(one),
  });
  await primary.node.waitForOutput(/^tick 20$/m);
  const backup = await startInSync("tick", primary, { flags: data(two) });
  await until("the same ticks", () => {
    const [theirs, ours] = [treeOf(two), treeOf(one)];
    return theirs["ticks"]?.includes("tick 20\n") &&
      ours["ticks"]?.startsWith(theirs["ticks"]);
  });
  const { ticks: _ticks, ...rest } = treeOf(two);
  const { ticks: _old, ...before } = treeOf(one);
  assert.equal(rest, before);
  await takeOver(primary.node, backup);
  await backup.waitForOutput(/^tick \d+$/m);
});

test("a joiner's missing directory is made, with its parents", async () => {
  const one = tempDir();
  const two = `${tempDir()}/not/there`;
  Deno.writeTextFileSync(`${one}/old`, "x");
  const primary = await startPrimary("tick", {
    args: ["20", "/data/ticks"],
    flags: data(one),
  });
  await startInSync("tick", primary, { flags: data(two) });
  await until("ticks", () => treeOf(two)["ticks"]?.startsWith("tick 1\n"));
  assert.is(treeOf(two)["old"], "x");
});

test("a joiner's directory of equal content is taken as it is", async () => {
  const [one, two] = [tempDir(), tempDir()];
  for (const dir of [one, two]) Deno.writeTextFileSync(`${dir}/old`, "x");
  const inode = Deno.statSync(`${two}/old`).ino;
  const primary = await startPrimary("tick", {
    args: ["20", "/data/ticks"],
    flags: data(one),
  });
  const backup = await startInSync("tick", primary, { flags: data(two) });
  assert.is(Deno.statSync(`${two}/old`).ino, inode);
  assert.not.match(backup.stderr.join(), /"moved"/);
});

test.run();
