/** The program's own end is an outcome: every node ends as the primary did. @module */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { killNodes, type RunningNode } from "../kit/node.ts";
import { Random } from "../kit/random.ts";
import { freePort, removeDirs, tempDir } from "../kit/place.ts";
import { codeOf, destroy, launch, said, startBackup } from "./kit/cluster.ts";
import {
  assertConsecutive,
  assertContinued,
  numbersOf,
  until,
} from "./kit/lines.ts";
import { closeProxies, Proxy } from "./kit/proxy.ts";

/** Lines that take some seconds. */
const MANY = 150;
const seed = Number(Deno.env.get("REPLAY") ?? Date.now() % 1_000_000);

test.after(async () => {
  closeProxies();
  await killNodes();
  removeDirs();
});

/** A primary whose guest starts once `count` backups are in sync, and these. */
function startTogether(
  name: string,
  count: number,
  args: string[] = [],
  plain = false,
): { primary: RunningNode; backups: RunningNode[] } {
  const bind = `127.0.0.1:${freePort()}`;
  const primary = launch(name, {
    options: [
      "--role",
      "primary",
      "--bind",
      bind,
      "--wait-backups",
      `${count}`,
    ],
    args,
    plain,
  });
  const backups = Array.from(
    { length: count },
    () => startBackup(name, bind, { plain }),
  );
  return { primary, backups };
}

async function codesOf(nodes: readonly RunningNode[]): Promise<number[]> {
  return await Promise.all(nodes.map(codeOf));
}

test("a program that ends well ends all nodes with 0, and only the primary prints", async () => {
  const { primary, backups } = startTogether("count", 2, ["500", "1"]);
  assert.equal(await codesOf([primary, ...backups]), [0, 0, 0]);
  assert.is(numbersOf(primary).length, 500);
  for (const backup of backups) {
    assert.is(backup.stdout, "");
    assert.not.ok(said(backup, "takeover"));
  }
});

test("a program that fails ends all nodes with its exit code", async () => {
  const { primary, backups } = startTogether("tick", 2, ["1", "/none/such"]);
  assert.equal(await codesOf([primary, ...backups]), [1, 1, 1]);
  assert.match(primary.stderr.join("\n"), "cannot open the file");
  for (const backup of backups) {
    assert.not.match(backup.stderr.join("\n"), "cannot open the file");
    assert.not.ok(said(backup, "takeover"));
  }
});

test("a trap ends all nodes with 134 and a stack with function names, and is no reason for a takeover", async () => {
  const { primary, backups } = startTogether("trap", 1, [], true);
  const nodes = [primary, ...backups];
  assert.equal(await codesOf(nodes), [134, 134]);
  assert.is(primary.stdout, "going down\n");
  assert.is(backups[0]!.stdout, "");
  for (const node of nodes) {
    const text = node.stderr.join("\n");
    assert.match(text, /0: inner .*\n +1: middle .*\n +2: outer /, text);
    assert.not.match(text, /taking over|divergence/);
  }
});

test("a program whose end the dead primary could not make known ends on the survivor, with all it printed", async () => {
  const dirs = [tempDir(), tempDir()];
  const optionsOf = (i: number) => [
    ...["--timeout", "8000", "--state-dir", dirs[i] as string],
  ];
  const sizes = () => dirs.map((dir) => Deno.statSync(`${dir}/log`).size);
  const bind = `127.0.0.1:${freePort()}`;
  const primary = launch("count", {
    options: [
      ...["--role", "primary", "--bind", bind, "--wait-backups", "1"],
      ...optionsOf(0),
    ],
    args: [`${MANY}`, "20"],
  });
  await primary.waitForEvent("waitingForBackups");
  const proxy = await Proxy.before(bind);
  const backup = startBackup("count", proxy.address, { options: optionsOf(1) });
  await primary.waitForOutput(/line 1\n/);
  proxy.hush();
  let last = 0, since = Date.now();
  await until("the end of both logs", () => {
    const [own, other] = sizes() as [number, number];
    if (own !== last) [last, since] = [own, Date.now()];
    return own === other && Date.now() - since > 1000;
  });
  assert.ok(numbersOf(primary).length < MANY);
  await destroy(primary);
  proxy.close();
  assert.is(await codeOf(backup), 0);
  assert.is(numbersOf(backup).at(-1), MANY);
  assertContinued(primary, backup);
});

test("a program that is killed near its end prints all of its lines on one node or the other", async () => {
  const random = new Random(seed);
  const lines = 6_000;
  for (let round = 0; round < 8; round++) {
    const { primary, backups: [backup] } = startTogether("count", 1, [
      `${lines}`,
    ]);
    await primary.waitForOutput(/line 1\n/);
    await new Promise((resolve) => setTimeout(resolve, random.below(120)));
    await destroy(primary);
    assert.is(await codeOf(backup!), 0, `REPLAY=${seed}`);
    const before = numbersOf(primary), after = numbersOf(backup!);
    assertConsecutive(before);
    assertConsecutive(after);
    assert.is(before[0], 1);
    const last = before.at(-1)!;
    if (after.length === 0) assert.is(last, lines, `REPLAY=${seed}`);
    else {
      assert.ok(after[0]! <= last + 1, `REPLAY=${seed}`);
      assert.is(after.at(-1), lines, `REPLAY=${seed}`);
    }
  }
});

test("a program that ends at once ends all nodes", async () => {
  const { primary, backups } = startTogether("hello", 1);
  assert.equal(await codesOf([primary, ...backups]), [0, 0]);
  assert.is(primary.stdout, "hello, world\n");
  assert.is(backups[0]!.stdout, "");
});

test.run();
