import { test } from "uvu";
import * as assert from "uvu/assert";
import { SWITCH_COUNT } from "../../src/wasi-intercept/threads/schedule.ts";
import { QUEUE_LIMIT } from "../../src/runtime/guest/local.ts";
import { Slots } from "../../src/runtime/guest/slots.ts";
import { follow, lead, type Life, type Play } from "./threads_lives.ts";
import { linesOf } from "./threads_log.ts";
import type { Body, ThreadRigOptions } from "./threads_rig.ts";
import type { GuestThread } from "./threads_thread.ts";
import { MS, PlannedWorld } from "./threads_world.ts";

const A = 100, B = 101, C = 102;
/** Descriptors of the inputs. */
const FD_A = 3, FD_B = 4, FD_C = 5;
const STDOUT = 1, STDOUT_SLOT = 1;

/** Something comes on an input. */
type Coming = readonly [afterNs: bigint, handle: number, text?: string];

/** A guest with the inputs A to C, on which these come. */
function guest(
  bodies: readonly Body[],
  comings: readonly Coming[],
  options: ThreadRigOptions = {},
): Play {
  return {
    bodies,
    options: () => {
      const host = new PlannedWorld();
      for (const [at, handle, text] of comings) host.come(at, handle, text);
      return { host, inputs: [A, B, C], ...options };
    },
  };
}

/** Lives that a guest has on a primary and on a backup, which are alike. */
async function both(play: Play): Promise<Life> {
  const first = await lead(play), second = await follow(play, first.log);
  const log = linesOf(first.log).join("\n");
  assert.equal(second.said, first.said, log);
  assert.is(second.end, first.end);
  assert.is(second.taken, first.log.length);
  assert.equal(second.memory, first.memory);
  return first;
}

/** Main starts the others, lets them come to their first wait, does `then`, and lets a second pass. */
function main(count: number, then: (thread: GuestThread) => unknown): Body {
  return async (thread) => {
    for (let body = 1; body <= count; body++) thread.spawn(body);
    await thread.pass();
    await then(thread);
    await thread.poll({ afterNs: 1000n * MS });
  };
}

function reader(fd: number): Body {
  return async (thread) => thread.say(await thread.read(fd));
}

/** What of a log says when the world was asked. */
function asked({ log }: Life): string[] {
  return linesOf(log).filter((line) => line.includes("threadsWoken"));
}

test("a call that waits holds up nobody else", async () => {
  const life = await both(guest(
    [
      main(3, (thread) => thread.say("main goes on")),
      ...[reader(FD_A), reader(FD_B), reader(FD_C)],
    ],
    [[10n * MS, B, "b"], [20n * MS, A, "a"], [30n * MS, C]],
  ));
  assert.equal(life.said, ["1 main goes on", "3 b", "2 a", "4 "]);
});

test("those that wait are woken in the order in which they came", async () => {
  const life = await both(guest(
    [main(3, () => {}), reader(FD_C), reader(FD_A), reader(FD_B)],
    [[10n * MS, A, "a"], [10n * MS, B, "b"], [10n * MS, C, "c"]],
  ));
  assert.equal(life.said, ["2 c", "3 a", "4 b"]);
  assert.equal(asked(life), ["0 threadsWoken 2,3,4", "0 threadsWoken 1"]);
});

test("of several that wait for one stream each gets a part, and goes on waiting until then", async () => {
  const life = await both(guest(
    [main(3, () => {}), reader(FD_A), reader(FD_A), reader(FD_A)],
    [[10n * MS, A, "one"], [20n * MS, A, "two"], [30n * MS, A, "three"]],
  ));
  assert.equal(life.said, ["2 one", "3 two", "4 three"]);
  assert.equal(asked(life), [
    ...["0 threadsWoken 2,3,4", "0 threadsWoken 3,4", "0 threadsWoken 4"],
    "0 threadsWoken 1",
  ]);
});

test("a poll waits for the first of what it names, and leaves the rest alone", async () => {
  const polls: Body = async (thread) => {
    const all = [{ read: FD_A }, { read: FD_B }, { afterNs: 30n * MS }];
    for (let i = 0; i < 3; i++) {
      const event = await thread.poll(...all);
      thread.say(event);
      if (event === "1") thread.say(await thread.read(FD_B));
    }
  };
  const life = await both(guest(
    [main(2, () => {}), polls, reader(FD_A)],
    [[10n * MS, B, "b"], [20n * MS, A, "a"], [60n * MS, A, "more"]],
  ));
  assert.equal(life.said, ["2 1", "2 b", "3 a", "2 2", "2 0"]);
});

test("a poll's time counts from the call, however often it was woken for nothing", async () => {
  const play = guest(
    [
      main(2, () => {}),
      reader(FD_A),
      async (thread) => {
        const start = await thread.clock();
        await thread.poll({ read: FD_A }, { afterNs: 30n * MS });
        thread.say(`${(await thread.clock() - start) / MS} ms`);
      },
    ],
    [[20n * MS, A, "gone before it was polled"]],
  );
  const life = await both(play);
  assert.equal(life.said.at(-1), "3 30 ms");
  assert.equal(asked(life)[0], "0 threadsWoken 2,3");
});

test("connections are taken one by one by those that wait for them", async () => {
  const accepts: Body = async (thread) =>
    thread.say(`fd ${await thread.accept(FD_A)}`);
  const life = await both(guest(
    [main(2, () => {}), accepts, accepts],
    [[10n * MS, 50, "900"], [20n * MS, 50, "901"]],
    { listeners: [50], inputs: [] },
  ));
  assert.equal(life.said, ["2 fd 4", "3 fd 5"]);
});

test("one that writes to a full stream waits for room, and the others go on", async () => {
  const part = QUEUE_LIMIT * 3 / 4;
  const writes: Body = async (thread) =>
    thread.say(await thread.flood(STDOUT, part));
  const bodies = [main(4, () => {}), writes, writes, writes, reader(FD_A)];
  const play: Play = {
    bodies,
    options: () => {
      const host = new PlannedWorld(), slots = new Slots();
      host.come(10n * MS, A, "meanwhile");
      for (const at of [20n, 30n]) {
        host.plan(at * MS, () => slots.take(STDOUT_SLOT, part));
      }
      return { host, slots, inputs: [A] };
    },
  };
  const life = await both(play);
  assert.equal(life.said, [
    ...["2 success", "5 meanwhile", "3 success", "4 success"],
  ]);
  assert.equal(asked(life).slice(0, 3), [
    ...["0 threadsWoken 5", "0 threadsWoken 3,4", "0 threadsWoken 4"],
  ]);
});

test("one that waits for room on a connection whose sending side another thread ends gets that", async () => {
  const life = await both(guest(
    [
      async (thread) => {
        const fd = await thread.accept(FD_A) as number;
        await thread.flood(fd, QUEUE_LIMIT);
        thread.spawn(1);
        await thread.pass();
        thread.say(await thread.call("sock_shutdown", fd, 2));
        await thread.poll({ afterNs: 10n * MS });
      },
      async (thread) => thread.say(await thread.flood(FD_B, 1000)),
    ],
    [[0n, 50, "900"]],
    { listeners: [50], inputs: [] },
  ));
  assert.equal(life.said, ["1 success", "2 pipe"]);
});

test("while a poll waits for room and a time, the messages of others stay as they are", async () => {
  const play: Play = {
    bodies: [
      async (thread) => {
        await thread.flood(STDOUT, QUEUE_LIMIT);
        thread.spawn(1);
        await thread.pass();
        await thread.compute(4 * COUNT);
      },
      async (thread) => {
        const far = { afterNs: 1000n * MS };
        thread.say(await thread.poll({ write: STDOUT }, far));
      },
    ],
    options: () => ({ schedule: { quantum: COUNT, pollEvery: COUNT } }),
  };
  const life = await both(play);
  const none = "0 threadsWoken ";
  assert.equal(linesOf(life.log), [
    ...["1 fd_write", "2 threadCreate by 1", none, none, none, none],
    "1 processExit",
  ]);
});

const COUNT = 100;

/** Main computes while a thread waits for what never comes. */
function computing(pollEvery: number, rounds: number): Play {
  return guest(
    [
      async (thread) => {
        thread.spawn(1);
        await thread.pass();
        thread.say("computes");
        for (let i = 0; i < rounds; i++) {
          await thread.compute(COUNT);
          thread.say(`${i}`);
        }
      },
      reader(FD_A),
    ],
    [],
    { schedule: { quantum: COUNT, pollEvery } },
  );
}

test("while some run and others wait, the world is asked after each so many counts, and that there was nothing is logged", async () => {
  const life = await both(computing(10 * COUNT, 101));
  assert.equal(asked(life), Array(10).fill("0 threadsWoken "));
  const more = await both(computing(5 * COUNT, 101));
  assert.equal(asked(more), Array(20).fill("0 threadsWoken "));
});

test("with a seed each quantum counts as long as it was", async () => {
  const quanta: number[] = [];
  const life = await lead(guest(
    [
      async (thread) => {
        thread.spawn(1);
        await thread.pass();
        await thread.compute(50_000);
        quanta.push(...thread.quanta.slice(0, -1));
      },
      reader(FD_A),
    ],
    [],
    { schedule: { quantum: 2000, seed: 3, pollEvery: 5000 } },
  ));
  let count = 3 * SWITCH_COUNT, asks = 0;
  for (const quantum of quanta) {
    count += quantum;
    if (count < 5000) continue;
    asks++;
    count = 0;
  }
  assert.ok(asks > 5);
  assert.equal(asked(life), Array(asks).fill("0 threadsWoken "));
});

test("a change of threads counts, too", async () => {
  const passes: Body = async (thread) => {
    for (let i = 0; i < 20; i++) await thread.pass();
  };
  const life = await both(guest(
    [main(3, passes), passes, passes, reader(FD_A)],
    [],
    { schedule: { pollEvery: 10 * SWITCH_COUNT } },
  ));
  const none = asked(life).filter((line) => line === "0 threadsWoken ");
  assert.ok(none.length >= 10, asked(life).join("\n"));
});

test("nobody asks the world while no thread waits for it", async () => {
  const life = await both(guest(
    [
      async (thread) => {
        thread.spawn(1);
        await thread.compute(10_000);
      },
      (thread) => thread.wait(8),
    ],
    [],
    { schedule: { quantum: COUNT, pollEvery: COUNT } },
  ));
  assert.equal(linesOf(life.log), ["2 threadCreate by 1", "1 processExit"]);
});

test("what comes while others compute wakes its thread in the middle of that", async () => {
  const play = guest(
    [
      async (thread) => {
        thread.spawn(1);
        await thread.pass();
        for (let i = 0; i < 100; i++) {
          await thread.compute(COUNT);
          if (i === 50) (thread.rig.host as PlannedWorld).now += 10n * MS;
          if (i % 10 === 0) thread.say(`${i}`);
        }
      },
      reader(FD_A),
    ],
    [[5n * MS, A, "came"]],
    { schedule: { quantum: COUNT, pollEvery: 5 * COUNT } },
  );
  const { said } = await both(play);
  const at = said.indexOf("2 came");
  assert.ok(said.indexOf("1 50") < at && at < said.indexOf("1 70"), `${said}`);
});

for (
  const [what, call, expected] of [
    [
      "closed",
      (thread: GuestThread) => thread.call("fd_close", FD_A),
      ["2 badf", "3 0 badf", "4 b"],
    ],
    [
      "moved away",
      (thread: GuestThread) => thread.call("fd_renumber", FD_A, FD_C),
      ["2 badf", "3 0 badf", "4 b"],
    ],
    [
      "replaced by another",
      (thread: GuestThread) => thread.call("fd_renumber", FD_C, FD_A),
      ["3 0", "2 c", "4 b"],
    ],
  ] as const
) {
  test(`those that wait for a descriptor that is ${what} try again, and so do polls`, async () => {
    const play = guest(
      [
        main(3, call),
        reader(FD_A),
        async (thread) =>
          thread.say(
            await thread.poll(
              ...[{ read: FD_A }, { read: FD_A }, { afterNs: 100n * MS }],
            ).then((events) => events.split(",")[0]!),
          ),
        reader(FD_B),
      ],
      [[10n * MS, C, "c"], [50n * MS, B, "b"]],
    );
    const life = await both(play);
    assert.equal(life.said, expected, linesOf(life.log).join("\n"));
  });
}

test("a call that finds its descriptor gone logs nothing", async () => {
  const life = await both(guest(
    [main(1, (thread) => thread.call("fd_close", FD_A)), reader(FD_A)],
    [],
  ));
  assert.equal(linesOf(life.log).slice(1, 3), ["1 fd_close", "2 threadExit"]);
});

test("a close that fails disturbs nobody, nor does that of another descriptor", async () => {
  const polls: Body = async (thread) =>
    thread.say(await thread.poll({ read: FD_A }));
  const life = await both(guest(
    [
      main(3, async (thread) => {
        await thread.call("fd_close", 77);
        await thread.call("fd_renumber", 77, FD_A);
      }),
      polls,
      reader(FD_A),
      reader(FD_B),
    ],
    [[10n * MS, A, "a"], [10n * MS, B, "b"]],
  ));
  assert.equal(life.said, ["2 0", "3 a", "4 b"]);
  const other = await both(guest(
    [
      main(2, (thread) => thread.call("fd_close", FD_C)),
      reader(FD_A),
      reader(FD_B),
    ],
    [[10n * MS, A, "a"], [10n * MS, B, "b"]],
  ));
  assert.equal(other.said, ["2 a", "3 b"]);
});

test.run();
