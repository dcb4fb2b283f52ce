/**
 * Lives of one guest on a shared directory: each node's ends at a moment that the test chose, and another node goes on from
 * what it holds of the log.
 *
 * @module
 */
import * as assert from "uvu/assert";
import { controlBatch } from "../../src/engine/batch.ts";
import { Control, MessageHeader } from "../../src/engine/message.ts";
import { INTENT } from "../../src/wasi-intercept/syscall.ts";
import { snapshot } from "../kit/snapshot.ts";
import { Caller } from "./caller.ts";
import { plant } from "./pair.ts";
import { Rig } from "./rig.ts";

/** What a guest does; its calls depend on nothing but what it saw. */
export type Play = (guest: Caller) => void;

/** A guest, and what is in its directory before. */
export interface Story {
  readonly files: Readonly<Record<string, string>>;
  readonly play: Play;
}

/** How a node's life went. */
export interface Life {
  /** Whether it died, and did not come to the end of the play. */
  readonly died: boolean;
  /** All messages, those that it followed included. */
  readonly log: readonly Uint8Array[];
  /** So many of them are held by its backups whatever happens. */
  readonly held: number;
  /** So many changes it was permitted. */
  readonly changes: number;
  /** All that its guest saw, and what it has. */
  readonly saw: { readonly seen: readonly string[] } & Record<string, unknown>;
}

class Death extends Error {}

/**
 * Plays until the node dies at its moment `at`: the moments are each permit, before it is given, and the end of each call,
 * counted from where the node is live. A node with a log follows it first.
 */
export function live(
  play: Play,
  dir: string,
  log: readonly Uint8Array[] | undefined,
  at = Infinity,
): Life {
  const messages = [...log ?? []];
  let moments = 0, changes = 0, held = messages.length;
  const pass = () => {
    if (!rig.messages.following && moments++ === at) throw new Death();
  };
  const rig = new Rig({
    shared: [dir],
    following: log !== undefined,
    permit() {
      messages.push(...rig.drain());
      pass();
      held = messages.length;
      changes++;
    },
  });
  rig.feed(messages);
  if (log !== undefined) rig.goLive();
  const guest = new Caller(rig, pass);
  let died = false;
  try {
    play(guest);
  } catch (error) {
    if (!(error instanceof Death)) throw error;
    died = true;
  }
  if (!rig.messages.following) messages.push(...rig.drain());
  rig.close();
  const { seen } = guest;
  const saw = { seen, descriptors: descriptorsOf(rig), memory: rig.memory };
  return { died, log: messages, held, changes, saw };
}

/** The descriptors, without what a node has of its own. */
function descriptorsOf(rig: Rig): unknown[] {
  return [...rig.kernel.fds].map(([fd, { handle: _, ...d }]) =>
    "shared" in d && d.shared !== undefined
      ? { fd, ...d, shared: { ...d.shared, file: undefined } }
      : { fd, ...d }
  );
}

/** The same on a directory of the node's own: all that the guest saw, and what it left. */
export function alone({ files, play }: Story): {
  readonly seen: readonly string[];
  readonly left: Record<string, string>;
} {
  const dir = plant(files);
  const rig = new Rig({ dirs: [dir] });
  const guest = new Caller(rig);
  play(guest);
  rig.close();
  return { seen: guest.seen, left: snapshot(dir) };
}

/** What the node that takes over has: the first `count` messages of its primary, and TAKEOVER. */
export function inherited(life: Life, count: number): Uint8Array[] {
  const log = life.log.slice(0, count);
  const { bytes } = controlBatch(
    Control.takeover,
    log.length + 1,
    new Uint8Array(24),
  );
  return [...log, bytes];
}

/** The life of a node that nothing happens to, and the directory that it leaves. */
export function undisturbed(story: Story): {
  readonly life: Life;
  readonly left: Record<string, string>;
} {
  const { life, dir } = go(story, []);
  return { life, left: snapshot(dir) };
}

/** How a node that dies leaves things to the next one. */
export interface Ending {
  /** Its last moment. */
  readonly at: number;
  /** How many messages of its log the next one holds. */
  readonly count: number;
  /** Whether the last of them is the intent of a change, which may have been made or not. */
  readonly open: boolean;
}

/** One way to the end: the nodes that die; another goes on behind them. */
export type Way = readonly Ending[];

function isOpen(message: Uint8Array | undefined): boolean {
  if (message === undefined) return false;
  const view = new DataView(message.buffer, message.byteOffset);
  const { method, errno } = MessageHeader.at;
  return (view.getUint16(method, true) & INTENT) !== 0 &&
    view.getUint16(errno, true) === 0;
}

/** Goes a way, in a directory of its own; the last node dies at `at`. */
function go(
  { files, play }: Story,
  way: Way,
  at = Infinity,
): { life: Life; dir: string } {
  const dir = plant(files);
  let log: readonly Uint8Array[] | undefined;
  for (const { at, count } of way) {
    log = inherited(live(play, dir, log, at), count);
  }
  return { life: live(play, dir, log, at), dir };
}

/**
 * The places where the last node of `way` can die, and the part of its log that the next one holds then: one for every state of
 * directory and log that there can be.
 */
export function* endings(
  story: Story,
  way: Way,
): Generator<Ending> {
  const states = new Set<string>();
  for (let at = 0;; at++) {
    const { life: { died, held, changes, log } } = go(story, way, at);
    if (!died) return;
    for (let count = held; count <= log.length; count++) {
      const state = `${changes} ${count}`;
      const open = isOpen(log[count - 1]);
      if (!states.has(state)) yield { at, count, open };
      states.add(state);
    }
  }
}

/** Holds that a way ends as if nothing had happened. */
export function assertUnseen(
  story: Story,
  way: Way,
  expected: ReturnType<typeof undisturbed>,
): void {
  const { life, dir } = go(story, way);
  const told = JSON.stringify(way);
  assert.equal(snapshot(dir), expected.left, `directory after ${told}`);
  assert.equal(life.saw, expected.life.saw, `seen after ${told}`);
}
