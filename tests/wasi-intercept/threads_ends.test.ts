import { test } from "uvu";
import * as assert from "uvu/assert";
import { GuestExit } from "../../src/wasi-intercept/kernel.ts";
import { MAX_THREADS } from "../../src/wasi-intercept/threads/scheduler.ts";
import { follow, lead, type Play } from "./threads_lives.ts";
import { linesOf } from "./threads_log.ts";
import { type Body, ThreadRig } from "./threads_rig.ts";
import type { GuestThread } from "./threads_thread.ts";
import { MS, PlannedWorld } from "./threads_world.ts";

const WORD = 8, AGAIN = 6;
const INPUT = 100, FIRST_INPUT = 3;

const returns: Body = () => {};

test("threads are counted up, and no number is given again", async () => {
  const tids: number[] = [];
  const rig = new ThreadRig([
    async (thread) => {
      for (let i = 0; i < 4; i++) {
        tids.push(thread.spawn(1));
        await thread.pass();
      }
    },
    returns,
  ]);
  assert.is(await rig.run(), undefined);
  assert.equal(tids, [2, 3, 4, 5]);
});

test("the log has who made a thread, and which returned", async () => {
  const rig = new ThreadRig([
    async (thread) => {
      thread.spawn(1);
      await thread.poll({ afterNs: MS });
      await thread.poll({ afterNs: 0n });
    },
    (thread) => {
      thread.spawn(2);
    },
    returns,
  ]);
  assert.is(await rig.live(), undefined);
  assert.equal(linesOf(rig.drain()).slice(0, 4), [
    "2 threadCreate by 1",
    "3 threadCreate by 2",
    "2 threadExit",
    "3 threadExit",
  ]);
});

test("beyond the most threads a spawn gives again and logs nothing, until one has returned", async () => {
  const more: number[] = [];
  const play: Play = {
    bodies: [
      async (thread) => {
        for (let n = 2; n <= MAX_THREADS; n++) {
          assert.is(thread.spawn(1), n);
        }
        more.push(thread.spawn(1), thread.spawn(1));
        await thread.pass();
        thread.notify(WORD, 1);
        await thread.pass();
        more.push(thread.spawn(1), thread.spawn(1));
      },
      (thread) => thread.rig.scheduler.wait(WORD, -1n),
    ],
    options: () => ({}),
  };
  const first = await lead(play);
  const expected = [-AGAIN, -AGAIN, MAX_THREADS + 1, -AGAIN];
  assert.equal(more, expected);
  assert.equal(linesOf(first.log).slice(MAX_THREADS - 2), [
    `${MAX_THREADS} threadCreate by 1`,
    "2 threadExit",
    `${MAX_THREADS + 1} threadCreate by 1`,
    "1 processExit",
  ]);
  const second = await follow(play, first.log);
  assert.equal(more, [...expected, ...expected]);
  assert.is(second.end, "exit 0");
});

/** Threads in every state: ready, waiting for a word, for a time, in a call. */
const OTHERS: readonly Body[] = [
  async (thread) => {
    for (;;) {
      await thread.pass();
      thread.say("runs");
    }
  },
  (thread) => thread.wait(WORD),
  (thread) => thread.wait(WORD, 10n * MS),
  (thread) => thread.read(FIRST_INPUT),
  (thread) => thread.poll({ read: FIRST_INPUT }, { afterNs: 20n * MS }),
];

const ENDER = 1;

/** A guest whose main waits for ever, unless it is itself what ends it. */
function endingBy(
  end: (thread: GuestThread) => unknown,
  byMain: boolean,
): Play {
  const last = async (thread: GuestThread) => {
    await thread.pass();
    await thread.pass();
    thread.say("ends");
    thread.notify(WORD);
    await end(thread);
  };
  const main = async (thread: GuestThread) => {
    OTHERS.forEach((_, i) => thread.spawn(ENDER + 1 + i));
    if (byMain) return await last(thread);
    thread.spawn(ENDER);
    await thread.wait(WORD + 4);
  };
  const after = (body: Body): Body => async (thread) => {
    await body(thread);
    thread.say("goes on");
  };
  return {
    bodies: [main, last, ...OTHERS.map(after)],
    options: () => {
      const host = new PlannedWorld();
      host.come(0n, INPUT, "here");
      return { host, inputs: [INPUT] };
    },
  };
}

for (
  const [how, end, expected] of [
    ["exit", (thread: GuestThread) => thread.exit(9), "exit 9"],
    [
      "a signal",
      (thread: GuestThread) => thread.call("proc_raise", 6),
      "exit 134",
    ],
    ["a trap", (thread: GuestThread) => thread.trap(), "trap: unreachable"],
    ["return", () => {}, "exit 0"],
  ] as const
) {
  for (const byMain of how === "return" ? [true] : [true, false]) {
    test(`${how} of ${byMain ? "main" : "a thread"} ends all threads, whatever they do`, async () => {
      const play = endingBy(end, byMain);
      const first = await lead(play);
      await new Promise((resolve) => setTimeout(resolve));
      assert.is(first.end, expected);
      assert.ok(first.said.includes("2 runs"));
      assert.is(first.said.at(-1), `${byMain ? 1 : 7} ends`);
      assert.match(linesOf(first.log).at(-1)!, `${byMain ? 1 : 7} processExit`);
      const second = await follow(play, first.log);
      await new Promise((resolve) => setTimeout(resolve));
      assert.equal([second.end, second.said], [first.end, first.said]);
      assert.is(second.taken, first.log.length);
    });
  }
}

test("the return of a thread ends nothing", async () => {
  const rig = new ThreadRig([
    async (thread) => {
      thread.spawn(1);
      await thread.pass();
      thread.say("goes on");
    },
    returns,
  ]);
  assert.is(await rig.run(), undefined);
  assert.equal(rig.said, ["1 goes on"]);
});

test("the first end is the one that counts", async () => {
  const rig = new ThreadRig([
    async (thread) => {
      thread.spawn(1);
      await thread.pass();
      await thread.exit(2);
    },
    (thread) => thread.exit(1),
  ]);
  const error = await rig.run();
  assert.instance(error, GuestExit);
  assert.is((error as GuestExit).code, 1);
});

test("what is no end of a guest ends it too, and is not hidden", async () => {
  const bug = new Error("a bug");
  const rig = new ThreadRig([
    async (thread) => {
      thread.spawn(1);
      await thread.wait(WORD);
    },
    () => {
      throw bug;
    },
  ]);
  assert.is(await rig.run(), bug);
});

test.run();
