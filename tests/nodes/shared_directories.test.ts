import { test } from "uvu";
import * as assert from "uvu/assert";
import { dropClients } from "../kit/kv.ts";
import { BRIEF, guest, killNodes, startNode } from "../kit/node.ts";
import { freePort, removeDirs, tempDir, treeOf } from "../kit/place.ts";
import {
  failureOf,
  launchPrimary,
  type Primary,
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

const LOCK = ".replrt-lock";

/** `--dir` of a directory that the guest sees as /data. */
function shared(dir: string, name = "/data"): string[] {
  return ["--dir", `${dir}::${name}::shared`];
}

function mirrored(dir: string, name: string): string[] {
  return ["--dir", `${dir}::${name}`];
}

interface Lock {
  readonly run: string;
  readonly epoch: number;
  readonly node: number;
  readonly address: string;
  readonly guest: string;
}

function lockOf(dir: string): Lock {
  return JSON.parse(Deno.readTextFileSync(`${dir}/${LOCK}`));
}

/** Puts another lock into place, as another node does. */
function putLock(dir: string, lock: unknown): void {
  Deno.writeTextFileSync(`${dir}/other`, JSON.stringify(lock));
  Deno.renameSync(`${dir}/other`, `${dir}/${LOCK}`);
}

/** A primary that only prints. */
function startTicking(
  dir: string,
  flags: readonly string[] = [],
): Promise<Primary> {
  return startPrimary("tick", {
    args: ["20"],
    flags: [...shared(dir), ...flags],
  });
}

test("the primary's lock names run, epoch, node and address; at the end of the run it is gone", async () => {
  const dir = tempDir();
  const bind = `127.0.0.1:${freePort()}`;
  const flags = shared(dir);
  const primary = launchPrimary("count", {
    flags: [...flags, "--bind", bind, "--wait-backups", "1"],
  });
  await primary.waitForEvent("waitingForBackups");
  const { run, epoch, node, address } = lockOf(dir);
  assert.match(run, /^[0-9a-f]{32}$/);
  assert.is(epoch, 1);
  assert.ok(node > 0);
  assert.is(address, bind);
  const backup = startBackup("count", bind, { flags });
  const ends = await within(Promise.all([primary.exit, backup.exit]), "ends");
  assert.equal(ends.map(({ code }) => code), [0, 0], backup.stderr.join("\n"));
  assert.equal(treeOf(dir), {});
});

test("two nodes have one shared directory, whatever is in it, and the survivor writes its epoch there", async () => {
  const [dir, state] = [tempDir(), tempDir()];
  new Deno.Command("mkfifo", { args: [`${dir}/no file to mirror`] })
    .outputSync();
  const primary = await startTicking(dir, ["--state-dir", state]);
  const before = lockOf(dir);
  const backup = await startInSync("tick", primary, { flags: shared(dir) });
  assert.equal(Object.keys(treeOf(state)), ["log", "run.json"], "no image");
  assert.equal(lockOf(dir), before, "a backup does not touch it");
  await takeOver(primary.node, backup);
  const after = lockOf(dir);
  const { bind } = JSON.parse(
    backup.stderr.find((line) => line.startsWith('{"event":"taken"')) as string,
  );
  assert.equal([after.run, after.epoch, after.address], [before.run, 2, bind]);
  assert.is.not(after.node, before.node);
  await backup.waitForOutput(/^tick \d+$/m);
});

test("beside a shared directory a mirrored one is filled as ever", async () => {
  const [common, one, two] = [tempDir(), tempDir(), tempDir()];
  Deno.writeTextFileSync(`${common}/large`, "x");
  Deno.writeTextFileSync(`${one}/old`, "mirrored");
  const primary = await startTicking(common, mirrored(one, "/copy"));
  await startInSync("tick", primary, {
    flags: [...shared(common), ...mirrored(two, "/copy")],
  });
  assert.equal(treeOf(two), { old: "mirrored" });
  assert.equal(Object.keys(treeOf(common)), [LOCK, "large"]);
});

test("a dead run's lock stays: a new run is refused with what to do, before anything is changed, and takes it with --overwrite", async () => {
  const [dir, state] = [tempDir(), `${tempDir()}/state`];
  const old = await startTicking(dir);
  const { run } = lockOf(dir);
  old.node.kill("SIGKILL");
  await within(old.node.exit, "the end");
  const flags = [...shared(dir), "--state-dir", state];
  const { code, message, next } = await failureOf(
    launchPrimary("tick", { flags }),
  );
  assert.is(code, 125);
  assert.match(
    message,
    `cannot use shared directory ${dir}: run ${run}, epoch 1, primary ${old.bind}, has it`,
  );
  assert.match(next, `where it lives on: --peer ${old.bind}`);
  assert.match(next, "when that run is dead: add --overwrite");
  assert.equal(treeOf(state), {});
  const again = await startTicking(dir, ["--overwrite"]);
  assert.is.not(lockOf(dir).run, run);
  assert.is(lockOf(dir).address, again.bind);
});

test("a living run's directory is refused, and --peer joins that run", async () => {
  const dir = tempDir();
  const primary = await startTicking(dir);
  const { message } = await failureOf(
    launchPrimary("tick", { flags: shared(dir) }),
  );
  assert.match(message, `primary ${primary.bind}, has it`);
  const second = launchPrimary("tick", {
    flags: [...shared(dir), "--peer", primary.bind],
  });
  await second.waitForEvent("following");
  assert.is(lockOf(dir).address, primary.bind);
});

test("a lock file that is none of ours is refused without --overwrite", async () => {
  const dir = tempDir();
  putLock(dir, { run: "x" });
  const { code, message, next } = await failureOf(
    launchPrimary("tick", { flags: shared(dir) }),
  );
  assert.is(code, 125);
  assert.match(message, "something that is not this version of replrt has it");
  assert.match(next, "--overwrite");
  await startTicking(dir, ["--overwrite"]);
  assert.is(lockOf(dir).epoch, 1);
});

test("a backup whose directory is another than the primary's is refused, and leaves it as it is", async () => {
  const [dir, other] = [tempDir(), tempDir()];
  const primary = await startTicking(dir);
  const { code, message, next } = await failureOf(
    startBackup("tick", primary.bind, { flags: shared(other) }),
  );
  assert.is(code, 125);
  assert.is(
    message,
    `cannot join ${primary.bind}: ${other} is not the primary's shared directory`,
  );
  assert.match(next, "--dir HOST::/data::shared");
  assert.equal(treeOf(other), {});
});

test("a backup that has two shared directories the wrong way round is refused", async () => {
  const [one, two] = [tempDir(), tempDir()];
  const primary = await startTicking(one, shared(two, "/more"));
  const { message } = await failureOf(
    startBackup("tick", primary.bind, {
      flags: [...shared(two), ...shared(one, "/more")],
    }),
  );
  assert.match(message, `${two} is not the primary's shared directory`);
});

test("a directory that only one of the two nodes shares is refused", async () => {
  const dir = tempDir();
  const primary = await startTicking(dir);
  const { code, message, next } = await failureOf(
    startBackup("tick", primary.bind, { flags: mirrored(tempDir(), "/data") }),
  );
  assert.is(code, 125);
  assert.match(
    message,
    'directories differ: "/data", the primary\'s: "/data" shared',
  );
  assert.match(next, "the same of them with ::shared");
});

test("a directory that one node shares and the other mirrors is refused", async () => {
  const [one, two] = [tempDir(), tempDir()];
  const primary = await startPrimary("tick", {
    flags: [...mirrored(one, "/copy"), ...shared(two)],
  });
  const { code, message } = await failureOf(
    startBackup("tick", primary.bind, {
      flags: [...mirrored(tempDir(), "/copy"), ...shared(one)],
    }),
  );
  assert.is(code, 125);
  assert.match(message, "both nodes were given the same directory for /data");
});

test("a shared directory inside a mirrored one, and around the state, is refused", async () => {
  const dir = tempDir();
  Deno.mkdirSync(`${dir}/in`);
  const nested = await failureOf(launchPrimary("tick", {
    flags: [...mirrored(dir, "/copy"), ...shared(`${dir}/in`)],
  }));
  assert.match(nested.message, `${dir}/in is inside ${dir}`);
  const around = await failureOf(launchPrimary("tick", {
    flags: [...shared(dir), "--state-dir", `${dir}/state`],
  }));
  assert.match(around.message, `${dir}/state is inside ${dir}`);
});

test("a shared directory that does not exist is refused on every node, not made", async () => {
  const [dir, missing] = [tempDir(), `${tempDir()}/missing`];
  const primary = await startTicking(dir);
  for (
    const node of [
      launchPrimary("tick", { flags: shared(missing) }),
      startBackup("tick", primary.bind, { flags: shared(missing) }),
    ]
  ) {
    const { code, message } = await failureOf(node);
    assert.is(code, 125);
    assert.is(
      message,
      `cannot open directory ${missing}: no such directory`,
    );
  }
  assert.throws(() => Deno.statSync(missing));
});

test("a primary whose lock shows a higher epoch ends as a deposed one, without being asked for anything", async () => {
  const dir = tempDir();
  const { node, bind } = await startPrimary("kv", {
    flags: [...shared(dir), "--tcplisten", "127.0.0.1:0"],
  });
  const own = lockOf(dir);
  putLock(dir, { ...own, epoch: 2, address: "127.0.0.1:9" });
  const { epoch, by } = await node.waitForEvent("deposed");
  assert.equal([epoch, by], [2, "127.0.0.1:9"]);
  const { code, message, next } = await failureOf(node);
  assert.is(code, 125);
  assert.is(
    message,
    `cannot go on as primary at ${bind}: 127.0.0.1:9 took over run ${own.run} in epoch 2`,
  );
  assert.match(next, "--role backup --join 127.0.0.1:9");
  assert.is(lockOf(dir).epoch, 2, "the other's lock stays");
});

for (
  const { what, put, says } of [
    {
      what: "that another run has taken",
      put: (dir: string) =>
        putLock(dir, { ...lockOf(dir), run: "ab".repeat(16), epoch: 1 }),
      says:
        /run (ab){16}, epoch 1, primary \S+, has taken shared directory \S+$/,
    },
    {
      what: "whose lock file is gone",
      put: (dir: string) => Deno.removeSync(`${dir}/${LOCK}`),
      says: /\/\.replrt-lock is gone$/,
    },
    {
      what: "with a garbage lock",
      put: (dir: string) => putLock(dir, null),
      says: /something that is not this version of replrt has taken/,
    },
  ]
) {
  test(`a primary ends for a shared directory ${what}`, async () => {
    const dir = tempDir();
    const { node, bind } = await startTicking(dir);
    put(dir);
    const { code, message, next } = await failureOf(node);
    assert.is(code, 125);
    assert.match(message, `cannot go on as primary at ${bind}: `);
    assert.match(message, says);
    assert.is.not(next, "");
  });
}

test("a primary replaces the lock of a lower epoch of its run", async () => {
  const dir = tempDir();
  const primary = await startTicking(dir);
  const own = lockOf(dir);
  putLock(dir, { ...own, epoch: 0, node: 1 });
  await until("its own lock", () => lockOf(dir).epoch === 1);
  assert.equal(lockOf(dir), own);
  const before = primary.node.stdout;
  await until("more ticks", () => primary.node.stdout !== before);
});

for (
  const { what, change, says } of [
    {
      what: "a higher epoch",
      change: (lock: Lock) => ({ ...lock, epoch: 9, address: "127.0.0.1:9" }),
      says: /127\.0\.0\.1:9 took over run [0-9a-f]{32} in epoch 9/,
    },
    {
      what: "another run",
      change: (lock: Lock) => ({ ...lock, run: "ab".repeat(16) }),
      says: /run (ab){16}, epoch 1, .* has taken shared directory/,
    },
  ]
) {
  test(`a takeover ends where the lock shows ${what}, before the program goes live`, async () => {
    const dir = tempDir();
    const primary = await startTicking(dir);
    const backup = await startInSync("tick", primary, { flags: shared(dir) });
    primary.node.kill("SIGSTOP");
    const put = change(lockOf(dir));
    putLock(dir, put);
    primary.node.kill("SIGKILL");
    await backup.waitForEvent("takeover");
    const { code, message } = await failureOf(backup);
    assert.is(code, 125);
    assert.match(message, says);
    assert.not.match(backup.stderr.join(), /"event":"taken"/);
    assert.equal(lockOf(dir), put, "the other's lock stays");
  });
}

test("a primary that thaws when its successor is dead finds the successor's epoch in the lock, and ends", async () => {
  const dir = tempDir();
  const primary = await startTicking(dir, BRIEF);
  const backup = await startInSync("tick", primary, {
    flags: [...shared(dir), ...BRIEF],
  });
  primary.node.kill("SIGSTOP");
  await backup.waitForEvent("taken");
  backup.kill("SIGKILL");
  await within(backup.exit, "the end");
  primary.node.kill("SIGCONT");
  const { code, message } = await failureOf(primary.node);
  assert.is(code, 125);
  assert.match(message, /took over run [0-9a-f]{32} in epoch 2/);
});

test("alone, a shared directory is a directory like any other", async () => {
  const dir = tempDir();
  const lock = { run: "ab".repeat(16), epoch: 1 };
  putLock(dir, lock);
  const node = startNode(
    ["run", guest("files"), ...shared(dir), "--", "/data", "2"],
  );
  assert.is((await within(node.exit, "the end")).code, 0);
  assert.equal(lockOf(dir), lock);
});

test.run();
