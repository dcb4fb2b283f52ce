/** Calls that wait, of several threads at once. @module */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { QUEUE_LIMIT } from "../../src/runtime/guest/local.ts";
import { Slots } from "../../src/runtime/guest/slots.ts";
import type { Play } from "./threads_lives.ts";
import { linesOf } from "./threads_log.ts";
import type { Body } from "./threads_rig.ts";
import type { GuestThread } from "./threads_thread.ts";
import {
  A,
  asked,
  B,
  both,
  C,
  FD_A,
  FD_B,
  FD_C,
  guest,
  main,
  reader,
} from "./threads_waits.ts";
import { MS, PlannedWorld } from "./threads_world.ts";

const STDOUT = 1, STDOUT_SLOT = 1;

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

const COUNT = 100;

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
