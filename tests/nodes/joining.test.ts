import { test } from "uvu";
import * as assert from "uvu/assert";
import { killNodes } from "../kit/node.ts";
import { removeDirs, tempDir, treeOf } from "../kit/place.ts";
import { bindMount, cannotMount, unmountAll } from "./kit/mounts.ts";
import {
  failureOf,
  launchPrimary,
  type Primary,
  startBackup,
  startInSync,
  startPrimary,
} from "./kit/nodes.ts";

test.after.each(async () => {
  await killNodes();
  unmountAll();
  removeDirs();
});

const privileged = cannotMount === undefined ? test : test.skip;
if (cannotMount !== undefined) console.log(`skipped: ${cannotMount}`);

function data(dir: string): string[] {
  return ["--dir", `${dir}::/data`];
}

function ticking(dir: string): Promise<Primary> {
  return startPrimary("tick", {
    args: ["20", "/data/ticks"],
    flags: data(dir),
  });
}

test("a joiner's directory that holds something else is refused with count, bytes and the command, and stays", async () => {
  const [one, two] = [tempDir(), tempDir()];
  Deno.writeTextFileSync(`${one}/old`, "x");
  Deno.writeTextFileSync(`${two}/mine`, "12345");
  Deno.writeTextFileSync(`${two}/old`, "other");
  const primary = await ticking(one);
  const { code, message, next } = await failureOf(
    startBackup("tick", primary.bind, { flags: data(two) }),
  );
  assert.is(code, 125);
  assert.match(message, /holds something else; 2 entries \(10 bytes\)/);
  assert.match(message, two);
  assert.match(next, /--overwrite/);
  assert.match(next, `${two}.before-`);
  assert.equal(treeOf(two), { mine: "12345", old: "other" });
});

test("with --overwrite a joiner's old content is moved to DIR.before-RUN, and it follows", async () => {
  const parent = tempDir();
  const [one, two] = [`${parent}/one`, `${parent}/two`];
  for (const dir of [one, two]) Deno.mkdirSync(dir);
  Deno.writeTextFileSync(`${one}/old`, "x");
  Deno.writeTextFileSync(`${two}/mine`, "12345");
  const primary = await ticking(one);
  const backup = await startInSync("tick", primary, {
    flags: [...data(two), "--overwrite"],
  });
  const { from, to } = await backup.waitForEvent("moved");
  assert.is(from, two);
  assert.match(to, new RegExp(`^${two}\\.before-[0-9a-f]+$`));
  assert.equal(treeOf(to), { mine: "12345" });
  assert.is(treeOf(two)["old"], "x");
});

test("a primary needs its directory", async () => {
  const missing = `${tempDir()}/missing`;
  const { code, message, next } = await failureOf(
    launchPrimary("tick", { flags: data(missing) }),
  );
  assert.is(code, 125);
  assert.match(message, `cannot use ${missing}: it does not exist`);
  assert.match(next, `mkdir -p ${missing}`);
});

for (
  const { name, again, skip } of [
    { name: "by its path", again: (dir: string) => dir, skip: false },
    {
      name: "by a symbolic link",
      again(dir: string) {
        const link = `${tempDir()}/link`;
        Deno.symlinkSync(dir, link);
        return link;
      },
      skip: false,
    },
    {
      name: "by a bind mount",
      again: bindMount,
      skip: cannotMount !== undefined,
    },
  ]
) {
  (skip ? test.skip : test)(
    `a backup that is given the primary's directory ${name} is refused, and the primary goes on`,
    async () => {
      const one = tempDir();
      const primary = await ticking(one);
      const { code, message, next } = await failureOf(
        startBackup("tick", primary.bind, { flags: data(again(one)) }),
      );
      assert.is(code, 125);
      assert.match(message, /another process on this machine has it/);
      assert.match(next, "give each node a directory of its own");
      const seen = primary.node.stdout.length;
      await primary.node.waitForOutput(new RegExp(`^[^]{${seen + 8},}`));
    },
  );
}

privileged(
  "one directory given twice is refused, by another name too",
  async () => {
    const one = tempDir();
    const { code, message } = await failureOf(launchPrimary("tick", {
      flags: [...data(one), "--dir", `${bindMount(one)}::/again`],
    }));
    assert.is(code, 125);
    assert.match(message, "they are the same directory");
  },
);

test("a directory that another process has as a mirrored directory is refused at once", async () => {
  const one = tempDir();
  await ticking(one);
  const { code, message } = await failureOf(
    launchPrimary("tick", { flags: data(one) }),
  );
  assert.is(code, 125);
  assert.match(message, `cannot use ${one}: another process on this machine`);
});

test("a joiner that was refused for its directory leaves it unlocked", async () => {
  const [one, two] = [tempDir(), tempDir()];
  Deno.writeTextFileSync(`${two}/mine`, "12345");
  const primary = await ticking(one);
  const flags = data(two);
  assert.is(
    (await failureOf(startBackup("tick", primary.bind, { flags }))).code,
    125,
  );
  Deno.removeSync(`${two}/mine`);
  await startInSync("tick", primary, { flags });
});

test.run();
