import { test } from "uvu";
import * as assert from "uvu/assert";
import { join } from "node:path/posix";
import { guest, killNodes, startNode } from "../kit/node.ts";
import { removeDirs, tempDir } from "../kit/place.ts";
import { type Specimen, SPECIMENS } from "./specimens.ts";

const ORACLE = join(import.meta.dirname as string, "oracle.mjs");

interface Seen {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number;
}

function nameOf({ guest, args = [], stdin }: Specimen): string {
  const input = stdin === undefined ? "" : ` with ${stdin.length} B of input`;
  return [guest, ...args].join(" ") + input;
}

/** Runs a specimen by the launcher. */
async function run(specimen: Specimen): Promise<Seen> {
  const { args = [], env = {}, dirs = [], stdin } = specimen;
  const node = startNode([
    "run",
    ...dirs.flatMap((dir) => ["--dir", `${tempDir()}::${dir}`]),
    ...Object.entries(env).flatMap(([k, v]) => ["--env", `${k}=${v}`]),
    guest(specimen.guest),
    ...args,
  ], stdin === undefined ? {} : { stdin });
  const { code } = await node.exit;
  const stderr = node.stderr.map((line) => `${line}\n`).join("");
  return { stdout: node.stdout, stderr, code };
}

/** Runs a specimen under node:wasi. */
async function ask(specimen: Specimen): Promise<Seen> {
  const { args = [], env = {}, dirs = [], stdin = "" } = specimen;
  const order = {
    module: guest(specimen.guest),
    args,
    env,
    dirs: dirs.map((dir) => [dir, tempDir()]),
  };
  const child = new Deno.Command("node", {
    args: ["--no-warnings", ORACLE, JSON.stringify(order)],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const fed = new Blob([stdin]).stream().pipeTo(child.stdin);
  const [{ code, stdout, stderr }] = await Promise.all([child.output(), fed]);
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { stdout: text(stdout), stderr: text(stderr), code };
}

function assertSeen(text: string, wanted: string | RegExp, what: string) {
  if (typeof wanted === "string") {
    assert.ok(
      text === wanted,
      `${what} is ${JSON.stringify(text.slice(-400))}`,
    );
  } else assert.match(text, wanted, what);
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

test.after(async () => {
  await killNodes();
  removeDirs();
});

for (const specimen of SPECIMENS) {
  test(`replrt run ${nameOf(specimen)}`, async () => {
    const { stdout, stderr, code } = await run(specimen);
    assertSeen(stderr, specimen.stderr ?? "", "stderr");
    assertSeen(stdout, specimen.stdout, "stdout");
    assert.is(code, specimen.code ?? 0);
  });
}

/** What another WASI prints and gives for the same: not traps, whose ends are our own. */
const COMPARABLE = SPECIMENS.filter(({ guest, code }) =>
  !["clock", "random", "calls", "echo"].includes(guest) && code !== 134
);

const version = nodeVersion();
if (version instanceof Error) {
  console.log(`skipped: no node:wasi to compare with: ${version.message}`);
} else {
  for (const specimen of COMPARABLE) {
    test(`${nameOf(specimen)} is as under node:wasi of ${version}`, async () => {
      const [own, other] = [await run(specimen), await ask(specimen)];
      assert.is(own.code, other.code);
      assert.ok(own.stdout === other.stdout, "stdout differs");
      assert.ok(own.stderr === other.stderr, "stderr differs");
    });
  }
}

test.run();
