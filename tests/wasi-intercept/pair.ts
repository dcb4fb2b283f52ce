/** The same calls on a primary and on a backup that follows its messages. @module */
import * as assert from "uvu/assert";
import { tempDir, treeOf } from "../kit/place.ts";
import { Rig, type RigOptions } from "./rig.ts";

/** What a guest does; its calls depend on nothing but its memory. */
export type Script = (rig: Rig) => void;

/** A directory with some files, the same ones every time. */
export function plant(files: Readonly<Record<string, string>> = {}): string {
  const dir = tempDir();
  for (const [path, text] of Object.entries(files)) {
    if (path.endsWith("/")) Deno.mkdirSync(`${dir}/${path}`);
    else Deno.writeTextFileSync(`${dir}/${path}`, text);
  }
  return dir;
}

/** Runs a script live; gives its messages. */
export function record(script: Script, options: RigOptions): Uint8Array[] {
  const rig = new Rig(options);
  script(rig);
  return rig.drain();
}

/** A backup with the messages in its inbox. */
export function follower(
  messages: readonly Uint8Array[],
  options: RigOptions,
): Rig {
  const rig = new Rig({ ...options, following: true });
  rig.feed(messages);
  return rig;
}

/** Holds that a script leaves the same memory, descriptors and directory on a primary and on a backup. */
export function assertSame(
  script: Script,
  files: Readonly<Record<string, string>> = {},
): void {
  const [first, second] = [plant(files), plant(files)];
  const primary = new Rig({ dirs: [first] });
  script(primary);
  const messages = primary.drain();
  const backup = follower(messages, { dirs: [second] });
  script(backup);
  assert.is(backup.messages.seq, messages.length, "messages taken");
  assert.equal(backup.memory, primary.memory);
  assert.equal(shown(backup), shown(primary));
  assert.equal(treeOf(second), treeOf(first));
}

/** The descriptors, without what a node has of its own. */
function shown(rig: Rig): unknown[] {
  return [...rig.kernel.fds].map(([fd, { kind, flags, filetype }]) => ({
    fd,
    kind,
    flags,
    filetype,
  }));
}
