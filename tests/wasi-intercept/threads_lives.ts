/** Lives of one guest with threads: on a primary, on a backup that follows its log, on one that takes over in the middle of it. @module */
import { Control } from "../../src/engine/message.ts";
import { endOf } from "../../src/runtime/guest/end.ts";
import {
  Divergence,
  LoggedEnd,
} from "../../src/runtime/guest/ring_messages.ts";
import { WouldWait } from "./rig.ts";
import { control, renumbered } from "./threads_log.ts";
import {
  type Body,
  newRings,
  type Rings,
  ThreadRig,
  type ThreadRigOptions,
} from "./threads_rig.ts";

/** What a guest runs, and in what surroundings; every life gets a world of its own. */
export interface Play {
  readonly bodies: readonly Body[];
  readonly options: () => ThreadRigOptions;
}

/** How a life went. */
export interface Life {
  readonly end: string;
  readonly said: readonly string[];
  /** All messages, those that it followed included. */
  readonly log: readonly Uint8Array[];
  /** So many messages it has taken from the log. */
  readonly taken: number;
  readonly memory: Uint8Array;
}

/** One life is over when the next one begins: all have the same rings, since new ones would fill the machine's memory. */
const rings = newRings();

/** Bytes of a ring that say how far it is, at least. */
const CONTROL_BYTES = 4096;

function cleared(): Rings {
  for (const ring of [rings.outbox, rings.inbox]) {
    new Uint8Array(ring, 0, CONTROL_BYTES).fill(0);
  }
  return rings;
}

/** Plays on a primary. */
export async function lead({ bodies, options }: Play): Promise<Life> {
  const rig = new ThreadRig(bodies, { ...options(), rings: cleared() });
  return lifeOf(rig, await rig.live(), []);
}

/** Plays on a backup, which has this log and gets no more of it. */
export async function follow(
  { bodies, options }: Play,
  log: readonly Uint8Array[],
): Promise<Life> {
  const rig = new ThreadRig(bodies, {
    ...options(),
    rings: cleared(),
    following: true,
  });
  rig.feed(log);
  return lifeOf(rig, await liveOrEnd(rig), log);
}

/** Plays on a backup that takes over behind this log. */
export async function takeOver(
  { bodies, options }: Play,
  log: readonly Uint8Array[],
): Promise<Life> {
  const rig = new ThreadRig(bodies, {
    ...options(),
    rings: cleared(),
    following: true,
  });
  rig.feed(log);
  rig.goLive();
  return lifeOf(rig, await liveOrEnd(rig), [
    ...log,
    control(Control.takeover, 0, {}),
  ]);
}

/** What is thrown at the log's end is an end, too. */
async function liveOrEnd(rig: ThreadRig): Promise<unknown> {
  try {
    return await rig.live();
  } catch (error) {
    return error;
  }
}

function lifeOf(
  rig: ThreadRig,
  error: unknown,
  log: readonly Uint8Array[],
): Life {
  return {
    end: endText(error),
    said: rig.said,
    log: renumbered([...log, ...rig.drain()]),
    taken: rig.messages.seq,
    memory: rig.kernel.memory.bytes,
  };
}

/** How a life ended, in words. @throws {unknown} what should end none. */
function endText(error: unknown): string {
  if (error instanceof WouldWait) return "waits";
  if (error instanceof LoggedEnd) return "logged end";
  if (error instanceof Divergence) return error.message;
  const end = endOf(error);
  if (end === undefined) throw error;
  return end.kind === "exit" ? `exit ${end.code}` : `trap: ${end.reason}`;
}
