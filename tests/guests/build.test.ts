// timeout 600 s
import { test } from "uvu";
import * as assert from "uvu/assert";
import { basename, dirname, join } from "node:path/posix";
import { walk } from "../../tools/walk.ts";
import { CHECKOUT, plant, uproot } from "../tools/tree.ts";

const HELLO = Deno.readTextFileSync(join(CHECKOUT, "guests/hello.c"));
const MODULES = [...Deno.readDirSync(join(CHECKOUT, "guests/dist"))]
  .map(({ name }) => name).sort();

/** Builds the guests of `root` and gives the exit code and what was said. */
async function guests(root: string, ...args: readonly string[]) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-A",
      "--config",
      join(CHECKOUT, "deno.json"),
      join(CHECKOUT, "tools/guests.ts"),
      ...args,
    ],
    cwd: root,
    env: { NO_COLOR: "1" },
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, said: text(stdout) + text(stderr) };
}

/** The folders each of whose C files is a guest of its own. */
const OF_MANY = ["guests", "guests/threads"];

/** The guests of many threads. */
const THREADED = walk(CHECKOUT, "guests/threads", [".c"])
  .filter((file) => dirname(file) === "guests/threads")
  .map((file) => basename(file, ".c"));

/** The names that the sources stand for: `guests/NAME.c`, `guests/threads/NAME.c` and `guests/NAME/`. */
function sourceNames(): string[] {
  const names = walk(CHECKOUT, "guests", [".c"])
    .filter((file) => dirname(file) !== "guests/threads/lib")
    .map((file) => OF_MANY.includes(dirname(file)) ? file : dirname(file))
    .map((path) => basename(path, ".c"));
  return [...new Set(names)].sort();
}

/** What a built guest imports, `MODULE.NAME`, and exports, with its kind. */
function shapeOf(root: string, name: string) {
  const path = join(root, "guests/dist", `${name}.wasm`);
  const module = new WebAssembly.Module(Deno.readFileSync(path));
  return {
    imports: WebAssembly.Module.imports(module)
      .map(({ module, name }) => `${module}.${name}`),
    exports: WebAssembly.Module.exports(module)
      .map(({ name, kind }) => `${name}: ${kind}`),
  };
}

test.after(uproot);

test("rebuilding every guest gives the bytes in guests/dist", async () => {
  const { code, said } = await guests(CHECKOUT, "--check");
  assert.is(code, 0, said);
});

test("a check names a guest whose bytes differ and leaves them alone", async () => {
  const root = plant({
    "guests/hello.c": HELLO,
    "guests/dist/hello.wasm": "other bytes",
  });
  const { code, said } = await guests(root, "--check");
  assert.is(code, 1);
  assert.match(said, "guests/dist/hello.wasm: cannot pass");
  assert.is(
    Deno.readTextFileSync(join(root, "guests/dist/hello.wasm")),
    "other bytes",
  );
});

test("a guest of two files is built as one, under its folder's name", async () => {
  const root = plant({
    "guests/pair/main.c": "int other(void);\nint main(void) {\n" +
      "  return other();\n}\n",
    "guests/pair/other.c": "int other(void);\nint other(void) {\n" +
      "  return 7;\n}\n",
  });
  const { code, said } = await guests(root);
  assert.is(code, 0, said);
  const wasm = Deno.readFileSync(join(root, "guests/dist/pair.wasm"));
  assert.ok(WebAssembly.validate(wasm));
});

test("a file in the folder of threads is a guest, built with the library there", async () => {
  const root = plant({
    "guests/threads/own.c": '#include "two.h"\nint main(void) {\n' +
      "  return two();\n}\n",
    "guests/threads/other.c": "int main(void) { return 0; }\n",
    "guests/threads/lib/two.h": "int two(void);\n",
    "guests/threads/lib/two.c": '#include "two.h"\nint two(void) {\n' +
      "  return 2;\n}\n",
  });
  const { code, said } = await guests(root);
  assert.is(code, 0, said);
  assert.ok(shapeOf(root, "own").imports.includes("env.memory"));
  const built = [...Deno.readDirSync(join(root, "guests/dist"))];
  assert.equal(built.map(({ name }) => name).sort(), [
    "other.wasm",
    "own.wasm",
  ]);
});

test("a source that does not compile is reported as the compiler says it", async () => {
  const root = plant({ "guests/bad.c": "int main(void) { return x; }\n" });
  const { code, said } = await guests(root);
  assert.is(code, 1);
  assert.match(said, /cannot build bad: bad\.c:1:\d+: error: /);
});

test("every module has a source and every source a module", () => {
  assert.equal(MODULES, sourceNames().map((name) => `${name}.wasm`));
});

test("guests of many threads share a memory and have the names of wasi-threads, others none of that", () => {
  for (const name of sourceNames()) {
    const { imports, exports } = shapeOf(CHECKOUT, name);
    const threaded = THREADED.includes(name);
    const foreign = imports
      .filter((name) => !name.startsWith("wasi_snapshot_preview1."))
      .filter((name) => !(threaded && name === "wasi.thread-spawn"));
    assert.equal(foreign, threaded ? ["env.memory"] : [], name);
    assert.ok(exports.includes("memory: memory"), name);
    assert.is(exports.includes("wasi_thread_start: function"), threaded, name);
  }
});

test("every guest says at its top what it shows", () => {
  const tops = walk(CHECKOUT, "guests", [".c", ".h"])
    .map((file) => Deno.readTextFileSync(join(CHECKOUT, file)).split("\n")[0]);
  for (const name of sourceNames()) {
    const top = new RegExp(`^/\\* ${name}( [-[A-Z][^:]*)?: .`);
    assert.ok(tops.some((line) => top.test(line as string)), name);
  }
});

test("modules keep the names of their functions and no debug information", () => {
  for (const name of MODULES) {
    const path = join(CHECKOUT, "guests/dist", name);
    const module = new WebAssembly.Module(Deno.readFileSync(path));
    const has = (section: string) =>
      WebAssembly.Module.customSections(module, section).length > 0;
    assert.ok(has("name"), name);
    assert.not.ok(has(".debug_info") || has(".debug_line"), name);
  }
});

test.run();
