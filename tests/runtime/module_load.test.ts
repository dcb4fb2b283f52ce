import { test } from "uvu";
import * as assert from "uvu/assert";
import { ReplrtError } from "../../src/runtime/errors.ts";
import { loadModule } from "../../src/runtime/module/load.ts";
import { scheduleOf } from "../../src/wasi-intercept/threads/schedule.ts";
import { TABLE } from "../../src/wasi-intercept/table.ts";
import {
  commandOf,
  HEADER,
  importFunction,
  moduleOf,
  nameSection,
  text,
} from "./module_kit.ts";

const WASI = "wasi_snapshot_preview1";

const dir = Deno.makeTempDirSync({ prefix: "replrt-module-" });
const file = `${dir}/app.wasm`;

test.after(() => Deno.removeSync(dir, { recursive: true }));

/** The error of loading this path. */
function failure(path: string): ReplrtError {
  try {
    loadModule(path);
  } catch (error) {
    if (error instanceof ReplrtError) return error;
    throw error;
  }
  throw new Error("it loads");
}

/** The reason for which these bytes cannot run. */
function reasonOf(bytes: Uint8Array): string {
  Deno.writeFileSync(file, bytes);
  const { message, next, exitCode } = failure(file);
  const start = `cannot run ${file}: `;
  assert.ok(message.startsWith(start), message);
  assert.ok(next, "it says what to do");
  assert.is(exitCode, 125);
  return message.slice(start.length);
}

test("a command gives its module, its bytes and their sha256", () => {
  const bytes = commandOf({
    imports: TABLE.map(({ name }) => importFunction(WASI, name)),
    imported: TABLE.length,
  });
  Deno.writeFileSync(file, bytes);
  const loaded = loadModule(file);
  const { module, shape } = loaded.prepare(scheduleOf(undefined, undefined));
  assert.is(shape, undefined);
  assert.is(WebAssembly.Module.imports(module).length, TABLE.length);
  assert.equal(loaded.bytes, bytes);
  const { stdout } = new Deno.Command("sha256sum", { args: [file] })
    .outputSync();
  assert.is(loaded.hash, new TextDecoder().decode(stdout).split(" ")[0]);
});

test("a path that is no readable file is an error with its reason", () => {
  const cases: [path: string, reason: string][] = [
    [`${dir}/none.wasm`, "it does not exist"],
    [dir, "it is a directory"],
    ["/dev/zero", "it is not a file"],
    [
      `${file}/app.wasm`,
      "it is not a directory, or a part of its path is none",
    ],
  ];
  for (const [path, reason] of cases) {
    assert.is(failure(path).message, `cannot read ${path}: ${reason}`);
  }
});

test("what the scan refuses is an error with the scan's reason", () => {
  assert.is(reasonOf(new Uint8Array()), "it is empty");
});

test("what only the engine finds is an error with the engine's text", () => {
  const bytes = commandOf({ body: [0x1a] });
  const reason = reasonOf(bytes);
  assert.match(reason, /^V8 does not accept it: Compiling function #0:"main" /);
  assert.match(reason, "not enough arguments on the stack");
});

test("every import that replrt lacks is named, once", () => {
  const imports = [
    importFunction("env", "foo"),
    importFunction(WASI, "fd_write"),
    importFunction(WASI, "fd_wrote"),
    importFunction("env", "foo"),
    importFunction("wasi_unstable", "fd_write"),
    importFunction("wasi_unstable", "fd_seek"),
    [text(WASI), text("fd_read"), 3, 0x7f, 0],
    [text("env"), text("base"), 3, 0x7f, 0],
  ];
  assert.is(
    reasonOf(commandOf({ imports, imported: 6 })),
    `it imports env.foo, ${WASI}.fd_wrote, wasi_unstable.fd_seek, ` +
      `${WASI}.fd_read (a global), env.base (a global)`,
  );
});

test("a module without _start is refused, and a reactor is called one", () => {
  const memory = [text("memory"), 2, 0];
  assert.is(
    reasonOf(commandOf({ exports: [memory] })),
    "it has no _start; only commands run",
  );
  assert.is(
    reasonOf(commandOf({ exports: [memory, [text("_initialize"), 0, 0]] })),
    "it is a reactor: it has no _start; only commands run",
  );
  assert.is(
    reasonOf(commandOf({ exports: [memory, [text("_start"), 2, 0]] })),
    "it has no _start; only commands run",
  );
  assert.is(
    reasonOf(moduleOf(nameSection(0, "nothing"))),
    "it has no _start; only commands run",
  );
  assert.is(
    reasonOf(new Uint8Array(HEADER)),
    "it has no _start; only commands run",
  );
});

test("a module without exported memory is refused", () => {
  const start = [text("_start"), 0, 0];
  for (const exports of [[start], [start, [text("memory"), 0, 0]]]) {
    assert.is(
      reasonOf(commandOf({ exports })),
      'it exports no memory of the name "memory"',
    );
  }
});

test.run();
