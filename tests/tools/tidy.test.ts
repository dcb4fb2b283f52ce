import { test } from "uvu";
import * as assert from "uvu/assert";
import { tidy } from "../../tools/tidy.ts";
import { plant, runTool, uproot } from "./tree.ts";

/** The breaches of a planted tree, as tidy prints them. */
function breachesOf(files: Record<string, string>): string[] {
  return tidy(plant(files)).breaches
    .map(({ path, line, text }) => `${path}:${line}: ${text}`);
}

/** Holds that one file, planted alone, has exactly these breaches. */
function reports(path: string, text: string, ...expected: RegExp[]) {
  const found = breachesOf({ [path]: text });
  assert.is(found.length, expected.length, found.join("\n"));
  expected.forEach((pattern, i) => assert.match(found[i] as string, pattern));
}

test.after(uproot);

test("an import against the layers is reported", () => {
  const wrong: [from: string, to: string][] = [
    ["bytes/a.ts", "engine/message.ts"],
    ["engine/a.ts", "wasi-intercept/table.ts"],
    ["engine/a.ts", "runtime/run.ts"],
    ["engine/a.ts", "engine/transports/tcp.ts"],
    ["wasi-intercept/a.ts", "engine/primary.ts"],
    ["wasi-intercept/a.ts", "runtime/run.ts"],
    ["runtime/a.ts", "cli/main.ts"],
    ["cli/a.ts", "embed/node.ts"],
    ["embed/a.ts", "mod.ts"],
  ];
  for (const [from, to] of wrong) {
    const up = "../".repeat(from.split("/").length - 1) || "./";
    const text = `import { b } from "${up}${to}";\nb();\n`;
    const found = breachesOf({ [`src/${from}`]: text });
    assert.is(found.length, 1, `${from} ${to}`);
    assert.ok(found[0]?.startsWith(`src/${from}:1: cannot import src/${to}: `));
  }
});

test("imports along the layers are allowed", () => {
  const right: [from: string, to: string][] = [
    ["engine/a.ts", "bytes/layout.ts"],
    ["engine/transports/a.ts", "engine/frame.ts"],
    ["wasi-intercept/a.ts", "engine/message.ts"],
    ["wasi-intercept/a.ts", "bytes/layout.ts"],
    ["runtime/a.ts", "engine/primary.ts"],
    ["runtime/a.ts", "wasi-intercept/table.ts"],
    ["cli/a.ts", "runtime/run.ts"],
    ["embed/a.ts", "cli/options.ts"],
    ["mod.ts", "embed/node.ts"],
  ];
  for (const [from, to] of right) {
    const up = "../".repeat(from.split("/").length - 1) || "./";
    reports(`src/${from}`, `import type { B } from "${up}${to}";\n`);
  }
});

test("imports in any form are seen", () => {
  for (
    const form of [
      'import "../runtime/a.ts";',
      'import {\n  a,\n  b,\n} from "../runtime/a.ts";',
      'import type { A } from "../runtime/a.ts";',
      'export * from "../runtime/a.ts";',
      'const a = import("../runtime/a.ts");',
    ]
  ) {
    const found = breachesOf({ "src/bytes/a.ts": `/** A. */\n${form}\n` });
    assert.match(
      found[0] ?? form,
      /cannot import src\/runtime\/a\.ts: it lies/,
    );
  }
});

test("sockets are for the transports alone", () => {
  const text = 'import net from "node:net";\nnet;\n';
  reports("src/engine/transports/tcp.ts", text);
  reports(
    "src/engine/a.ts",
    text,
    /:1: cannot import node:net: sockets belong/,
  );
  reports("src/bytes/a.ts", text, /:1: cannot import node:net: sockets belong/);
});

test("a pure folder imports the packages on its list only", () => {
  const text = 'import { crc32 } from "node:zlib";\ncrc32;\n';
  reports("src/engine/a.ts", text);
  reports(
    "src/bytes/a.ts",
    text,
    /:1: cannot import node:zlib: src\/bytes\/ may/,
  );
  reports("src/runtime/a.ts", text);
});

test("files by node are for the host's folder alone", () => {
  const text = 'import fs from "node:fs";\nfs;\n';
  reports("src/runtime/host/a.ts", text);
  reports("src/runtime/a.ts", text, /:1: cannot import node:fs: the host's/);
});

test("a file of no layer and an import from outside src are reported", () => {
  reports("src/util/a.ts", "", /src\/util\/a\.ts:1: cannot place this file/);
  const text = 'import { walk } from "../../tools/walk.ts";\nwalk;\n';
  reports("src/cli/a.ts", text, /cannot import tools\/walk\.ts: it is no part/);
  const json = 'import a from "../../deno.json" with { type: "json" };\na;\n';
  reports("src/cli/a.ts", json);
});

test("what only the host may do is reported elsewhere, with what to do", () => {
  for (
    const word of [
      "Deno.dlopen",
      "Deno.UnsafePointer",
      "Deno.readTextFileSync",
      "Deno.open",
      "Deno.stat",
      "Date.now",
      "performance.now",
      "Math.random",
      "crypto.getRandomValues",
      "crypto.randomUUID",
    ]
  ) {
    const text = `\n${word}(x);\n`;
    reports("src/runtime/host/a.ts", text);
    for (const folder of ["runtime", "cli", "engine/transports"]) {
      const found = breachesOf({ [`src/${folder}/a.ts`]: text });
      assert.is(found.length, 1, `${word} in ${folder}`);
      assert.match(found[0] as string, `:2: cannot use ${word} here: `);
    }
  }
});

test("timers and Deno are reported in the pure folders", () => {
  for (const folder of ["bytes", "engine", "wasi-intercept"]) {
    const path = `src/${folder}/a.ts`;
    reports(
      path,
      "setTimeout(f, 1);\n",
      /:1: cannot use setTimeout here: take/,
    );
    reports(path, "setInterval(f);\n", /:1: cannot use setInterval here: take/);
    reports(path, "Deno.exit(1);\n", /:1: cannot use Deno\.exit here: let/);
  }
  const text = "setTimeout(f, 1);\nDeno.exit(1);\n";
  reports("src/engine/transports/a.ts", text);
  reports("src/runtime/a.ts", text);
});

test("waiting is reported in the engine", () => {
  const path = "src/engine/a.ts";
  reports(path, "await f();\n", /:1: cannot use await here: take the result/);
  reports(path, "let p: Promise<void>;\n", /:1: cannot use Promise here/);
  reports(path, "f(async () => 1);\n", /:1: cannot use async here/);
  reports(path, "class A {\n  await(b: B): void {}\n}\na.await(b);\n");
  reports(path, "const policy = { async: true };\npolicy.async;\n");
  reports("src/engine/transports/a.ts", "await f();\n");
});

test("words in comments, strings, templates and patterns are not code", () => {
  const text = [
    "// Date.now() and await",
    "/* Math.random() */",
    "f(\"Date.now()\", 'it\\'s Math.random()', `Date.now() ${1} await`);",
    "f(/Date.now[/'\"`]/, 4 / 2, `${`${'Date.now'}`}`);",
    "",
  ].join("\n");
  reports("src/engine/a.ts", text);
  const code = text + "f(`${Date.now()}`);\n";
  reports("src/engine/a.ts", code, /:5: cannot use Date\.now here/);
});

test("an import cycle is reported once, with its round", () => {
  const found = breachesOf({
    "src/bytes/a.ts": 'import { b } from "./b.ts";\nb;\n',
    "src/bytes/b.ts": 'import { c } from "./c.ts";\nc;\n',
    "src/bytes/c.ts": '\nimport type { A } from "./a.ts";\n',
  });
  assert.equal(found, [
    "src/bytes/c.ts:2: cannot import src/bytes/a.ts: a cycle, src/bytes/a.ts → src/bytes/b.ts → src/bytes/c.ts → src/bytes/a.ts",
  ]);
});

test("a file that no root reaches is reported", () => {
  const files = {
    "src/cli/main.ts": 'import { a } from "../runtime/a.ts";\na;\n',
    "src/runtime/a.ts": "",
    "src/runtime/worker.ts": 'import { b } from "./b.ts";\nb;\n',
    "src/runtime/b.ts": "",
    "src/runtime/lost.ts": 'import { b } from "./b.ts";\nb;\n',
  };
  const found = breachesOf(files);
  assert.is(found.length, 1, found.join("\n"));
  assert.match(found[0] as string, /^src\/runtime\/lost\.ts:1: cannot keep/);
});

test("a file of more than 400 lines is reported", () => {
  reports("tools/a.ts", "f();\n".repeat(400));
  const text = "f();\n".repeat(401);
  reports("tools/a.ts", text, /^tools\/a\.ts:401: cannot have 401 lines: 400/);
  reports("guests/a.c", text, /^guests\/a\.c:401: cannot have 401 lines: 400/);
});

test("a function of more than 70 lines is reported, whatever its form", () => {
  for (
    const [head, tail] of [
      ["function f() {", "}"],
      ["function f<T>(a: T): Map<string, { a: number }> {", "}"],
      ["function f(a: unknown): a is { b: 1 } {", "}"],
      ["const f = (a = {}): { b: string } => {", "};"],
      ["const f = async (a) => {", "};"],
      ["list.map((a) => {", "});"],
      ["list.map(a => {", "});"],
      ["class A { static async f(a: string): Promise<void> {", "} }"],
      ["class A { get f() {", "} }"],
      ["const a = { f(b) {", "} };"],
      ["function* f(a: { b: string }) {", "}"],
    ]
  ) {
    const body = (lines: number) =>
      `${head}\n${"g();\n".repeat(lines)}${tail}\n`;
    assert.equal(breachesOf({ "tools/a.ts": body(68) }), [], head);
    const found = breachesOf({ "tools/a.ts": body(69) });
    assert.is(found.length, 1, `${head}\n${found.join("\n")}`);
    assert.match(
      found[0] as string,
      "tools/a.ts:1: cannot have a function of 71 lines: 70 is the limit",
    );
  }
});

test("long blocks, classes, types and tables are no functions", () => {
  const filler = "a: 1,\n".repeat(80);
  for (
    const head of [
      "if (f()) {",
      "for await (const a of b) {",
      "switch (a) {",
      "try {",
      "class A extends B {",
      "interface A {",
      "const a: Record<string, number> = {",
      "const a = f(b) ? {",
      "function f(): void {}\n\nconst b = {",
      "const f = (): void => {};\nlabel: {",
    ]
  ) {
    const text = `${head}\n${filler}}\n`;
    assert.equal(breachesOf({ "tools/a.ts": text }), [], head);
  }
});

test("unfinished work is reported in comments only", () => {
  for (const mark of ["TODO", "FIXME", "XXX"]) {
    const text = `f("${mark}");\n/*\n * ${mark}: later\n */\n`;
    for (const path of ["src/cli/a.ts", "tests/a.ts", "guests/a.c"]) {
      reports(path, text, new RegExp(`:3: cannot leave ${mark}: finish it`));
    }
  }
  reports("guests/a.c", 'char t[] = "/tmp/XXXXXX"; // XXXXXX is filled in\n');
});

test("an export without a doc comment right above is reported", () => {
  for (
    const declaration of [
      "function a() {}",
      "async function a() {}",
      "const a = 1;",
      "class a {}",
      "abstract class a {}",
      "interface a {}",
      "type a = 1;",
      "enum a {}",
    ]
  ) {
    const bare = `// Not a doc comment.\nexport ${declaration}\n`;
    reports("src/cli/a.ts", bare, /:2: cannot export a: no doc comment stands/);
    reports("src/cli/a.ts", `/** A. */\n\n${bare}`, /:4: cannot export a/);
    reports("src/cli/a.ts", `/** A. */\nexport ${declaration}\n`);
  }
});

test("re-exports need a doc comment unless they are types only", () => {
  const from = 'from "./b.ts";\n';
  reports("src/cli/a.ts", `export type { B } ${from}export type * ${from}`);
  reports("src/cli/a.ts", `export { b } ${from}`, /:1: cannot export \{ b \}/);
  reports("src/cli/a.ts", `/** B. */\nexport { b } ${from}`);
});

test("of overloads the first alone needs a doc comment", () => {
  const text = "export function a(b: 1): 1;\nexport function a(b: 2): 2;\n";
  reports("src/cli/a.ts", `/** A. */\n${text}`);
  reports("src/cli/a.ts", text, /:1: cannot export a/);
});

test("a test file that never starts uvu is reported", () => {
  const text = 'import { test } from "uvu";\ntest("a", () => {});\n';
  const never =
    /^tests\/a\/b\.test\.ts:1: cannot test anything: the file never/;
  reports("tests/a/b.test.ts", text, never);
  reports("tests/a/b.test.ts", `${text}// test.run()\n`, never);
  reports("tests/a/b.test.ts", `${text}test.run();\n`);
  reports("tests/a/kit.ts", text);
});

test("the command prints breaches and exits 1, or counts and exits 0", async () => {
  const bad = plant({ "src/bytes/a.ts": "Date.now();\nMath.random();\n" });
  const { code, lines } = await runTool(bad, "tidy.ts");
  assert.is(code, 1);
  assert.is(lines.length, 2);
  assert.match(lines[1] as string, /^src\/bytes\/a\.ts:2: cannot use Math\.r/);

  const good = plant({ "src/bytes/a.ts": "/** A. */\nexport const a = 1;\n" });
  assert.equal(await runTool(".", "tidy.ts", [good]), {
    code: 0,
    lines: ["1 files, 2 lines, 0 functions, 1 exports: tidy"],
  });
});

test.run();
