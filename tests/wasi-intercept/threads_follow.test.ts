import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  follow,
  lead,
  type Life,
  type Play,
  takeOver,
} from "./threads_lives.ts";
import { linesOf } from "./threads_log.ts";
import type { Body, ThreadRigOptions } from "./threads_rig.ts";
import { varied } from "./threads_varied.ts";
import { MS, PlannedWorld } from "./threads_world.ts";

const A = 100, FD_A = 3, WORD = 8, FAR = 1000n * MS;
const COUNT = 100;

function reader(fd: number): Body {
  return async (thread) => thread.say(await thread.read(fd));
}

/** Main computes and says how far it is while a thread waits for input A. */
function computing(pollEvery: number): Play {
  return {
    bodies: [
      async (thread) => {
        thread.spawn(1);
        await thread.pass();
        for (let i = 0; i < 40; i++) {
          await thread.compute(COUNT);
          thread.say(`${i}`);
        }
      },
      reader(FD_A),
    ],
    options: () => ({
      inputs: [A],
      schedule: { quantum: COUNT, pollEvery },
    }),
  };
}

/** The messages before the `n`th of this line. */
function before({ log }: Life, line: string, n = 0): readonly Uint8Array[] {
  const lines = linesOf(log);
  let at = -1;
  for (let i = 0; i <= n; i++) at = lines.indexOf(line, at + 1);
  assert.ok(at >= 0, lines.join("\n"));
  return log.slice(0, at);
}

test("a backup waits for what the primary found when it asked the world, and does not run past that", async () => {
  const play = computing(10 * COUNT);
  const first = await lead(play);
  let last = -1;
  for (let n = 0; n < 4; n++) {
    const log = before(first, "0 threadsWoken ", n);
    const { said, end, taken } = await follow(play, log);
    assert.is(end, "waits");
    assert.is(taken, log.length);
    assert.equal(said, first.said.slice(0, said.length));
    if (n > 1) assert.is(said.length, last + 10, `${n}`);
    last = said.length;
  }
});

test("a backup waits at a call that may have waited, and lets no other thread run", async () => {
  const play: Play = {
    bodies: [
      async (thread) => {
        thread.spawn(1);
        await thread.pass();
        thread.say("runs while the other one waits");
        await thread.clock();
      },
      reader(FD_A),
    ],
    options: () => ({ inputs: [A] }),
  };
  const first = await lead(play);
  assert.equal(linesOf(first.log), [
    ...["2 threadCreate by 1", "1 clock_time_get", "1 processExit"],
  ]);
  const held = await follow(play, first.log.slice(0, 1));
  assert.equal([held.said, held.end], [[], "waits"]);
  const next = await follow(play, first.log.slice(0, 2));
  assert.equal(next.said, first.said);
});

/** A guest that waits in every way, in a world where time alone passes; a tenth of a second of it at each step of main that is followed. */
function sleepers(options: (world: PlannedWorld) => ThreadRigOptions): Play {
  const timed = (name: string, wait: Body): Body => async (thread) => {
    const got = await wait(thread);
    const { now } = thread.rig.host as PlannedWorld;
    thread.say(`${name} ${got} at ${now / MS}`);
  };
  return {
    bodies: [
      async (thread) => {
        for (const body of [1, 2, 3, 4]) thread.spawn(body);
        await thread.pass();
        for (let i = 0; i < 3; i++) {
          await thread.poll({ afterNs: 10n * MS });
          thread.say(`main ${i}`);
          const { messages, host } = thread.rig;
          if (messages.following) (host as PlannedWorld).now += 100n * MS;
        }
        await thread.poll({ afterNs: FAR });
      },
      timed("word", (thread) => thread.wait(WORD, 50n * MS)),
      timed(
        "poll",
        (thread) => thread.poll({ read: FD_A }, { afterNs: 60n * MS }),
      ),
      timed("read", (thread) => thread.read(FD_A)),
      timed("for ever", (thread) => thread.wait(WORD)),
    ],
    options: () => {
      const host = new PlannedWorld();
      return { host, inputs: [A], ...options(host) };
    },
  };
}

test("at a takeover every call that waits is tried again, live, and a time-out that runs starts again", async () => {
  const dead = sleepers(() => ({}));
  const first = await lead(dead);
  const cut = before(first, "1 poll_oneoff", 2);
  const heir = await takeOver(
    sleepers((host) => {
      host.come(255n * MS, A, "after it");
      return {};
    }),
    cut,
  );
  assert.equal(heir.said, [
    ...["1 main 0", "1 main 1", "1 main 2"],
    ...["2 word 2 at 1250", "3 poll 0 at 1255", "4 read after it at 1255"],
  ]);
});

test("what is there for the new primary is found at once", async () => {
  const first = await lead(sleepers(() => ({})));
  const cut = before(first, "1 poll_oneoff", 1);
  const heir = await takeOver(
    sleepers((host) => {
      host.come(0n, A, "was there");
      return {};
    }),
    cut,
  );
  assert.equal(heir.said.slice(0, 4), [
    ...["1 main 0", "3 poll 0 at 1100", "4 read was there at 1100"],
    "1 main 1",
  ]);
});

test("a poll whose time started again at a takeover counts from there, though it is woken for nothing", async () => {
  const play = (world: (host: PlannedWorld) => void): Play => ({
    bodies: [
      async (thread) => {
        thread.spawn(1);
        thread.spawn(2);
        await thread.poll({ afterNs: FAR });
      },
      reader(FD_A),
      async (thread) => {
        const polled = [{ read: FD_A }, { afterNs: 50n * MS }];
        thread.say(await thread.poll(...polled));
        thread.say(`${(thread.rig.host as PlannedWorld).now / MS}`);
      },
    ],
    options: () => {
      const host = new PlannedWorld(0n);
      world(host);
      return { host, inputs: [A] };
    },
  });
  const first = await lead(play((host) => host.come(FAR, A, undefined)));
  const heir = await takeOver(
    play((host) => {
      host.come(20n * MS, A, "taken by the reader");
    }),
    before(first, "0 threadsWoken 3"),
  );
  assert.equal(heir.said, ["2 taken by the reader", "3 1", "3 50"]);
});

test("a takeover may come anywhere: in a spawn, a return, a look at the world, a wait of all, a call", async () => {
  const first = await lead(varied);
  assert.is(first.end, "exit 3");
  const lines = linesOf(first.log);
  const kinds = [
    ...["2 threadCreate by 1", "4 threadCreate by 1", "4 threadExit"],
    ...["0 threadsWoken ", "0 threadsWoken 1", "2 fd_read", "3 poll_oneoff"],
    ...["1 clock_time_get", "4 fd_write", "1 fd_close", "1 processExit"],
  ];
  const all = lines.join("\n");
  for (const kind of kinds) assert.ok(lines.includes(kind), `${kind}\n${all}`);
  for (const at of lines.keys()) {
    const heir = await takeOver(varied, first.log.slice(0, at));
    const third = await follow(varied, heir.log);
    const text = `after ${at} of\n${all}`;
    assert.is(heir.end, "exit 3", text);
    assert.is(heir.said.filter((said) => said === "1 true").length, 6, text);
    assert.equal(third.said, heir.said, text);
    assert.is(third.end, heir.end, text);
    assert.is(third.taken, heir.log.length, text);
  }
});

test("a second takeover is like the first", async () => {
  const first = await lead(varied);
  const half = first.log.slice(0, first.log.length / 2);
  const second = await takeOver(varied, half);
  for (let at = half.length + 1; at < second.log.length; at++) {
    const third = await takeOver(varied, second.log.slice(0, at));
    const fourth = await follow(varied, third.log);
    assert.equal(fourth.said, third.said);
    assert.is(fourth.end, "exit 3");
    assert.is(fourth.taken, third.log.length);
  }
});

test.run();
