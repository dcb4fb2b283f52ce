/** The workflow file that users copy. @module */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { join } from "node:path/posix";
import { guest } from "../kit/node.ts";
import { removeDirs, tempDir } from "../kit/place.ts";
import { parseXml } from "./kit/xml.ts";
import { parseYaml, type Yaml } from "./kit/yaml.ts";

const ROOT = join(import.meta.dirname as string, "../..");
const NPX = "npx -y deno@2.9.6 ";
const WORKFLOW = parseYaml(
  Deno.readTextFileSync(join(ROOT, "examples/ci/deterministic.yml")),
);

test.after(removeDirs);

/** What stands at a path of keys and indices. */
function at(...path: readonly (string | number)[]): Yaml | undefined {
  let found: Yaml | undefined = WORKFLOW;
  for (const key of path) {
    if (typeof found !== "object") return undefined;
    found = (found as Record<string | number, Yaml>)[key];
  }
  return found;
}

function steps(): readonly Record<string, Yaml>[] {
  return at("jobs", "check", "steps") as unknown as Record<string, Yaml>[];
}

/** Runs the workflow's line as a runner would, but with this Deno, on the guest `name`. */
async function runLine(name: string) {
  const line = steps().map(({ run }) => run).find((run) => run !== undefined);
  assert.ok(typeof line === "string" && line.startsWith(NPX));
  const cwd = tempDir();
  Deno.symlinkSync(ROOT, join(cwd, "replrt"));
  Deno.copyFileSync(guest(name), join(cwd, "app.wasm"));
  const { code, stdout, stderr } = await new Deno.Command("sh", {
    args: ["-ec", `"$DENO" ${(line as string).slice(NPX.length)}`],
    cwd,
    env: { DENO: Deno.execPath(), GITHUB_ACTIONS: "true", NO_COLOR: "1" },
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  const junit = parseXml(Deno.readTextFileSync(join(cwd, "replrt-check.xml")));
  return { code, stdout: text(stdout), stderr: text(stderr), junit };
}

test("the workflow has what a runner needs", () => {
  assert.equal(at("on"), ["push", "pull_request"]);
  assert.is(at("jobs", "check", "runs-on"), "ubuntu-latest");
  for (const step of steps()) {
    assert.is.not(step.uses === undefined, step.run === undefined);
  }
  const uses = steps().flatMap(({ uses }) => uses ?? []);
  for (const action of ["checkout", "setup-node", "upload-artifact"]) {
    assert.ok(uses.some((use) => String(use).startsWith(`actions/${action}@`)));
  }
  const report = steps().at(-1);
  assert.is(report?.if, "always()");
  const line = steps().map(({ run }) => run).join("");
  const { path } = report?.with as Record<string, Yaml>;
  assert.match(line, `--junit ${path} `);
});

test("its line passes a deterministic program", async () => {
  const { code, stdout, stderr, junit } = await runLine("hello");
  assert.is(code, 0, stderr);
  assert.match(stdout, "app.wasm: deterministic");
  assert.is(junit.attributes.failures, "0");
});

test("its line fails one that is not, and annotates why", async () => {
  const { code, stderr, junit } = await runLine("random");
  assert.is(code, 1);
  assert.match(
    stderr,
    /^::error title=\S+ check app.wasm%3A random::random bytes reach/m,
  );
  assert.is(junit.attributes.failures, "2");
});

test.run();
