/** Recorded runs that end otherwise: killed, stopped, without room for the recording. `REPLAY=SEED` repeats a run's choices. @module */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { join } from "node:path/posix";
import { codeOf } from "../failover/kit/cluster.ts";
import { guest, killNodes, type RunningNode } from "../kit/node.ts";
import { removeDirs } from "../kit/place.ts";
import { Random } from "../kit/random.ts";
import { cannotMount, smallDisk, unmountAll } from "../nodes/kit/mounts.ts";
import { assertNoBug, ended, place, replay, startRecord } from "./kit/runs.ts";

const KILLS = 6;
/** Longest time between the first line of a program and its kill, in ms. */
const LAST_KILL_MS = 200;
const MANY_LINES = ["1000000"];
const seed = Number(Deno.env.get("REPLAY") ?? Date.now() % 1_000_000);

const privileged = cannotMount === undefined ? test : test.skip;
if (cannotMount !== undefined) console.log(`skipped: ${cannotMount}`);

test.after.each(async () => {
  await killNodes();
  unmountAll();
  removeDirs();
});

/** @throws {Error} unless the recording has all that was shown, and is whole up to where it was cut. */
async function assertShownIsRecorded(
  { stdout }: RunningNode,
  file: string,
): Promise<void> {
  const again = await replay(file);
  assert.is(again.code, 125);
  assertNoBug(again);
  assert.match(again.stderr, /to the program's end: it was cut after message/);
  assert.ok(stdout.length > 0);
  assert.ok(
    again.stdout.startsWith(stdout),
    `shown: ${stdout.length}, replayed: ${again.stdout.length}`,
  );
}

test("a recording stays whole up to a SIGKILL, whenever that comes, and has all that was shown", async () => {
  const random = new Random(seed);
  console.log(`  replay: REPLAY=${seed}`);
  for (let i = 0; i < KILLS; i++) {
    const file = place();
    const node = startRecord(guest("clock"), file, { args: MANY_LINES });
    await node.waitForOutput(/\n/);
    const ms = random.below(LAST_KILL_MS);
    await new Promise((resolve) => setTimeout(resolve, ms));
    node.kill("SIGKILL");
    assert.is((await node.exit).signal, "SIGKILL");
    await assertShownIsRecorded(node, file);
  }
});

for (const [signal, code] of [["SIGINT", 130], ["SIGTERM", 143]] as const) {
  test(`${signal} ends a recorded run with ${code}; its recording has all that was shown`, async () => {
    const file = place();
    const args = ["100000", "5"];
    const node = startRecord(guest("count"), file, { args });
    await node.waitForOutput(/line 20\n/);
    node.kill(signal);
    assert.is(await codeOf(node), code);
    assert.equal(node.stderr, []);
    await assertShownIsRecorded(node, file);
  });
}

test("a program that waits without end is killed, its recording replays to where it waited", async () => {
  const file = place();
  const node = startRecord(guest("cat"), file, {
    stdin: new ReadableStream<Uint8Array<ArrayBuffer>>({
      start: (controller) =>
        controller.enqueue(new TextEncoder().encode("a line\n")),
    }),
  });
  await node.waitForOutput(/a line\n/);
  node.kill("SIGKILL");
  await node.exit;
  await assertShownIsRecorded(node, file);
});

privileged(
  "a full disk ends a recorded run with 125 and what to do; the recording is whole up to there",
  async () => {
    const file = join(smallDisk(256), "a.rlog");
    const node = startRecord(guest("clock"), file, { args: MANY_LINES });
    const { code, stderr } = await ended(node);
    assert.is(code, 125);
    assert.match(
      stderr,
      `cannot go on recording to ${file}: cannot write ${file}: no space left on the device`,
    );
    assert.match(stderr, "--on-log-error continue");
    assertNoBug({ code, stderr, stdout: "" });
    await assertShownIsRecorded(node, file);
  },
);

privileged(
  "with --on-log-error continue the program goes on to its end, and it is said that the recording does not",
  async () => {
    const file = join(smallDisk(256), "a.rlog");
    const lines = 20_000;
    const node = startRecord(guest("clock"), file, {
      args: [`${lines}`],
      options: ["--on-log-error", "continue", "--json"],
    });
    const { reason } = await node.waitForEvent("recordingOff");
    assert.match(reason, "no space left on the device");
    const { code, stdout } = await ended(node);
    assert.is(code, 0);
    assert.is(stdout.split("\n").length, lines + 1);
    const again = await replay(file);
    assert.is(again.code, 125);
    assert.match(again.stderr, "it was cut after message");
    assert.ok(again.stdout.length > 0 && stdout.startsWith(again.stdout));
  },
);

privileged(
  "a program is not begun when there is no room to begin its recording",
  async () => {
    const disk = smallDisk(64);
    Deno.writeFileSync(join(disk, "full"), new Uint8Array(64 << 10));
    const file = join(disk, "a.rlog");
    for (const policy of ["stop", "continue"]) {
      const options = ["--on-log-error", policy];
      const node = startRecord(guest("hello"), file, { options });
      const { code, stdout, stderr } = await ended(node);
      assert.equal([code, stdout], [125, ""]);
      assert.match(stderr, "no space left on the device");
    }
  },
);

test.run();
