import { test } from "uvu";
import * as assert from "uvu/assert";
import { Deadlock } from "../../src/wasi-intercept/threads/deadlock.ts";
import { follow, lead, type Play } from "./threads_lives.ts";
import { linesOf } from "./threads_log.ts";
import { type Body, ThreadRig, type ThreadRigOptions } from "./threads_rig.ts";
import type { GuestThread } from "./threads_thread.ts";
import { MS, PlannedWorld } from "./threads_world.ts";

const WORD = 8, OTHER = 12;
const INPUT = 100, FIRST_INPUT = 3;

/** Waits for a word and says what that gave. */
function waiter(word: number, timeoutNs?: bigint): Body {
  return async (thread) => thread.say(`${await thread.wait(word, timeoutNs)}`);
}

/** Main starts the others, lets them come to their first wait, and does `then`. */
function main(count: number, then: (thread: GuestThread) => unknown): Body {
  return async (thread) => {
    for (let body = 1; body <= count; body++) thread.spawn(body);
    await thread.pass();
    await then(thread);
    await thread.pass();
  };
}

async function saidBy(
  bodies: readonly Body[],
  options: ThreadRigOptions = {},
): Promise<readonly string[]> {
  const rig = new ThreadRig(bodies, options);
  assert.is(await rig.run(), undefined);
  return rig.said;
}

test("notify wakes at most so many, in the order in which they came, and only those of its word", async () => {
  const woken: number[] = [];
  const said = await saidBy([
    main(5, async (thread) => {
      woken.push(thread.notify(WORD, 0), thread.notify(WORD, 2));
      await thread.pass();
      thread.say("again");
      woken.push(thread.notify(WORD, 7), thread.notify(WORD));
      woken.push(thread.notify(WORD + 1));
    }),
    ...[waiter(WORD), waiter(OTHER), waiter(WORD), waiter(WORD), waiter(WORD)],
  ]);
  assert.equal(woken, [0, 2, 2, 0, 0]);
  assert.equal(said, ["2 0", "4 0", "1 again", "5 0", "6 0"]);
});

test("a thread that was woken runs behind those that were ready before", async () => {
  const said = await saidBy([
    main(2, async (thread) => {
      thread.spawn(3);
      thread.notify(WORD);
      await thread.pass();
    }),
    waiter(WORD),
    waiter(WORD),
    (thread) => thread.say("ready before"),
  ]);
  assert.equal(said, ["4 ready before", "2 0", "3 0"]);
});

test("a wait with a time-out is woken or times out, never both", async () => {
  const host = new PlannedWorld();
  const woken: number[] = [];
  const said = await saidBy([
    main(2, async (thread) => {
      await thread.poll({ afterNs: 5n * MS });
      woken.push(thread.notify(WORD));
      await thread.poll({ afterNs: 50n * MS });
      woken.push(thread.notify(WORD), thread.notify(OTHER));
    }),
    waiter(WORD, 20n * MS),
    waiter(OTHER, 10n * MS),
  ], { host });
  assert.equal(said, ["2 0", "3 2"]);
  assert.equal(woken, [1, 0, 0]);
});

test("one whose time is over is woken by nobody, though it has not run yet", async () => {
  const woken: number[] = [];
  const said = await saidBy([
    main(2, (thread) => thread.poll({ afterNs: 20n * MS })),
    async (thread) => {
      thread.say(`${await thread.wait(OTHER, 10n * MS)}`);
      woken.push(thread.notify(WORD));
    },
    waiter(WORD, 10n * MS),
  ]);
  assert.equal(said, ["2 2", "3 2"]);
  assert.equal(woken, [0]);
});

test("time-outs come in the order of their deadlines, at their time", async () => {
  const host = new PlannedWorld(0n);
  const times: bigint[] = [];
  const late = (ns: bigint): Body => async (thread) => {
    await thread.wait(WORD, ns);
    times.push(host.now);
    thread.say(`${ns / MS}`);
  };
  const said = await saidBy([
    main(3, (thread) => thread.poll({ afterNs: 100n * MS })),
    ...[late(30n * MS), late(10n * MS), late(20n * MS)],
  ], { host });
  assert.equal(said, ["3 10", "4 20", "2 30"]);
  assert.equal(times, [10n * MS, 20n * MS, 30n * MS]);
});

test("a wait for no time gives that it is over at once, and logs nothing", async () => {
  const rig = new ThreadRig([(thread) => {
    assert.is(thread.rig.scheduler.wait(WORD, 0n), 2);
    assert.is(thread.notify(WORD), 0);
  }]);
  assert.is(await rig.run(), undefined);
  assert.equal(rig.drain(), []);
});

test("a time-out is a message, and a backup with another clock does the same", async () => {
  let now = 1n;
  const play: Play = {
    bodies: [
      main(2, (thread) => thread.poll({ afterNs: 100n * MS })),
      waiter(WORD, 30n * MS),
      waiter(OTHER, 20n * MS),
    ],
    options: () => ({ host: new PlannedWorld(now *= 1_000_000_000n) }),
  };
  const first = await lead(play);
  assert.equal(linesOf(first.log), [
    ...["2 threadCreate by 1", "3 threadCreate by 1"],
    ...["0 threadsWoken 3", "3 threadExit"],
    ...["0 threadsWoken 2", "2 threadExit"],
    ...["0 threadsWoken 1", "1 poll_oneoff", "1 processExit"],
  ]);
  const second = await follow(play, first.log);
  assert.equal(second.said, ["3 2", "2 2"]);
  assert.equal(second.said, first.said);
  assert.is(second.taken, first.log.length);
});

/** What ended threads that run these bodies. */
async function endOf(
  bodies: readonly Body[],
  options: ThreadRigOptions = {},
): Promise<unknown> {
  return await new ThreadRig(bodies, options).run();
}

test("a deadlock is found at once, ends the process and names who waits for what", async () => {
  const error = await endOf([
    main(2, (thread) => thread.wait(WORD)),
    waiter(OTHER),
    (thread) => thread.say("returns"),
  ]);
  assert.instance(error, Deadlock);
  const { message, traps } = error as Deadlock;
  assert.is(
    message,
    "deadlock: thread 1 waits for the word at 0x8, thread 2 waits for the word at 0xc",
  );
  assert.equal([...traps.keys()].sort(), [1, 2]);
  assert.ok([...traps.values()].every((trap) => /unreach/.test(trap.message)));
});

test("a thread that waits for ever though there is no other is a deadlock", async () => {
  const error = await endOf([(thread) => thread.wait(WORD)]);
  assert.is(
    (error as Error).message,
    "deadlock: thread 1 waits for the word at 0x8",
  );
});

test("a deadlock of many names eight", async () => {
  const bodies = Array.from({ length: 11 }, () => waiter(WORD));
  const error = await endOf([
    main(11, (thread) => thread.wait(OTHER)),
    ...bodies,
  ]) as Deadlock;
  assert.match(
    error.message,
    /thread 8 waits for the word at 0x8, 4 more wait$/,
  );
  assert.is(error.traps.size, 12);
});

test("it is no deadlock while a thread waits for the world", async () => {
  const host = new PlannedWorld();
  host.come(50n * MS, INPUT, "late");
  const reads: Body = async (thread) =>
    thread.say(await thread.read(FIRST_INPUT));
  const rig = new ThreadRig([
    main(2, (thread) => thread.wait(WORD)),
    reads,
    waiter(OTHER, 70n * MS),
  ], { host, inputs: [INPUT] });
  assert.instance(await rig.run(), Deadlock);
  assert.equal(rig.said, ["2 late", "3 2"]);
});

test("a backup finds the deadlock where its primary did", async () => {
  const play: Play = {
    bodies: [main(1, (thread) => thread.wait(WORD)), waiter(OTHER)],
    options: () => ({}),
  };
  const first = await lead(play);
  assert.equal(linesOf(first.log), ["2 threadCreate by 1", "1 processExit"]);
  const second = await follow(play, first.log);
  assert.match(second.end, /^trap: deadlock: thread 1 waits/);
  assert.is(second.end, first.end);
  assert.is(second.taken, 2);
});

test.run();
