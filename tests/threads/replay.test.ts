// timeout 600 s
/** Recordings of programs with threads: replayed in part, cut, and gone on with. `REPLAY=SEED` repeats a run's choices. @module */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { codeOf, destroy, said } from "../failover/kit/cluster.ts";
import { Resp } from "../failover/kit/resp.ts";
import { guest, killNodes, type RunningNode, startNode } from "../kit/node.ts";
import { removeDirs } from "../kit/place.ts";
import { Random } from "../kit/random.ts";
import { Edited } from "../recording/kit/edit.ts";
import { joinLives } from "../recording/kit/kept.ts";
import { line, read } from "../recording/kit/lines.ts";
import {
  assertNoBug,
  place,
  record,
  type Recorded,
  replay,
  startRecord,
} from "../recording/kit/runs.ts";
import { Asker } from "./kit/asker.ts";
import { told } from "./kit/pair.ts";

const SAMPLES = 8;
const LISTEN = ["--tcplisten", "127.0.0.1:0"];
const seed = Number(Deno.env.get("REPLAY") ?? Date.now() % 1_000_000);
const random = new Random(seed);
console.log(`replay: REPLAY=${seed} deno run -A tests/threads/replay.test.ts`);

test.after(async () => {
  await killNodes();
  removeDirs();
});

/** Of five threads that all wait for something else. */
let whole: Recorded;

test.before(async () => {
  const options = ["--quantum", "5000"];
  whole = await record("overlap", { stdin: "a\nb\n", options });
});

/** What a program had printed when message `seq` was done with: each write is a line. */
function printedBy(seq: number, { file, stdout }: Recorded = whole): string {
  const writes = read(file).entries.filter((entry) =>
    entry.seq <= seq && line(entry).includes("fd_write(")
  );
  return stdout.split("\n").slice(0, writes.length)
    .map((text) => `${text}\n`).join("");
}

test("a replay stops behind the message that was asked for, whichever thread it is of", async () => {
  const { entries } = read(whole.file);
  for (let i = 0; i < SAMPLES; i++) {
    const until = random.below(entries.length - 1);
    const part = await replay(whole.file, ["--until", `${until}`]);
    assert.is(part.code, 0, part.stderr);
    assert.is(part.stdout, printedBy(until), `until ${until}`);
    assert.match(part.stderr, `replayed to message ${until}\n`);
  }
});

/** A recording that ends after so many bytes, and the last message that it has whole. */
function cut(file: string, size: number): { path: string; last: number } {
  const edited = new Edited(file);
  const end = edited.frames().findLast((end) => end <= size) as number;
  const last = edited.messages().filter(({ at }) => at < end).length - 1;
  return { path: place(edited.bytes.subarray(0, size)), last };
}

/** Sizes at which a recording can be cut so that it can still be read, and has no end. */
function someSize(file: string): number {
  const frames = new Edited(file).frames();
  const [from, to] = [frames[1] as number, frames.at(-2) as number];
  return from + random.below(to - from);
}

test("a recording that was cut is replayed to its last whole message, and that ends with 125", async () => {
  for (let i = 0; i < SAMPLES; i++) {
    const size = someSize(whole.file);
    const { path, last } = cut(whole.file, size);
    const part = await replay(path);
    assert.is(part.code, 125, part.stderr);
    assertNoBug(part);
    assert.is(part.stdout, printedBy(last), `${size} bytes`);
    assert.match(part.stderr, `it was cut after message ${last}\n`);
  }
});

function goOn(file: string, options: readonly string[] = []): RunningNode {
  return startNode(["replay", file, "--live", "--json", ...options]);
}

test("a recording that was cut goes on live in the same schedule: what depends on nothing else ends the same", async () => {
  const programs = [
    ["turns", "3000"],
    ["races", "3000"],
    ["crowd", "5"],
    ["stack", "3000"],
  ] as const;
  for (const [name, ...args] of programs) {
    for (const options of [["--quantum", "700"], ["--schedule-seed", "9"]]) {
      const run = await record(name, { args, options });
      const { path, last } = cut(run.file, someSize(run.file));
      const node = goOn(path);
      assert.is(await codeOf(node), 0, told(node));
      const lives = [printedBy(last, run), node.stdout];
      assert.is(joinLives(lives), run.stdout);
      const again = await replay(path);
      assert.equal([again.code, again.stdout], [0, run.stdout]);
    }
  }
});

test("threads that waited for time go on live, however often the recording is cut", async () => {
  for (let i = 0; i < SAMPLES; i++) {
    const { path, last } = cut(whole.file, someSize(whole.file));
    const node = goOn(path);
    assert.is(await codeOf(node), 0, told(node));
    const all = joinLives([printedBy(last), node.stdout]);
    for (const what of ["slept", "waited"]) {
      const found = all.split("\n").filter((text) => text.startsWith(what));
      assert.equal(found, [`${what} 1`, `${what} 2`, `${what} 3`], all);
    }
    assert.match(all, /computed\noverlap: done\n$/);
  }
});

test("a recorded program that is killed goes on live from what its threads had computed, and its whole recording replays", async () => {
  const file = place();
  let node = startRecord(guest("mixed"), file, {
    options: [...LISTEN, "--json"],
  });
  let { listen } = await node.waitForEvent("serving") as { listen: string[] };
  let last = 0;
  for (let life = 1; life <= 4; life++) {
    const asker = await Asker.connect(listen[0] as string);
    for (let i = 0; i < 10; i++) {
      const count = await asker.ask(`line ${i}`);
      assert.ok(count >= last, `${count} after ${last}, in life ${life}`);
      last = count;
    }
    if (life === 4) await asker.say("end");
    else {
      await destroy(node);
      node = goOn(file, LISTEN);
      ({ listen } = await node.waitForEvent("resumed"));
    }
    asker.close();
  }
  assert.is(await codeOf(node), 0, told(node));
  assert.match(node.stdout, /^mixed: 40 lines at \d+$/m);
  const replayed = await replay(file);
  assert.is(replayed.code, 0, replayed.stderr);
  assert.is(
    replayed.stdout,
    `mixed ready\n${node.stdout.replace("mixed ready\n", "")}`,
  );
});

test("a recorded server of several threads goes on with its keys and serves as many clients as before", async () => {
  const file = place();
  const options = [...LISTEN, "--json"];
  let node = startRecord(guest("pool"), file, { args: ["3"], options });
  let { listen } = await node.waitForEvent("serving") as { listen: string[] };
  for (let life = 1; life <= 3; life++) {
    const clients = await Promise.all(
      [1, 2, 3].map(() => Resp.connect(listen[0] as string)),
    );
    const counts = await Promise.all(
      clients.map((client) => client.send("INCR", "n")),
    );
    assert.equal(counts.toSorted(), [1, 2, 3].map((n) => n + 3 * (life - 1)));
    await destroy(node);
    node = goOn(file, LISTEN);
    ({ listen } = await node.waitForEvent("resumed"));
  }
  assert.not.ok(said(node, "divergence"));
});

test.run();
