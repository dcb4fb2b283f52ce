/** Families of calls on one node, against their texts and against node:wasi. @module */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { join } from "node:path/posix";
import { guest, killNodes } from "../kit/node.ts";
import { removeDirs, tempDir } from "../kit/place.ts";
import { FAMILIES, type Family, problemOf } from "./families.ts";
import { argsOf, type Ended, runSolo } from "./kit/runs.ts";
import { leftIn } from "./kit/left.ts";
import { NOT_COMPARED, STEPS_LEFT_OUT } from "./node_wasi.ts";

const ORACLE = join(import.meta.dirname as string, "../solo/oracle.mjs");
const ROUNDS = 2;

/** Ways to end in the first of two rounds, and what comes of it. */
const ENDINGS:
  readonly (readonly [argument: string, code: number, raised?: string])[] = [
    ["exit 0 1", 0],
    ["exit 7 1", 7],
    ["exit 255 1", 255],
    ["raise 1 1", 129],
    ["raise 6 1", 134],
    ["raise 9 1", 137],
    ["raise 30 1", 159],
    ["raise 0 1", 0, "success"],
    ["raise 16 1", 0, "success"],
    ["raise 27 1", 0, "success"],
    ["raise 18 1", 0, "notsup"],
    ["raise 31 1", 0, "inval"],
  ];

/** Runs a family under node:wasi. */
async function ask(family: Family, rounds: number): Promise<Ended> {
  const dir = tempDir();
  const order = {
    module: guest("families"),
    args: argsOf(family, rounds),
    env: family.env ?? {},
    dirs: family.files ? [["/data", dir]] : [],
  };
  const { code, stdout, stderr } = await new Deno.Command("node", {
    args: ["--no-warnings", ORACLE, JSON.stringify(order)],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return {
    stdout: text(stdout),
    stderr: [text(stderr)],
    code,
    left: leftIn(dir),
  };
}

/** The steps of a family that both have to print alike. */
function compared({ name }: Family, stdout: string): string[] {
  const out = STEPS_LEFT_OUT[name] ?? {};
  return stdout.split("\n")
    .filter((line) => out[line.split(": ")[0] as string] === undefined);
}

/** What both have to leave alike: not the link that leaves the directory, which node:wasi does not make. */
function comparedFiles({ left }: Ended): Record<string, string> {
  return Object.fromEntries(
    Object.entries(left).filter(([path]) => !path.endsWith("/out")),
  );
}

/** Node's version, or why it can't be asked. */
function nodeVersion(): string | Error {
  try {
    const { stdout } = new Deno.Command("node", { args: ["--version"] })
      .outputSync();
    return new TextDecoder().decode(stdout).trim();
  } catch (error) {
    return error as Error;
  }
}

test.after.each(async () => {
  await killNodes();
  removeDirs();
});

const families = FAMILIES.filter(({ name }) => name !== "ending");

/** What the first tests saw, for the later ones to compare. */
const seen = new Map<string, Ended>();

for (const family of families) {
  test(`${family.name}: each step gives what the spec says`, async () => {
    const ended = await runSolo(family, ROUNDS);
    seen.set(family.name, ended);
    const { stdout, stderr, code } = ended;
    assert.is(problemOf(family, ROUNDS, stdout), undefined);
    assert.is(code, 0, stderr.join("\n"));
  });
}

for (const [argument, code, raised] of ENDINGS) {
  test(`ending: ${argument} ends with ${code}`, async () => {
    const family = { name: "ending", argument, rounds: 2, prints: /^$/ };
    const ended = await runSolo(family, 2);
    const lines = raised === undefined
      ? ["yields 1: success"]
      : ["yields 1: success", `raised: ${raised}`, "yields 2: success"];
    assert.is(ended.stdout, lines.map((line) => `${line}\n`).join(""));
    assert.is(ended.code, code, ended.stderr.join("\n"));
  });
}

const version = nodeVersion();
if (version instanceof Error) {
  console.log(`skipped: no node:wasi to compare with: ${version.message}`);
} else {
  for (const family of families) {
    if (NOT_COMPARED[family.name] !== undefined) continue;
    test(`${family.name} is as under node:wasi of ${version}`, async () => {
      const own = seen.get(family.name) as Ended;
      const other = await ask(family, ROUNDS);
      assert.is(own.code, other.code, other.stderr.join("\n"));
      if (family.prints instanceof RegExp) {
        assert.is(problemOf(family, ROUNDS, other.stdout), undefined);
      } else {
        assert.equal(
          compared(family, own.stdout),
          compared(family, other.stdout),
        );
      }
      assert.equal(comparedFiles(own), comparedFiles(other));
    });
  }
}

test("every step that is left out of the comparison is one that its family has", () => {
  for (const [name, steps] of Object.entries(STEPS_LEFT_OUT)) {
    const { prints } = families.find((family) =>
      family.name === name
    ) as Family;
    const text = prints instanceof RegExp ? "" : prints(1, 1);
    for (const step of Object.keys(steps)) {
      assert.ok(`\n${text}`.includes(`\n${step}: `), `${name}: ${step}`);
    }
  }
});

test.run();
