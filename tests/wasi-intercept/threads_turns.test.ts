import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  isSchedule,
  scheduleOf,
  Turns,
} from "../../src/wasi-intercept/threads/schedule.ts";
import { follow, lead } from "./threads_lives.ts";
import { linesOf } from "./threads_log.ts";
import { type Body, ThreadRig, type ThreadRigOptions } from "./threads_rig.ts";
import type { GuestThread } from "./threads_thread.ts";

const DRAWS = 500;
const LARGEST = 0x7fff_ffff;

/** The word of memory that counts the threads that are not over. */
const LEFT = 0;

/** What threads say that run these bodies, which main starts in their order. */
async function saidBy(
  bodies: readonly Body[],
  options: ThreadRigOptions = {},
): Promise<readonly string[]> {
  const rig = new ThreadRig(started(bodies), options);
  assert.is(await rig.run(), undefined);
  return rig.said;
}

/** These bodies, behind a main that starts each of them and waits until all are over. */
function started(bodies: readonly Body[]): Body[] {
  const main = async (thread: GuestThread) => {
    const { memory } = thread.rig.kernel;
    memory.setU32(LEFT, bodies.length);
    bodies.forEach((_, i) => thread.spawn(i + 1));
    while (memory.u32(LEFT) > 0) await thread.pass();
  };
  const counted = (body: Body) => async (thread: GuestThread) => {
    await body(thread);
    const { memory } = thread.rig.kernel;
    memory.setU32(LEFT, memory.u32(LEFT) - 1);
  };
  return [main, ...bodies.map(counted)];
}

/** Says a letter after each so many counts. */
function speaker(letter: string, count: number): Body {
  return async (thread) => {
    for (let i = 0; i < 6; i++) {
      await thread.compute(count);
      thread.say(letter);
    }
  };
}

function letters(said: readonly string[]): string {
  return said.map((text) => text.split(" ")[1]).join("");
}

test("threads take turns, first come first served", async () => {
  const body = async (thread: GuestThread) => {
    for (const round of ["a", "b", "c"]) {
      thread.say(round);
      await thread.pass();
    }
  };
  assert.equal(await saidBy([body, body, body]), [
    ...["2 a", "3 a", "4 a"],
    ...["2 b", "3 b", "4 b"],
    ...["2 c", "3 c", "4 c"],
  ]);
});

test("a new thread runs when its turn comes, behind those that were ready before it", async () => {
  const rig = new ThreadRig([
    async (thread) => {
      thread.spawn(1);
      thread.say("has spawned");
      await thread.pass();
      await thread.pass();
    },
    async (thread) => {
      thread.spawn(2);
      await thread.pass();
      thread.say("goes on");
    },
    (thread) => thread.say("is new"),
  ]);
  assert.is(await rig.run(), undefined);
  assert.equal(rig.said, ["1 has spawned", "3 is new", "2 goes on"]);
});

test("a thread gives way when its quantum is used up, not before", async () => {
  const said = await saidBy([speaker("a", 50), speaker("b", 50)], {
    schedule: { quantum: 100 },
  });
  assert.is(letters(said), "aabbaabbaabb");
});

test("a thread that is alone goes on without a switch when its quantum is over", async () => {
  const rig = new ThreadRig([(thread) => {
    assert.is(thread.rig.scheduler.quantumOver(), 77);
    assert.is(thread.rig.call.sched_yield!(), 0);
  }], { schedule: { quantum: 77 } });
  assert.is(await rig.run(), undefined);
});

test("each thread begins with a quantum, and gets the next one when that is over", async () => {
  const quanta: number[][] = [];
  const body = async (thread: GuestThread) => {
    await thread.compute(1000);
    quanta.push(thread.quanta);
  };
  await saidBy([body, body], { schedule: { quantum: 300 } });
  assert.equal(quanta, [[300, 300, 300, 300], [300, 300, 300, 300]]);
});

test("a seed gives the same order each time, and another seed another", async () => {
  const bodies = ["a", "b", "c", "d"].map((letter) => speaker(letter, 20));
  const order = async (seed: number | null) =>
    letters(await saidBy(bodies, { schedule: { quantum: 64, seed } }));
  const orders = new Set<string>();
  for (const seed of [null, 0, 1, 2, 3, LARGEST]) {
    const one = await order(seed);
    assert.is(await order(seed), one, `${seed}`);
    orders.add(one);
  }
  assert.is(orders.size, 6);
});

test("a seed lets each thread be the next one", async () => {
  const firsts = new Set<string>();
  for (let seed = 0; seed < 20; seed++) {
    const said = await saidBy(
      ["a", "b", "c"].map((letter) => speaker(letter, 1)),
      { schedule: { quantum: 1000, seed } },
    );
    firsts.add(letters(said)[0]!);
  }
  assert.equal([...firsts].sort(), ["a", "b", "c"]);
});

test("the quanta of a seed lie in 1 to the quantum, and those of seeds are short and long", () => {
  for (const quantum of [1, 2, 3, 100, 4096, LARGEST]) {
    let least = Infinity, most = 0;
    for (let seed = 0; seed < 60; seed++) {
      const turns = new Turns({ quantum, seed, pollEvery: 1 });
      for (let i = 0; i < DRAWS; i++) {
        const drawn = turns.quantum();
        assert.ok(Number.isInteger(drawn) && drawn >= 1, `${drawn}`);
        assert.ok(drawn <= quantum, `${drawn} of ${quantum}`);
        least = Math.min(least, drawn);
        most = Math.max(most, drawn);
      }
    }
    assert.is(least, 1);
    assert.ok(most > quantum / 2, `${most} of ${quantum}`);
  }
});

test("without a seed all quanta are the quantum, and the first in the queue is next", () => {
  const turns = new Turns(scheduleOf(5, undefined));
  for (let i = 0; i < 10; i++) {
    assert.is(turns.quantum(), 5);
    assert.is(turns.pick(i + 1), 0);
  }
});

test("a seed picks all places of the queue, and no others", () => {
  const turns = new Turns(scheduleOf(undefined, 4));
  const places = Array.from({ length: DRAWS }, () => turns.pick(7));
  assert.equal([...new Set(places)].sort(), [0, 1, 2, 3, 4, 5, 6]);
});

test("a schedule is three numbers in their bounds, or has no seed", () => {
  const good = { quantum: 1, seed: null, pollEvery: 1 };
  assert.ok(isSchedule(good));
  assert.ok(isSchedule({ ...good, quantum: LARGEST, seed: LARGEST }));
  assert.ok(isSchedule(scheduleOf(undefined, undefined)));
  assert.ok(isSchedule(scheduleOf(undefined, 0)));
  const wrong = [
    ...[null, undefined, 7, "x", [], {}],
    ...[0, -1, 1.5, LARGEST + 1, "1", null, undefined, NaN, 1n].flatMap(
      (n) => [{ ...good, quantum: n }, { ...good, pollEvery: n }],
    ),
    ...[-1, 0.5, LARGEST + 1, "x", undefined, NaN].map(
      (seed) => ({ ...good, seed }),
    ),
  ];
  for (const value of wrong) assert.not(isSchedule(value), `${value}`);
});

test("the order that counts make costs no messages, and a backup has the same", async () => {
  for (const seed of [null, 5]) {
    const bodies = ["a", "b", "c"].map((letter) => speaker(letter, 30));
    const play = {
      bodies: started(bodies),
      options: () => ({ schedule: { quantum: 64, seed, pollEvery: 1000 } }),
    };
    const first = await lead(play);
    assert.equal(linesOf(first.log).filter((line) => /Woken/.test(line)), []);
    assert.is(first.log.length, 3 + 3 + 1);
    const second = await follow(play, first.log);
    assert.equal(second.said, first.said);
    assert.is(second.end, "exit 0");
  }
});

test.run();
