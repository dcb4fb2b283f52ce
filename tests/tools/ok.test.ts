import { test } from "uvu";
import * as assert from "uvu/assert";
import { join } from "node:path/posix";
import { CHECKOUT, plantProject, type Run, uproot } from "./tree.ts";

const TEST =
  'import { test } from "uvu";\n\ntest("a", () => {});\n\ntest.run();\n';

/** The tools that the gate runs; the others need the project's own sources. */
const TOOLS = ["ok.ts", "walk.ts", "tidy.ts", "tidy", "test.ts", "test"];

/** Runs the gate on a planted tree, which borrows this checkout's tools but prints no documents. */
async function runGate(files: Readonly<Record<string, string>>): Promise<Run> {
  const root = plantProject({
    "tools/docs.ts": "console.log(Deno.args);\n",
    ...files,
  });
  for (const tool of TOOLS) {
    Deno.symlinkSync(join(CHECKOUT, "tools", tool), join(root, "tools", tool));
  }
  const { code, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "-A", "tools/ok.ts"],
    cwd: root,
    stdin: "null",
    stderr: "inherit",
  }).output();
  const text = new TextDecoder().decode(stdout).trimEnd();
  return { code, lines: text.split("\n") };
}

/** The steps that start with a word, in order. */
function steps(lines: readonly string[], word: string): string[] {
  return lines.flatMap((line) => {
    const [first, name, time, unit] = line.split(" ");
    return first === word && unit === "s" && Number(time) >= 0
      ? [name as string]
      : [];
  });
}

test.after(uproot);

test("a good tree passes, and the last line counts its tests", async () => {
  const { code, lines } = await runGate({ "tests/a.test.ts": TEST });
  const passed = ["fmt", "lint", "check", "docs", "tidy"];
  assert.equal(steps(lines, "ok"), passed, lines.join("\n"));
  assert.is(lines.at(-1), "1 passed, 0 failed");
  assert.is(code, 0);
});

test("every step is run and named that fails, and the tests still count", async () => {
  const { code, lines } = await runGate({
    "tests/a.test.ts": TEST,
    "src/cli/main.ts": "export const a: string=1; debugger\n",
  });
  const failed = ["fmt", "lint", "check", "tidy"];
  assert.equal(steps(lines, "FAILED"), failed, lines.join("\n"));
  assert.equal(steps(lines, "ok"), ["docs"]);
  const end = ["failed: fmt, lint, check, tidy", "1 passed, 0 failed"];
  assert.equal(lines.slice(-2), end);
  assert.is(code, 1);
});

test("a failed test fails the gate", async () => {
  const text = TEST.replace("{}", "{\n  throw new Error();\n}");
  const { code, lines } = await runGate({ "tests/a.test.ts": text });
  assert.equal(lines.slice(-2), ["failed: test", "0 passed, 1 failed"]);
  assert.is(code, 1);
});

test("a tree without tests fails the gate", async () => {
  const { code, lines } = await runGate({ "bench/a.ts": "" });
  assert.equal(lines.slice(-2), ["failed: test", "0 passed, 0 failed"]);
  assert.is(code, 1);
});

test.run();
