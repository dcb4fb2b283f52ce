import { createHash } from "node:crypto";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { preparedThreads } from "../../src/runtime/module/threads/cache.ts";
import { rewriteThreads } from "../../src/runtime/module/threads/rewrite.ts";
import { wat } from "./threads_kit.ts";

const MODULE = wat(`(module (memory 1 1 shared)
  (func (export "f") (loop $l (br_if $l (i32.load (i32.const 0))))))`);
const HASH = sha256(MODULE);
const MADE = rewriteThreads(MODULE, { fine: false });
const FINE = rewriteThreads(MODULE, { fine: true });
/** More files than the cache keeps. */
const MANY = 20;
const KEPT = 16;
const PERMISSIONS = 0o777;

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** Runs `body` with an empty directory as the place of caches, and gives `body` the one of replrt. */
function withCache(body: (dir: string) => void): void {
  const place = Deno.makeTempDirSync();
  withEnvironment({ XDG_CACHE_HOME: place }, () => body(`${place}/replrt`));
  Deno.removeSync(place, { recursive: true });
}

/** Runs `body` with these variables only of those that say where the cache is. */
function withEnvironment(
  variables: Readonly<Record<string, string>>,
  body: () => void,
): void {
  const names = ["XDG_CACHE_HOME", "HOME"];
  const before = names.map((name) => [name, Deno.env.get(name)] as const);
  try {
    for (const name of names) set(name, variables[name]);
    body();
  } finally {
    for (const [name, value] of before) set(name, value);
  }
}

function set(name: string, value: string | undefined): void {
  if (value === undefined) Deno.env.delete(name);
  else Deno.env.set(name, value);
}

function filesIn(dir: string): string[] {
  return [...Deno.readDirSync(dir)].map(({ name }) => name).sort();
}

function prepared(fine = false): Uint8Array<ArrayBuffer> {
  return preparedThreads(MODULE, HASH, fine);
}

test("what was prepared is kept, private to its user, and used again", () => {
  withCache((dir) => {
    assert.equal(prepared(), MADE);
    const [file, ...others] = filesIn(dir);
    assert.equal(others, []);
    assert.is(Deno.statSync(dir).mode! & PERMISSIONS, 0o700);
    assert.is(Deno.statSync(`${dir}/${file}`).mode! & PERMISSIONS, 0o600);
    // Another module under this hash would be rewritten to something else, or to nothing at all.
    assert.equal(preparedThreads(new Uint8Array(8), HASH, false), MADE);
    assert.ok(WebAssembly.validate(prepared()));
  });
});

test("modes are kept apart, and so are modules", () => {
  withCache((dir) => {
    assert.equal(prepared(true), FINE);
    assert.equal(prepared(false), MADE);
    assert.equal(prepared(true), FINE);
    const other = wat("(module (memory 1 2 shared))");
    preparedThreads(other, sha256(other), false);
    assert.is(filesIn(dir).length, 3);
    assert.equal(prepared(), MADE);
  });
});

test("the name of what is kept says the version of the rewriter", () => {
  withCache((dir) => {
    prepared();
    const [name] = filesIn(dir);
    assert.match(name!, new RegExp(`^${HASH}-threads\\d+\\.wasm$`));
    const other = name!.replace(/threads(\d+)/, (_, n) => `threads${+n + 1}`);
    Deno.renameSync(`${dir}/${name}`, `${dir}/${other}`);
    assert.equal(prepared(), MADE);
    assert.equal(filesIn(dir), [name, other].sort());
  });
});

test("what is damaged, cut off, renamed or not a file is made again", () => {
  withCache((dir) => {
    prepared(true);
    const [fine] = filesIn(dir);
    prepared();
    const name = filesIn(dir).find((name) => name !== fine)!;
    const path = `${dir}/${name}`;
    const good = Deno.readFileSync(path);
    const flipped = good.slice();
    flipped[good.length >> 1]! ^= 1;
    for (
      const bad of [
        flipped,
        good.subarray(0, -1),
        good.subarray(0, MADE.length),
        good.subarray(0, 5),
        new Uint8Array(),
        Deno.readFileSync(`${dir}/${fine}`),
      ]
    ) {
      Deno.writeFileSync(path, bad);
      assert.equal(prepared(), MADE);
      assert.equal(Deno.readFileSync(path), good);
    }
    Deno.removeSync(path);
    Deno.mkdirSync(path);
    assert.equal(prepared(), MADE);
    assert.equal(filesIn(dir), [name, fine].sort());
  });
});

test("without a place for a cache, modules are prepared each time", () => {
  const file = Deno.makeTempFileSync();
  for (
    const variables of [
      {},
      { XDG_CACHE_HOME: "", HOME: "" },
      { XDG_CACHE_HOME: "not/absolute" },
      { XDG_CACHE_HOME: file },
      { HOME: `${file}/home` },
      { XDG_CACHE_HOME: "/proc" },
    ]
  ) {
    withEnvironment(variables, () => {
      assert.equal(prepared(), MADE);
      assert.equal(prepared(), MADE);
    });
  }
  Deno.removeSync(file);
});

test("the cache is in the home directory when nothing else is said", () => {
  const home = Deno.makeTempDirSync();
  withEnvironment({ HOME: home, XDG_CACHE_HOME: "relative" }, () => {
    prepared();
    assert.is(filesIn(`${home}/.cache/replrt`).length, 1);
  });
  Deno.removeSync(home, { recursive: true });
});

test("only what was used last is kept", () => {
  withCache((dir) => {
    prepared();
    const [used] = filesIn(dir);
    for (let n = 0; n < MANY; n++) {
      const age = new Date(Date.now() - 1_000 * (1 + n));
      Deno.writeTextFileSync(`${dir}/${n}`, "");
      Deno.utimeSync(`${dir}/${n}`, age, age);
    }
    Deno.utimeSync(`${dir}/${used}`, 1, 1);
    assert.equal(prepared(), MADE);
    prepared(true);
    const left = filesIn(dir);
    assert.is(left.length, KEPT);
    assert.ok(left.includes(used!) && left.includes("0"));
    assert.not.ok(left.includes(`${MANY - 1}`));
  });
});

test.run();
