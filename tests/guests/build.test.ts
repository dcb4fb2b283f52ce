import { test } from "uvu";
import * as assert from "uvu/assert";
import { basename, join } from "node:path/posix";
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

/** The names that the sources stand for: `guests/NAME.c` and `guests/NAME/`. */
function sourceNames(): string[] {
  const names = walk(CHECKOUT, "guests", [".c"])
    .map((file) => basename(file.split("/")[1] as string, ".c"));
  return [...new Set(names)].sort();
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

test("a source that does not compile is reported as the compiler says it", async () => {
  const root = plant({ "guests/bad.c": "int main(void) { return x; }\n" });
  const { code, said } = await guests(root);
  assert.is(code, 1);
  assert.match(said, /cannot build bad: bad\.c:1:\d+: error: /);
});

test("every module has a source and every source a module", () => {
  assert.equal(MODULES, sourceNames().map((name) => `${name}.wasm`));
});

test("every guest says at its top what it shows", () => {
  const tops = walk(CHECKOUT, "guests", [".c", ".h"])
    .map((file) => Deno.readTextFileSync(join(CHECKOUT, file)).split("\n")[0]);
  for (const name of sourceNames()) {
    const top = new RegExp(`^/\\* ${name}( [[A-Z][^:]*)?: .`);
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
