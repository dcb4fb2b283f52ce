import { Slots } from "../../src/runtime/guest/slots.ts";
import type { Random } from "../kit/random.ts";
import type { Play } from "./threads_lives.ts";
import type { Body, ThreadRigOptions } from "./threads_rig.ts";
import type { GuestThread } from "./threads_thread.ts";
import { MS, PlannedWorld } from "./threads_world.ts";

/** One thing that a thread does; what it gets is said. */
type Act = (thread: GuestThread) => Promise<unknown> | unknown;

const INPUTS = [100, 101, 102], FIRST_INPUT = 3;
/** Words that threads wait for, and one that they race for. */
const WORDS = [0, 4, 8], SHARED = 12;
const STDOUT = 1, FLOOD = 600_000;
const BODIES = 4, ACTS = 7, MOST_EVENTS = 12, MOST_THREADS = 20;

/** A program that a seed makes, and worlds for it. */
export function randomPlay(random: Random): Play {
  const bodies = [
    randomMain(random),
    ...Array.from({ length: BODIES - 1 }, () => randomBody(random)),
  ];
  const schedule = {
    quantum: random.pick([50, 400, 5000]),
    seed: random.pick([null, random.below(1000)]),
    pollEvery: random.pick([300, 1500, 100_000]),
  };
  const options = (): ThreadRigOptions => {
    const host = new PlannedWorld(BigInt(1 + random.below(1000)) * MS);
    for (let n = random.below(MOST_EVENTS); n > 0; n--) {
      const after = BigInt(random.below(20)) * MS;
      const text = random.pick([`${n}`, `${n}`, undefined]);
      host.come(after, random.pick(INPUTS), text);
    }
    const slots = new Slots();
    host.plan(BigInt(random.below(30)) * MS, () => leave(slots));
    return { host, slots, inputs: INPUTS, schedule };
  };
  return { bodies, options };
}

/** All that waits in the queue of stdout leaves. */
function leave(slots: Slots): boolean {
  return slots.take(STDOUT, slots.queued(STDOUT));
}

/** Main starts threads and outlives most of what they do. */
function randomMain(random: Random): Body {
  const own = randomBody(random);
  const first = [1, 2, 3, 1 + random.below(BODIES - 1)];
  return async (thread) => {
    for (const body of first) thread.spawn(body);
    await own(thread);
    for (let i = 0; i < 4; i++) await thread.poll({ afterNs: 10n * MS });
  };
}

function randomBody(random: Random): Body {
  const acts = Array.from(
    { length: 1 + random.below(ACTS) },
    () => randomAct(random),
  );
  return async (thread) => {
    for (const act of acts) {
      const got = await act(thread);
      if (got !== undefined) thread.say(`${got}`);
    }
  };
}

function randomAct(random: Random): Act {
  const fd = FIRST_INPUT + random.below(INPUTS.length);
  const word = random.pick(WORDS);
  const timeout = BigInt(random.below(8)) * MS;
  const size = random.below(600);
  const body = 1 + random.below(BODIES - 1);
  return random.pick<Act>([
    ...ordinary(fd, word, timeout, size, body),
    ...ordinary(fd, word, timeout, size, body),
    ...ordinary(fd, word, timeout, size, body),
    (thread) => thread.call("fd_close", fd),
    (thread) => thread.call("fd_renumber", fd, FIRST_INPUT),
    (thread) => thread.wait(word),
    random.below(4) === 0
      ? (thread) => thread.exit(5)
      : (thread) => thread.pass(),
    random.below(4) === 0
      ? (thread) => thread.trap()
      : (thread) => thread.pass(),
  ]);
}

function ordinary(
  fd: number,
  word: number,
  timeout: bigint,
  size: number,
  body: number,
): Act[] {
  return [
    (thread) => thread.read(fd),
    (thread) => thread.read(fd),
    (thread) => thread.poll({ read: fd }, { afterNs: timeout }),
    (thread) => thread.poll({ read: fd }, { read: 99 }),
    (thread) => thread.clock(),
    (thread) => thread.compute(size),
    (thread) => thread.pass(),
    (thread) => (thread.tid < MOST_THREADS ? thread.spawn(body) : undefined),
    (thread) => thread.wait(word, timeout),
    (thread) => thread.notify(word, 1),
    (thread) => thread.write(STDOUT, "out"),
    (thread) => thread.flood(STDOUT, FLOOD),
    (thread) => thread.poll({ write: STDOUT }, { afterNs: timeout }),
    (thread) => race(thread, size),
  ];
}

/** Adds to a word without care for the others. */
async function race(thread: GuestThread, size: number): Promise<number> {
  const { memory } = thread.rig.kernel;
  const before = memory.u32(SHARED);
  await thread.compute(size);
  memory.setU32(SHARED, before + thread.tid);
  return memory.u32(SHARED);
}
