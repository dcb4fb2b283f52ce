/** When the world is asked which threads can go on. @module */
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { PollEntry } from "../../src/wasi-intercept/host.ts";
import { SWITCH_COUNT } from "../../src/wasi-intercept/threads/schedule.ts";
import { lead, type Play } from "./threads_lives.ts";
import { linesOf } from "./threads_log.ts";
import { type Body, ThreadRig } from "./threads_rig.ts";
import { MS, PlannedWorld } from "./threads_world.ts";
import { A, asked, both, FD_A, guest, main, reader } from "./threads_waits.ts";

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

test("before all wait for the world, what they logged is handed on", async () => {
  const done: string[] = [];
  const host = new class extends PlannedWorld {
    override poll(entries: readonly PollEntry[], timeoutNs: bigint): number {
      if (timeoutNs !== 0n) done.push("waits");
      return super.poll(entries, timeoutNs);
    }
  }();
  host.come(10n * MS, A, "a");
  const rig = new ThreadRig(
    [main(1, (thread) => thread.clock()), reader(FD_A)],
    { host, inputs: [A] },
  );
  const { messages } = rig;
  const flush = messages.flush.bind(messages);
  messages.flush = () => {
    done.push("handed on");
    flush();
  };
  await rig.live();
  assert.equal(done, ["handed on", "waits", "handed on", "waits"]);
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

test.run();
