/**
 * Renames directories and swaps links below a directory as fast as it can, until its stdin ends:
 * `deno run -A race_renamer.ts DIR NUMBER SEED TAG`. Says "started" and, at its end, how often it changed something. Two of
 * them, numbered 0 and 1, don't meet one another's links, which would lead their own changes out.
 *
 * @module
 */
import { dirname } from "node:path/posix";
import { Random } from "../kit/random.ts";

const [root = "", number = "", seed = "", tag = ""] = Deno.args;
const top = dirname(root);
const random = new Random(Number(seed));

const { renameat2 } = Deno.dlopen("libc.so.6", {
  renameat2: {
    parameters: ["i32", "buffer", "i32", "buffer", "u32"],
    result: "i32",
  },
}).symbols;
const AT_FDCWD = -100, RENAME_EXCHANGE = 2;

const encoder = new TextEncoder();

/** Swaps two names at once, so that neither is ever missing; false when one is. */
function exchange(a: string, b: string): boolean {
  const from = encoder.encode(`${root}/${a}\0`);
  const to = encoder.encode(`${root}/${b}\0`);
  return renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_EXCHANGE) === 0;
}

/** Does `body`, which may find that the guest or the other renamer was faster; whether it was done. */
function attempt(body: () => void): boolean {
  try {
    body();
    return true;
  } catch {
    return false;
  }
}

const TARGETS = [
  ...["/", "..", "../..", "../../..", "../../../..", top, `${root}/b`],
  ...["../b/x", "b", "a/x", ".", `${top}/d`, "../d", "../../d", "x"],
  ...[`../${tag}-f`, `../../${tag}-f`, `${top}/${tag}-f`, `${tag}-g`],
];

/** The names that are now this, now that, by the process that changes them. */
const DIRECTORIES = [["a/x", "a/x/y", "c", "c/x"], [
  "b",
  "b/x",
]][Number(number)]!;
const FILES = [[`${tag}-f`], [`a/${tag}-f`]][Number(number)]!;

/** Those that the others lead through: a link that stays there would lead this process out. No call of the guest moves them then. */
const TRAVERSED = ["a/x", "b", "c"];

/** A link of this process's own, to somewhere. */
function plantLink(): string {
  const link = `link-${number}`;
  attempt(() => Deno.removeSync(`${root}/${link}`, { recursive: true }));
  attempt(() => Deno.symlinkSync(random.pick(TARGETS), `${root}/${link}`));
  return link;
}

/** A directory or file becomes a link and is itself again. */
function swap(): boolean {
  const link = plantLink();
  const name = random.pick(random.chance(70) ? DIRECTORIES : FILES);
  if (!exchange(name, link)) return mend(name);
  if (exchange(name, link)) return true;
  if (TRAVERSED.includes(name)) throw new Error(`cannot take ${name} back`);
  return true; // the guest has moved what it was in
}

/** Makes what the guest has removed. */
function mend(name: string): boolean {
  return attempt(() =>
    FILES.includes(name)
      ? Deno.writeTextFileSync(`${root}/${name}`, "inside", { createNew: true })
      : Deno.mkdirSync(`${root}/${name}`, { recursive: true })
  );
}

/** A deep directory becomes a shallow one and is deep again: `..` in a path through it leads elsewhere meanwhile. */
function lift(): boolean {
  const [deep, shallow] = [`${root}/deep/1/2/3`, `${root}/lifted-${number}`];
  return attempt(() => Deno.renameSync(deep, shallow)) &&
    attempt(() => Deno.renameSync(shallow, deep));
}

/** One link is replaced by another under the same name. */
function relink(): boolean {
  const link = plantLink();
  return attempt(() => Deno.renameSync(`${root}/${link}`, `${root}/s`));
}

let ended = false;
void Deno.stdin.read(new Uint8Array(1)).then(() => ended = true);
console.log("started");
let changes = 0;
while (!ended) {
  for (let i = 0; i < 500; i++) {
    if (random.pick([swap, swap, lift, relink])()) changes++;
  }
  await new Promise((resolve) => setTimeout(resolve, 0));
}
console.log(`${changes}`);
