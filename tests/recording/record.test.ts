/** Every program is recorded, and its replay shows the same. @module */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { join } from "node:path/posix";
import { killNodes } from "../kit/node.ts";
import { removeDirs } from "../kit/place.ts";
import { FAMILIES, problemOf } from "../families/families.ts";
import { argsOf } from "../families/kit/runs.ts";
import { SPECIMENS } from "../solo/specimens.ts";
import { builtTour, gofmt, goTour } from "../toolchains/kit/programs.ts";
import { TABLE } from "../../src/wasi-intercept/table.ts";
import { Edited } from "./kit/edit.ts";
import { assertReplays, type Given, record } from "./kit/runs.ts";

/** Rounds of a family that can be cut short. */
const ROUNDS = 2;

test.after.each(async () => {
  await killNodes();
  removeDirs();
});

for (const { guest, stdout, stderr, code = 0, ...given } of SPECIMENS) {
  const input = given.stdin === undefined ? "" : ` < ${given.stdin.length} B`;
  test(`${[guest, ...given.args ?? []].join(" ")}${input}: a replay shows and ends the same`, async () => {
    const run = await record(guest, given);
    assert.is(run.code, code, run.stderr);
    if (typeof stdout === "string") assert.ok(run.stdout === stdout);
    else assert.match(run.stdout, stdout);
    assert.match(run.stderr, stderr ?? /^$/);
    await assertReplays(run);
  });
}

for (const family of FAMILIES) {
  if (family.listens) continue;
  const rounds = family.name === "ending" ? family.rounds : ROUNDS;
  const what = [family.name, ...family.code ? [family.argument] : []].join(" ");
  test(`the calls of ${what}: a replay shows and ends the same, without the directory`, async () => {
    const run = await record("families", {
      args: argsOf(family, rounds),
      ...family.env ? { env: family.env } : {},
      ...family.files ? { dirs: ["/data"] } : {},
    });
    assert.is(run.code, family.code ?? 0, run.stderr);
    assert.is(problemOf(family, rounds, run.stdout), undefined);
    await assertReplays(run);
  });
}

const TOUR: Given = {
  args: ["/data", "5", "42"],
  env: { TOUR: "grand" },
  dirs: ["/data"],
  stdin: "one line\nund noch zwölf\n",
};

for (const language of ["c", "cpp", "rust", "zig", "as"]) {
  test(`a program built from ${language}: a replay shows and ends the same`, async () => {
    const run = await record(builtTour(language).module, TOUR);
    assert.is(run.code, 42, run.stderr);
    assert.match(run.stdout, /^round 5: /m);
    await assertReplays(run);
  });
}

test("gofmt, built by TinyGo, formats the same text in its replay, whatever it is given", async () => {
  const stdin = "package  p\nvar  b=1\n";
  const run = await record(gofmt().module, { stdin });
  assert.is(run.stdout, "package p\n\nvar b = 1\n");
  await assertReplays(run);
});

/** Clock readings and random bytes before the first output. */
function drawnFirst(file: string): string[] {
  const names = new Map(TABLE.map(({ id, name }) => [id, name]));
  const calls = new Edited(file).messages()
    .map(({ method }) => names.get(method) ?? "");
  return calls.slice(0, calls.indexOf("fd_write"))
    .filter((name) => name === "clock_time_get" || name === "random_get");
}

test("clock and random calls of a runtime's start-up are replayed too (golem 3902)", async () => {
  const run = await record(goTour().module, TOUR);
  assert.is(run.code, 42, run.stderr);
  const drawn = drawnFirst(run.file);
  assert.ok(drawn.includes("clock_time_get"), drawn.join());
  assert.ok(drawn.includes("random_get"), drawn.join());
  await assertReplays(run);
});

test("each line is shown once by the run and once by each replay (wasmer 5468)", async () => {
  const run = await record("count", { args: ["40", "1"] });
  const lines = Array.from({ length: 40 }, (_, i) => `line ${i + 1}\n`);
  assert.is(run.stdout, lines.join(""));
  await assertReplays(run);
  await assertReplays(run);
});

test("what a program asks of a directory that is gone comes from the recording, nothing is made anew", async () => {
  const run = await record("files", { dirs: ["/data"] });
  assert.throws(() => Deno.statSync(join(run.file, "..", "data")));
  const before = Deno.readFileSync(run.file);
  await assertReplays(run);
  assert.equal(Deno.readFileSync(run.file), before);
});

test.run();
