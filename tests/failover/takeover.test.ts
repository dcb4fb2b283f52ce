/** What the program, its clients and the operator see of a takeover. @module */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { guest, killNodes, startNode } from "../kit/node.ts";
import { removeDirs, tempDir } from "../kit/place.ts";
import {
  codeOf,
  destroy,
  launch,
  startBackup,
  startCluster,
  startPrimary,
  takenBy,
} from "./kit/cluster.ts";
import { assertContinued, moreLines, until } from "./kit/lines.ts";

test.after(async () => {
  await killNodes();
  removeDirs();
});

/** As many as `echo` serves at a time. */
const ALL_PLACES = 64;

test("--on-takeover gets the epoch, the run, the old addresses and the new ones", async () => {
  const file = `${tempDir()}/environment`;
  const primary = await startPrimary("kv", { listeners: 1 });
  const backup = startBackup("kv", primary.bind, {
    listeners: 1,
    options: ["--on-takeover", `env > ${file}.part; mv ${file}.part ${file}`],
  });
  await backup.waitForEvent("following");
  await destroy(primary.node);
  const survivor = await takenBy(backup);
  await until("the command's file", () => exists(file));
  const env = new Map(
    Deno.readTextFileSync(file).split("\n").map((line) =>
      line.split("=", 2) as [string, string]
    ),
  );
  assert.is(env.get("REPLRT_EPOCH"), "2");
  assert.match(env.get("REPLRT_RUN") ?? "", /^[0-9a-f]{32}$/);
  assert.is(env.get("REPLRT_OLD_BIND"), primary.bind);
  assert.is(env.get("REPLRT_OLD_ADDRESS"), primary.listen);
  assert.is(env.get("REPLRT_BIND"), survivor.bind);
  assert.is(env.get("REPLRT_ADDRESS"), survivor.listen);
});

test("an --on-takeover command that fails is told of, and the service goes on", async () => {
  const primary = await startPrimary("tick", { args: ["1"] });
  const options = ["--on-takeover", "exit 3"];
  const backup = startBackup("tick", primary.bind, { options });
  await backup.waitForEvent("following");
  await destroy(primary.node);
  const { code, command } = await backup.waitForEvent("hookFailed");
  assert.equal([code, command], [3, "exit 3"]);
  await moreLines(backup, 20);
});

test("clients of the old host are gone for the program, which serves as many new ones", async () => {
  const { primary, backups: [backup] } = await startCluster("echo", {
    listeners: 1,
  });
  const old = await Promise.all(places(primary.listen));
  await destroy(primary.node);
  const survivor = await takenBy(backup!);
  const now = await Promise.all(places(survivor.listen));
  for (const connection of [...old, ...now]) connection.close();
});

test("a program that sleeps between its lines goes on where the old primary stopped", async () => {
  const { primary, backups: [backup] } = await startCluster("tick", {
    args: ["1"],
  });
  await moreLines(primary.node, 100);
  await destroy(primary.node);
  await moreLines(backup!, 200);
  assertContinued(primary.node, backup!);
});

/** The monotonic clock of the backup's machine, in seconds against the primary's; a time namespace, whose clocks can't start below 0, stands for another machine. */
const HOSTS: readonly (readonly [name: string, offset: number])[] = [
  ["the clocks go on without a jump on a survivor with the same clocks", 0],
  [
    "the clocks go on without a jump on a survivor whose own are behind",
    -Math.floor(Deno.osUptime() / 2),
  ],
  [
    "the clocks go on without a jump on a survivor whose own are ahead",
    100_000,
  ],
];

for (const [name, offset] of HOSTS) {
  const run = offset === 0 || mayShiftClocks(offset) ? test : test.skip;
  run(
    name,
    async () => {
      const times = 150_000;
      const primary = launch("clock", {
        options: ["--role", "primary", "--wait-backups", "1"],
        args: [`${times}`],
      });
      const { bind } = await primary.waitForEvent("waitingForBackups");
      const env = offset === 0 ? {} : { REPLRT_DENO: shiftedDeno(offset) };
      const backup = startBackup("clock", bind, { env });
      await until("some lines", () => primary.stdoutBytes.length > 100_000);
      await destroy(primary);
      assert.is(await codeOf(backup), 0);
      assert.ok(
        clocksOf(primary.stdout).length < times,
        "the primary was done",
      );
      assert.ok(backup.stdout.length > 0);
      const all = clocksOf(joined(primary.stdout, backup.stdout));
      assert.is(all.length, times);
      for (const clock of [0, 1]) {
        const steps = all.slice(1).map((line, i) =>
          line[clock]! - all[i]![clock]!
        );
        assert.not.ok(
          steps.some((step) => step < 0n || step > 60_000_000_000n),
        );
      }
    },
  );
}

/** Starts a program after these words with clocks that are so far ahead, in seconds. */
function shifted(seconds: number): string[] {
  const clocks = ["--monotonic", `${seconds}`, "--boottime", `${seconds}`];
  return ["unshare", "-T", "--fork", "--kill-child", ...clocks];
}

/** Whether this machine lets a test make such a time namespace. */
function mayShiftClocks(seconds: number): boolean {
  const [command = "", ...args] = shifted(seconds);
  try {
    return new Deno.Command(command, { args: [...args, "true"] })
      .outputSync().success;
  } catch {
    return false;
  }
}

/** A program that is Deno with other monotonic clocks. */
function shiftedDeno(seconds: number): string {
  const path = `${tempDir()}/deno`;
  const command = [...shifted(seconds), Deno.execPath()].join(" ");
  Deno.writeTextFileSync(path, `#!/bin/sh\nexec ${command} "$@"\n`, {
    mode: 0o755,
  });
  return path;
}

test("a program that only computes ends with the same result on the survivor", async () => {
  const args = ["1000"];
  const alone = startNode(["run", guest("spin"), ...args]);
  assert.is(await codeOf(alone), 0);
  const primary = launch("spin", {
    options: ["--role", "primary", "--wait-backups", "1"],
    args,
  });
  const { bind } = await primary.waitForEvent("waitingForBackups");
  const backup = startBackup("spin", bind);
  await primary.waitForEvent("serving");
  await destroy(primary);
  assert.is(await codeOf(backup), 0);
  assert.is(primary.stdout, "");
  assert.is(backup.stdout, alone.stdout);
});

test("stdin after a takeover is the survivor's own", async () => {
  const open = new ReadableStream<Uint8Array<ArrayBuffer>>({
    start: (controller) =>
      controller.enqueue(new TextEncoder().encode("from the old host\n")),
  });
  const { primary } = await startCluster("cat", { stdin: open }, 0);
  const backup = startBackup("cat", primary.bind, {
    stdin: "from the new host\n",
  });
  await backup.waitForEvent("following");
  await primary.node.waitForOutput(/from the old host\n/);
  await destroy(primary.node);
  assert.is(await codeOf(backup), 0);
  assert.match(backup.stdout, /^(from the old host\n)?from the new host\n$/);
});

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}

/** Connections that were each echoed to: the program has a place for every one. */
function places(address: string): Promise<Deno.TcpConn>[] {
  const [hostname, port] = address.split(":") as [string, string];
  return Array.from({ length: ALL_PLACES }, async (_, i) => {
    const connection = await Deno.connect({ hostname, port: Number(port) });
    const text = new TextEncoder().encode(`hello ${i}`);
    await connection.write(text);
    const back = new Uint8Array(text.length);
    for (let at = 0; at < back.length;) {
      const n = await connection.read(back.subarray(at));
      if (n === null) throw new Error(`client ${i} is turned away`);
      at += n;
    }
    assert.equal(back, text);
    return connection;
  });
}

/** Monotonic and real time of each whole line of `clock`. */
function clocksOf(stdout: string): bigint[][] {
  return stdout.slice(0, stdout.lastIndexOf("\n")).split("\n")
    .map((line) => /^monotonic (\d+) realtime (\d+)$/.exec(line))
    .filter((match) => match !== null)
    .map(([, monotonic, realtime]) => [BigInt(monotonic!), BigInt(realtime!)]);
}

/** What two nodes printed, once: the survivor starts with a whole write, of which the old one may have printed a part or all. */
function joined(before: string, after: string): string {
  const start = after.slice(0, 200);
  const whole = before.lastIndexOf(start);
  if (whole >= 0) return before.slice(0, whole) + after;
  let part = start.length - 1;
  while (!before.endsWith(start.slice(0, part))) part--;
  return before.slice(0, before.length - part) + after;
}

test.run();
