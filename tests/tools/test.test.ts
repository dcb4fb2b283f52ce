import { test } from "uvu";
import * as assert from "uvu/assert";
import { join } from "node:path/posix";
import { CHECKOUT, plantProject, type Run, runTool, uproot } from "./tree.ts";

const IMPORT = 'import { test } from "uvu";\n';
const RUN = "test.run();\n";
const PASS = `${IMPORT}test("a", () => {});\ntest("b", () => {});\n${RUN}`;
const SECONDS = / \d+\.\d s$/;

/** Runs the runner on planted test files; paths are given without tests/. */
function runTests(
  files: Readonly<Record<string, string>>,
  filters: readonly string[] = [],
): Promise<Run> {
  return runTool(plantTests(files), "test.ts", filters);
}

function plantTests(files: Readonly<Record<string, string>>): string {
  const tests = Object.entries(files)
    .map(([path, text]) => [`tests/${path}`, text]);
  return plantProject(Object.fromEntries(tests));
}

/** Holds that a file failed so, as one test, beside one that passes two. */
async function fails(text: string, summary: RegExp): Promise<Run> {
  const run = await runTests({ "bad.test.ts": text, "good.test.ts": PASS });
  const all = run.lines.join("\n");
  assert.is(run.code, 1, all);
  assert.match(all, summary);
  assert.match(all, /^ok tests\/good\.test\.ts 2 tests \d/m);
  assert.match(all, /run it alone: npx .* run -A tests\/bad\.test\.ts$/m);
  assert.match(run.lines.at(-1) as string, /^\d passed, 1 failed$/);
  return run;
}

test.after(uproot);

test("passing files are counted in tests, one line a file", async () => {
  const one = `${IMPORT}test("a", () => {});\n${RUN}`;
  const { code, lines } = await runTests({
    "a/one.test.ts": one,
    "b/two.test.ts": PASS,
    "b/kit.ts": "throw 1;\n",
  });
  assert.is(code, 0);
  assert.equal(lines.map((line) => line.replace(SECONDS, "")).sort(), [
    "3 passed, 0 failed",
    "ok tests/a/one.test.ts 1 test",
    "ok tests/b/two.test.ts 2 tests",
  ]);
  assert.is(lines.at(-1), "3 passed, 0 failed");
});

test("a file that forgets test.run() fails", async () => {
  const { lines } = await fails(
    `${IMPORT}test("a", () => {});\n`,
    /^FAILED tests\/bad\.test\.ts ran no test/m,
  );
  assert.is(lines.at(-1), "2 passed, 1 failed");
});

test("a file that throws fails, with its output", async () => {
  await fails(
    'console.log("on its way");\nthrow new Error("lost");\n',
    /^FAILED tests\/bad\.test\.ts died with exit code 1 .*\n(.*\n)*? {2}\| on its way\n(.*\n)*? {2}\| .*Error: lost$/m,
  );
});

test("a file that exits well before its tests ran fails", async () => {
  await fails(`${PASS}Deno.exit(0);\n`, /^FAILED .*bad.* ran no test/m);
});

test("a file that passes its tests but exits badly fails", async () => {
  const text = `${PASS}globalThis.onunload = () => Deno.exit(3);\n`;
  const { lines } = await fails(text, /^FAILED .*bad.* died with exit code 3/m);
  assert.is(lines.at(-1), "4 passed, 1 failed");
});

test("failed tests are counted one by one", async () => {
  const text =
    `${IMPORT}test("a", () => {});\ntest("b", () => { throw 1; });\n${RUN}`;
  const { lines } = await fails(text, /^FAILED .*bad.* 1 of 2 tests failed/m);
  assert.is(lines.at(-1), "3 passed, 1 failed");
});

test("failures are named once more in the end, each with its reason", async () => {
  const bad =
    `${IMPORT}test("a", () => {});\ntest("b", () => {\n  throw new Error("lost");\n});\n${RUN}`;
  const { lines } = await runTests({
    "bad.test.ts": bad,
    "good.test.ts": PASS,
    "none.test.ts": "Deno.exit(7);\n",
  });
  const failed = lines.findIndex((line) => line.startsWith("failed "));
  assert.equal(lines.slice(failed).sort(), [
    '  "b": lost',
    "3 passed, 2 failed",
    "failed tests/bad.test.ts: 1 of 2 tests failed",
    "failed tests/none.test.ts: died with exit code 7",
  ]);
});

test("skipped tests are counted apart", async () => {
  const text = `${IMPORT}test("a", () => {});\ntest.skip("b", () => {});\n`;
  const { code, lines } = await runTests({ "a.test.ts": text + RUN });
  assert.is(code, 0);
  assert.match(lines[0] as string, /^ok tests\/a\.test\.ts 1 test, 1 skipped /);
  assert.equal(lines.slice(1), ["1 skipped", "1 passed, 0 failed"]);
});

test("a file killed by a signal fails", async () => {
  const text = 'Deno.kill(Deno.pid, "SIGKILL");\n';
  await fails(text, /^FAILED .*bad.* killed by SIGKILL/m);
});

test("a file that hangs fails after its time", async () => {
  const text = `// timeout 8 s\n${PASS}setInterval(() => {}, 1_000);\n`;
  const { lines } = await fails(text, /^FAILED .*bad.* timed out after 8 s/m);
  assert.is(lines.at(-1), "4 passed, 1 failed");
});

test("what a file started ends with it, however the file ends", async () => {
  const start = [
    'const child = new Deno.Command("sleep", { args: ["1000"] }).spawn();',
    'Deno.writeTextFileSync(Deno.cwd() + "/pid", `${child.pid}`);',
    "",
  ].join("\n");
  for (
    const text of [
      `${start}${PASS}child.unref();\n`,
      `// timeout 8 s\n${start}${PASS}`,
      `${start}throw 1;\n`,
    ]
  ) {
    const root = plantTests({ "a.test.ts": text });
    await runTool(root, "test.ts");
    const pid = Number(Deno.readTextFileSync(join(root, "pid")));
    assert.not(alive(pid), text);
  }
});

test("a process that leaves its group does not hold up the run", async () => {
  const text = [
    'const command = new Deno.Command("sleep", { args: ["1000"], detached: true });',
    "const child = command.spawn();",
    'Deno.writeTextFileSync(Deno.cwd() + "/pid", `${child.pid}`);',
    "child.unref();",
    PASS,
  ].join("\n");
  const root = plantTests({ "a.test.ts": text });
  const { lines } = await runTool(root, "test.ts");
  Deno.kill(Number(Deno.readTextFileSync(join(root, "pid"))), "SIGKILL");
  assert.is(lines.at(-1), "2 passed, 0 failed", lines.join("\n"));
});

test("an interrupted run leaves no process behind", async () => {
  for (const [signal, code] of [["SIGINT", 130], ["SIGTERM", 143]] as const) {
    const text = [
      'const child = new Deno.Command("sleep", { args: ["1000"] }).spawn();',
      "const pids = `${Deno.pid} ${child.pid}`;",
      'Deno.writeTextFileSync(Deno.cwd() + "/pids.new", pids);',
      'Deno.renameSync(Deno.cwd() + "/pids.new", Deno.cwd() + "/pids");',
      "await child.status;\n",
    ].join("\n");
    const root = plantTests({ "a.test.ts": text });
    const runner = new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "-A", join(CHECKOUT, "tools/test.ts")],
      cwd: root,
      stdin: "null",
      stdout: "null",
    }).spawn();
    const pids = await contents(join(root, "pids"));
    runner.kill(signal);
    assert.is((await runner.status).code, code);
    for (const pid of pids.split(" ").map(Number)) await ended(pid);
  }
});

test("a filter picks files by a part of their path", async () => {
  const files = { "a/x.test.ts": PASS, "b/y.test.ts": PASS, "b/z.test.ts": "" };
  const { code, lines } = await runTests(files, ["a/", "y.test"]);
  assert.is(code, 0);
  assert.is(lines.at(-1), "4 passed, 0 failed");
});

test("a long run runs the files that ask for it, tells them so, and gives them their time", async () => {
  const told = `${IMPORT}test("a", () => {\n` +
    '  if (Deno.env.get("LONG") !== "1") throw new Error("not told");\n});\n';
  const { code, lines } = await runTests({
    "a.test.ts": `// alone\n// timeout 0 s\n// long 60 s\n${told}${RUN}`,
    "b.test.ts": PASS,
  }, ["--long"]);
  assert.is(code, 0, lines.join("\n"));
  assert.is(lines.at(-1), "1 passed, 0 failed");
});

test("a run that is not long tells nobody so", async () => {
  const text = `// long 60 s\n${IMPORT}test("a", () => {\n` +
    '  if (Deno.env.has("LONG")) throw new Error("told");\n});\n';
  const { lines } = await runTests({ "a.test.ts": text + RUN });
  assert.is(lines.at(-1), "1 passed, 0 failed", lines.join("\n"));
});

test("a run without a test fails", async () => {
  const expected = ["cannot pass: no test ran", "0 passed, 0 failed"];
  const empty = await runTests({});
  assert.equal(empty, { code: 1, lines: expected });
  const filtered = await runTests({ "a.test.ts": PASS }, ["nothing"]);
  assert.equal(filtered, { code: 1, lines: expected });
});

test("a file that asks to be alone runs after the others have ended", async () => {
  const busy = 'const flag = Deno.cwd() + "/flag";\n' +
    'Deno.writeTextFileSync(flag, "");\n' +
    `${IMPORT}test("a", () => new Promise((done) => setTimeout(() => {\n` +
    "  Deno.removeSync(flag);\n  done(undefined);\n}, 300)));\n" + RUN;
  const alone = `// alone\n${IMPORT}test("a", () => {\n` +
    '  try {\n    Deno.statSync(Deno.cwd() + "/flag");\n' +
    '  } catch {\n    return;\n  }\n  throw new Error("not alone");\n});\n' +
    RUN;
  const { lines } = await runTests({
    "a.test.ts": alone,
    "b.test.ts": busy,
  });
  assert.match(lines.at(-2) as string, /^ok tests\/a\.test\.ts/);
  assert.is(lines.at(-1), "2 passed, 0 failed", lines.join("\n"));
});

test("a flood of output is cut and stays readable", async () => {
  const text = 'console.log("\\u001b[31mfirst\\u001b[0m");\n' +
    'for (let i = 0; i < 10_000; i++) console.log("x".repeat(99));\n' +
    'console.error("last");\nDeno.exit(1);\n';
  const { lines } = await fails(text, /^ {2}\| first$/m);
  const all = lines.join("\n");
  assert.match(all, /^ {2}\| \[… \d+ bytes left out …\]$/m);
  assert.ok(all.length < 30_000);
});

test("a file can start nodes with the deno that runs it", async () => {
  const text = `${IMPORT}test("a", () => {\n` +
    '  if (Deno.env.get("REPLRT_DENO") !== Deno.execPath()) throw 1;\n});\n';
  const { lines } = await runTests({ "a.test.ts": text + RUN });
  assert.is(lines.at(-1), "1 passed, 0 failed", lines.join("\n"));
});

/** The contents of a file, once it exists. */
async function contents(path: string): Promise<string> {
  for (;;) {
    try {
      return Deno.readTextFileSync(path);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
      await new Promise((done) => setTimeout(done, 10));
    }
  }
}

/** Returns once a process is gone; a zombie counts as gone. */
async function ended(pid: number) {
  while (alive(pid)) await new Promise((done) => setTimeout(done, 10));
}

function alive(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) Z/.test(Deno.readTextFileSync(`/proc/${pid}/stat`));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

test.run();
