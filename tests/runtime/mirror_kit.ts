/** What the tests of mirrored directories share: a scratch directory, a tree worth copying, a user without rights. */
import { ReplrtError } from "../../src/runtime/errors.ts";
import { Filling } from "../../src/runtime/mirror/fill.ts";
import { type Image, takeImage } from "../../src/runtime/mirror/image.ts";
import {
  type DirectoryLock,
  lockDirectory,
} from "../../src/runtime/mirror/lock.ts";
import { manifestOf } from "../../src/runtime/mirror/manifest.ts";
import { drain } from "../kit/steps.ts";
import type { Manifest } from "../../src/runtime/mirror/types.ts";

/** Whether the tests run as root, whom modes do not stop. */
export const root = Deno.uid() === 0;

/** Runs `body` with an empty directory that everybody may enter, and removes it afterwards. */
export function scratch(body: (dir: string) => void | Promise<void>) {
  return async () => {
    const dir = Deno.makeTempDirSync({ prefix: "replrt-mirror-" });
    Deno.chmodSync(dir, 0o777);
    try {
      await body(dir);
    } finally {
      sh(`chmod -R u+rwx '${dir}'; rm -rf '${dir}'`);
    }
  };
}

/** Runs a shell command and gives its standard output. */
export function sh(command: string): string {
  const { success, stdout, stderr } = new Deno.Command("bash", {
    args: ["-c", command],
  }).outputSync();
  const decoder = new TextDecoder();
  if (!success) throw new Error(`${command}: ${decoder.decode(stderr)}`);
  return decoder.decode(stdout);
}

/** Runs `body` with a tmpfs of `size` mounted at `dir`; without root it says so and does nothing. */
export function mounted(dir: string, size: string, body: () => void): void {
  Deno.mkdirSync(dir, { recursive: true });
  const { success } = new Deno.Command("mount", {
    args: ["-t", "tmpfs", "-o", `size=${size},mode=777`, "tmpfs", dir],
    stderr: "null",
  }).outputSync();
  if (!success) {
    console.log("skipped: mounting a tmpfs takes root");
    return;
  }
  try {
    body();
  } finally {
    sh(`umount -l '${dir}'`);
  }
}

/** Runs `body` as a user whom modes stop; root becomes "nobody" for that time. */
export function withoutRoot(body: () => void): void {
  if (!root) return body();
  const libc = Deno.dlopen("libc.so.6", {
    seteuid: { parameters: ["u32"], result: "i32" },
  });
  if (libc.symbols.seteuid(65534) !== 0) throw new Error("seteuid");
  try {
    body();
  } finally {
    libc.symbols.seteuid(0);
    libc.close();
  }
}

/** Content that differs from place to place. */
export function pattern(size: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size);
  for (let i = 0; i < size; i++) bytes[i] = (i * 31 + (i >> 8) * 7) & 0xff;
  return bytes;
}

/** Modes, links, empty directories, a 5 MiB file, names with spaces and beyond ASCII. */
export function makeTree(dir: string): void {
  const at = (name: string) => `${dir}/${name}`;
  Deno.mkdirSync(at("sub/empty"), { recursive: true });
  Deno.mkdirSync(at("sub.d"));
  Deno.mkdirSync(at("shut"));
  Deno.writeFileSync(at("big"), pattern(5 << 20));
  Deno.writeTextFileSync(at("none"), "");
  Deno.writeTextFileSync(at("sub/a name with spaces "), "spaces");
  Deno.writeTextFileSync(at("sub/ключ-鍵-🔑"), "unicode");
  Deno.writeTextFileSync(at("\ufeffbom and \ufffd"), "marks");
  Deno.writeTextFileSync(at("shut/only read"), "shut");
  Deno.symlinkSync("sub/../big", at("link"));
  Deno.symlinkSync("/nowhere/at all", at("dangling"));
  Deno.symlinkSync("/etc", at("sub.d/etc"));
  Deno.linkSync(at("none"), at("sub/hard"));
  Deno.chmodSync(at("big"), 0o640);
  Deno.chmodSync(at("none"), 0o4711);
  Deno.chmodSync(at("shut/only read"), 0o400);
  Deno.chmodSync(at("sub/empty"), 0o1700);
  Deno.chmodSync(at("shut"), 0o555);
}

/** Everything in `dir`, read at once. */
export function manifest(dir: string): Manifest {
  return drain(manifestOf(dir));
}

/** Makes the tree and an image of it below `dir`. */
export function imageOf(
  dir: string,
  make: (tree: string) => void = makeTree,
): Image {
  Deno.mkdirSync(`${dir}/source`);
  make(`${dir}/source`);
  return drain(takeImage(`${dir}/source`, `${dir}/state/images/1`));
}

/** Gives a filling what it wants, in chunks of `max` bytes; stops after `limit` chunks. */
export function feed(
  filling: Filling,
  image: Image,
  max = 1 << 18,
  limit = Infinity,
): void {
  for (let n = 0; n < limit; n++) {
    const wanted = filling.wanted();
    if (wanted === undefined) return;
    const bytes = image.chunk(wanted.path, wanted.offset, max);
    filling.write(wanted.path, wanted.offset, bytes);
  }
}

/** Brings `dir` to the image's content. */
export function fill(dir: string, image: Image, run = "r1"): DirectoryLock {
  const lock = lockDirectory(dir, "make");
  const filling = new Filling(lock, image.manifest, run);
  feed(filling, image);
  filling.finish();
  return lock;
}

/** The error that `body` throws; it must be one for the operator. */
export function failure(body: () => unknown): ReplrtError {
  try {
    body();
  } catch (error) {
    if (error instanceof ReplrtError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

/** Names in a directory, sorted. */
export function ls(dir: string): string[] {
  return Array.from(Deno.readDirSync(dir), (entry) => entry.name).sort();
}
