/** Nothing leaves a guest's directory, however it is rearranged meanwhile. @module */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { lstatSync, readlinkSync } from "node:fs";
import { dirname, join } from "node:path/posix";
import { errnoName } from "../../src/wasi-intercept/errno.ts";
import type { OpenHow } from "../../src/wasi-intercept/host.ts";
import { threadId } from "../../src/runtime/host/clock.ts";
import { GuestHost } from "../../src/runtime/host/guest_host.ts";
import { openDirectory } from "../../src/runtime/host/open_directory.ts";
import { removeDirs, tempDir } from "../kit/place.ts";
import { Random } from "../kit/random.ts";

const RENAMER = join(import.meta.dirname as string, "race_renamer.ts");
const DURATION_MS = 10_000;
const SEED = Number(Deno.env.get("SEED") ?? 1);

/** Nothing on this machine begins so: what a call that gets out leaves behind, harms no later run. */
const TAG = `canary-${crypto.randomUUID().slice(0, 8)}`;

/** What a guest makes, and what stands outside under the same names. */
const NAMES = ["f", "g", "h", "m", "k"].map((name) => `${TAG}-${name}`);
const SECRET = "outside";

/** A given directory in one with a canary for every name in it. */
function plant(): { top: string; inside: string } {
  const top = Deno.realPathSync(tempDir());
  const inside = `${top}/in`;
  for (const dir of ["d", "x", "a/x/y", "b/x", "c/x"]) {
    Deno.mkdirSync(`${top}/${dir}`, { recursive: true });
    Deno.mkdirSync(`${inside}/${dir}`, { recursive: true });
  }
  Deno.mkdirSync(`${inside}/deep/1/2/3`, { recursive: true });
  for (const dir of ["", "d", "x", "a", "a/x", "b", "b/x", "c/x"]) {
    Deno.writeTextFileSync(`${inside}/${dir}/${TAG}-f`, "inside");
    for (const name of [`${TAG}-f`, `${TAG}-g`]) {
      Deno.writeTextFileSync(`${top}/${dir}/${name}`, SECRET);
      Deno.utimeSync(`${top}/${dir}/${name}`, 1000, 2000);
    }
    Deno.mkdirSync(`${top}/${dir}/${TAG}-m`);
    Deno.symlinkSync(SECRET, `${top}/${dir}/${TAG}-k`);
  }
  return { top, inside };
}

/** Everything outside that a guest could see or change, with inode, size and times; reading a file changes its first time. */
function outsideOf(top: string, inside: string): Map<string, string> {
  const found = new Map<string, string>();
  const add = (path: string) => {
    const s = lstatSync(path, { bigint: true });
    const atime = s.isFile() ? s.atimeNs : 0n;
    const state = [s.mode, s.nlink, s.size, atime, s.mtimeNs, s.ctimeNs];
    found.set(path, `${s.dev}:${s.ino} ${state.join(" ")}`);
    if (!s.isDirectory()) return;
    for (const { name } of Deno.readDirSync(path)) {
      if (`${path}/${name}` !== inside) add(`${path}/${name}`);
    }
  };
  add(top);
  return found;
}

/** The directories above, by inode; the names must not appear in them. */
function above(top: string): Map<string, string> {
  const found = new Map<string, string>();
  for (let dir = dirname(top);; dir = dirname(dir)) {
    const { dev, ino } = lstatSync(dir, { bigint: true });
    found.set(`${dev}:${ino}`, dir);
    for (const name of NAMES) {
      const there = lstatSync(join(dir, name), { throwIfNoEntry: false });
      assert.is(there, undefined, `${dir}/${name}`);
    }
    if (dir === "/") return found;
  }
}

/** The guest: makes calls with paths that may lead out, and holds that none does. */
class Prisoner {
  /** By call and outcome. */
  readonly counts = new Map<string, Map<string, number>>();
  readonly #host = new GuestHost(threadId(), undefined);
  readonly #random = new Random(SEED);
  readonly #root: number;
  readonly #inside: string;
  readonly #top: string;
  /** Inodes outside. */
  readonly #forbidden: ReadonlySet<string>;

  constructor(top: string, inside: string, forbidden: ReadonlySet<string>) {
    this.#root = openDirectory(inside);
    this.#inside = inside;
    this.#top = top;
    this.#forbidden = forbidden;
  }

  step(): void {
    const calls = Object.entries(this.#calls);
    const [name, call] = this.#random.pick(calls);
    const path = this.#path();
    const result = call(path);
    const outcome = result < 0 ? errnoName(-result) : "success";
    const counts = this.counts.get(name) ?? new Map<string, number>();
    this.counts.set(name, counts.set(outcome, 1 + (counts.get(outcome) ?? 0)));
  }

  #path(): string {
    const random = this.#random;
    const up = this.#top.slice(1);
    const prefix = random.pick([
      ...["", "a/x/", "b/x/", "c/x/", "a/x/y/", "c/", "s/", `${TAG}-k/`],
      ...[
        "a/x/../",
        "a/x/y/../../../",
        "deep/1/2/3/../../../../",
        "c/x/../../",
      ],
      ...[`a/x/${up}/`, `s/${up}/`, `${this.#top}/`, "../", "a/../../"],
    ]);
    const last = random.pick([
      ...[...NAMES, ...NAMES, `d/${TAG}-f`, `x/${TAG}-f`],
      ...[`${TAG}-f/`, `${TAG}-m/`, `${TAG}-k/`, "x/", ".", "..", "x/."],
    ]);
    return random.chance(10) ? prefix : prefix + last;
  }

  readonly #calls: Readonly<Record<string, (path: string) => number>> = {
    open: (path) => this.#open(path, { read: true }),
    openDirectory: (path) => this.#open(path, { read: true, oflags: 2 }),
    create: (path) => this.#open(path, { write: true, oflags: 1 }),
    truncate: (path) => this.#open(path, { write: true, oflags: 1 | 8 }),
    createNew: (path) => this.#open(path, { write: true, oflags: 1 | 4 }),
    stat: (path) => {
      const follow = this.#random.chance(50);
      const stat = this.#host.statAt(this.#root, bytes(path), follow);
      if (typeof stat === "number") return stat;
      this.#holdInside(stat, path);
      return 0;
    },
    createDirectory: (path) =>
      this.#host.createDirectory(this.#root, bytes(path)),
    removeDirectory: (path) =>
      this.#host.removeDirectory(this.#root, bytes(path)),
    unlink: (path) => this.#host.unlink(this.#root, bytes(path)),
    rename: (path) => {
      const to = bytes(this.#path());
      return this.#host.rename(this.#root, bytes(path), this.#root, to);
    },
    link: (path) => {
      const follow = this.#random.chance(50);
      const to = bytes(this.#path());
      return this.#host.link(this.#root, bytes(path), follow, this.#root, to);
    },
    symlink: (path) => {
      const target = this.#random.pick(["..", "../..", "a/x", `../${TAG}-f`]);
      return this.#host.symlink(bytes(target), this.#root, bytes(path));
    },
    readlink: (path) => {
      const target = this.#host.readlink(this.#root, bytes(path));
      if (typeof target === "number") return target;
      assert.is.not(new TextDecoder().decode(target), SECRET, path);
      return 0;
    },
    setTimes: (path) => {
      const times = { atim: 5n, mtim: 6n, flags: 1 | 4 };
      const follow = this.#random.chance(50);
      return this.#host.setTimesAt(this.#root, bytes(path), follow, times);
    },
  };

  #open(path: string, how: Partial<OpenHow>): number {
    const handle = this.#host.open(this.#root, bytes(path), {
      oflags: 0,
      fdflags: 0,
      read: false,
      write: false,
      follow: this.#random.chance(70),
      ...how,
    });
    if (handle < 0) return handle;
    const place = readlinkSync(`/proc/self/fd/${handle}`);
    const within = place === this.#inside ||
      place.startsWith(`${this.#inside}/`);
    assert.ok(within, `${path} opens ${place}`);
    if (how.oflags === 2) this.#holdClosed(handle);
    this.#host.close(handle);
    return 0;
  }

  /** A directory that was opened is the given one for what is called on it. */
  #holdClosed(handle: number): void {
    for (const path of ["..", `../${TAG}-f`, "/", "./../x"]) {
      const stat = this.#host.statAt(handle, bytes(path), true);
      assert.is(typeof stat, "number", path);
    }
  }

  #holdInside({ dev, ino }: { dev: bigint; ino: bigint }, path: string): void {
    const device = (dev >> 32n) << 8n | (dev & 0xffn);
    assert.not(this.#forbidden.has(`${device}:${ino}`), `stat ${path}`);
  }
}

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** Starts a process that rearranges `dir`; gives what ends it and resolves to how often it did. */
async function startRenamer(
  dir: string,
  number: number,
): Promise<() => Promise<number>> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--quiet",
      "-A",
      RENAMER,
      dir,
      `${number}`,
      `${2 * SEED + number}`,
      TAG,
    ],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const { value } = await lines.read();
  assert.match(value ?? "", "started");
  return async () => {
    await child.stdin.close();
    let text = "";
    for (let part = await lines.read(); !part.done; part = await lines.read()) {
      text += part.value;
    }
    await child.status;
    return Number(text);
  };
}

test.after(removeDirs);

test("no call leaves the directory while others rename directories and swap links in it", async () => {
  const { top, inside } = plant();
  const before = outsideOf(top, inside);
  const inodes = [...before.values()].map((state) => state.split(" ")[0]!);
  const forbidden = new Set([...inodes, ...above(top).keys()]);
  const prisoner = new Prisoner(top, inside, forbidden);
  const renamers = await Promise.all(
    [0, 1].map((n) => startRenamer(inside, n)),
  );
  let changes: number[] = [];
  try {
    const end = performance.now() + DURATION_MS;
    while (performance.now() < end) {
      for (let i = 0; i < 500; i++) prisoner.step();
    }
  } finally {
    changes = await Promise.all(renamers.map((stop) => stop()));
  }
  console.log(`\n${report(prisoner.counts)}\nrenamed: ${changes.join(" + ")}`);
  assert.equal(outsideOf(top, inside), before);
  above(top);
  for (const [name, counts] of prisoner.counts) {
    for (const outcome of ["success", "notcapable"]) {
      assert.ok(counts.has(outcome), `no ${name} ended with ${outcome}`);
    }
  }
  assert.ok(changes.every((n) => n > 100), "too little was renamed");
});

/** A line a call: how often it ended in what way. */
function report(counts: ReadonlyMap<string, Map<string, number>>): string {
  return [...counts].sort().map(([name, outcomes]) => {
    const parts = [...outcomes].sort(([, a], [, b]) => b - a);
    return `${name}: ${parts.map(([what, n]) => `${n} ${what}`).join(", ")}`;
  }).join("\n");
}

test.run();
