/** Guests whose node dies, and what becomes of them on the next one. @module */
import { Caller } from "./caller.ts";
import type { Play } from "./lives.ts";
import { Rig } from "./rig.ts";

/** A guest whose node died: where it was, and its log. */
export interface Dead {
  readonly dir: string;
  readonly log: Uint8Array[];
}

/** Plays on a node that dies behind it. */
export function dead(play: Play, dir: string): Dead {
  const rig = new Rig({ shared: [dir] });
  play(new Caller(rig));
  const log = rig.drain();
  rig.close();
  return { dir, log };
}

/** The guest on the node that takes over, which has followed the log. */
export function risen({ dir, log }: Dead, play: Play): Caller {
  const rig = new Rig({ shared: [dir], following: true });
  rig.feed(log);
  const guest = new Caller(rig);
  play(guest);
  rig.goLive();
  return guest;
}
