/** A guest whose threads wait for what comes on its inputs. @module */
import * as assert from "uvu/assert";
import { follow, lead, type Life, type Play } from "./threads_lives.ts";
import { linesOf } from "./threads_log.ts";
import type { Body, ThreadRigOptions } from "./threads_rig.ts";
import type { GuestThread } from "./threads_thread.ts";
import { MS, PlannedWorld } from "./threads_world.ts";

/** Handles of the inputs. */
export const A = 100, B = 101, C = 102;
/** Descriptors of the inputs. */
export const FD_A = 3, FD_B = 4, FD_C = 5;

/** Something comes on an input. */
type Coming = readonly [afterNs: bigint, handle: number, text?: string];

/** A guest with the inputs A to C, on which these come. */
export function guest(
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
export async function both(play: Play): Promise<Life> {
  const first = await lead(play), second = await follow(play, first.log);
  const log = linesOf(first.log).join("\n");
  assert.equal(second.said, first.said, log);
  assert.is(second.end, first.end);
  assert.is(second.taken, first.log.length);
  assert.equal(second.memory, first.memory);
  return first;
}

/** Main starts the others, lets them come to their first wait, does `then`, and lets a second pass. */
export function main(
  count: number,
  then: (thread: GuestThread) => unknown,
): Body {
  return async (thread) => {
    for (let body = 1; body <= count; body++) thread.spawn(body);
    await thread.pass();
    await then(thread);
    await thread.poll({ afterNs: 1000n * MS });
  };
}

/** Says what it reads on a descriptor. */
export function reader(fd: number): Body {
  return async (thread) => thread.say(await thread.read(fd));
}

/** What of a log says when the world was asked. */
export function asked({ log }: Life): string[] {
  return linesOf(log).filter((line) => line.includes("threadsWoken"));
}
