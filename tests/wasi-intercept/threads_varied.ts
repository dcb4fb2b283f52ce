import { SWITCH_COUNT } from "../../src/wasi-intercept/threads/schedule.ts";
import type { Play } from "./threads_lives.ts";
import { MS, PlannedWorld } from "./threads_world.ts";

const A = 100, FD_A = 3, WORD = 8;
const COUNT = 100;

/** A guest whose log has all that a scheduler logs, and calls of every kind; it exits with 3. */
export const varied: Play = {
  bodies: [
    async (thread) => {
      thread.spawn(1);
      thread.spawn(2);
      await thread.pass();
      for (let i = 0; i < 6; i++) {
        await thread.compute(COUNT);
        thread.say(`${await thread.clock() > 0n}`);
      }
      thread.spawn(3);
      thread.notify(WORD);
      await thread.poll({ afterNs: 20n * MS });
      await thread.call("fd_close", FD_A);
      await thread.poll({ afterNs: 20n * MS });
      await thread.exit(3);
    },
    async (thread) => {
      for (;;) {
        const got = await thread.read(FD_A);
        thread.say(got);
        if (got === "badf") return;
      }
    },
    async (thread) => {
      thread.say(`${await thread.wait(WORD, 5n * MS)}`);
      thread.say(await thread.poll({ read: FD_A }, { afterNs: 3n * MS }));
    },
    async (thread) => {
      thread.say(await thread.write(1, "output"));
      thread.say(`${await thread.wait(WORD, 15n * MS)}`);
    },
  ],
  options: () => {
    const host = new PlannedWorld();
    for (const at of [1n, 12n, 13n, 30n]) host.come(at * MS, A, `${at}`);
    const pollEvery = 4 * SWITCH_COUNT;
    return { host, inputs: [A], schedule: { quantum: COUNT, pollEvery } };
  },
};
