import { test } from "uvu";
import * as assert from "uvu/assert";
import { ReplrtError } from "../../src/runtime/errors.ts";
import { loadModule } from "../../src/runtime/module/load.ts";
import { moduleProblem } from "../../src/runtime/module/refuse.ts";
import { commandOf, importFunction, leb, vec } from "./module_kit.ts";

/** One of each form of immediate that can go wrong, in a module that runs. */
const WHOLE = commandOf({
  imports: [importFunction("wasi_snapshot_preview1", "sched_yield")],
  imported: 1,
  locals: [[2, 0x7f], [1, 0x63, 0x70]],
  body: [
    [0x02, 0x40, 0x41, 0, 0x0e, vec(0, leb(1, 2)), 0, 0x0b],
    [0x41, leb(8, 3), 0x28, 0x02, leb(300), 0x1a],
    [0x1f, 0x40, vec([2, 0]), 0x01, 0x0b],
    [0x42, leb(5, 9), 0x1a, 0x44, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f, 0x1a],
    [0xfd, 0x0c, ...new Array(16).fill(0xfd), 0xfd, 0x15, 3, 0x1a],
    [0xd0, 0x70, 0x21, 0x02, 0x20, 0x00, 0x20, 0x00],
    [0x20, 0x01, 0x1c, 1, 0x7f, 0x1a, 0xfe, 0x03, 0x00],
    [0x41, 0, 0x41, 0, 0x41, 0, 0xfc, 0x0b, 0x00],
  ],
});

/** Whether the text could come from the walk of damaged bytes rather than from a refusal. */
const DAMAGE =
  /^it is (?:damaged|cut off|empty|not WebAssembly)|is unknown, in/;

function reasonOf(bytes: Uint8Array): string | undefined {
  return moduleProblem(bytes)?.reason;
}

/** Loads bytes from a file; gives what an operator would see, or undefined when they run. */
function load(path: string, bytes: Uint8Array): string | undefined {
  Deno.writeFileSync(path, bytes);
  try {
    loadModule(path);
    return undefined;
  } catch (error) {
    if (error instanceof ReplrtError) return error.message;
    throw error;
  }
}

function withFile(body: (path: string) => void): void {
  const path = Deno.makeTempFileSync({ suffix: ".wasm" });
  try {
    body(path);
  } finally {
    Deno.removeSync(path);
  }
}

test("the whole module runs", () => {
  assert.is(reasonOf(WHOLE), undefined);
  withFile((path) => assert.is(load(path, WHOLE), undefined));
});

test("a module cut off at any byte is refused, or ends between two sections", () => {
  withFile((path) => {
    for (let size = 0; size < WHOLE.length; size++) {
      const bytes = WHOLE.slice(0, size);
      const reason = reasonOf(bytes);
      if (reason !== undefined) assert.match(reason, DAMAGE);
      const message = load(path, bytes);
      if (message === undefined) assert.ok(WebAssembly.validate(bytes));
      else assert.match(message, /^cannot run \S+: /);
    }
  });
});

test("a flip of any bit gives a module that runs or an error for the operator", () => {
  withFile((path) => {
    for (let bit = 0; bit < WHOLE.length * 8; bit++) {
      const bytes = WHOLE.slice();
      bytes[bit >> 3] = (bytes[bit >> 3] as number) ^ (1 << (bit & 7));
      load(path, bytes);
    }
  });
});

test("what the engine accepts is never called damaged, whichever byte is changed to whatever", () => {
  let accepted = 0;
  for (let at = 0; at < WHOLE.length; at++) {
    const bytes = WHOLE.slice();
    for (let value = 0; value < 0x100; value++) {
      bytes[at] = value;
      const reason = reasonOf(bytes);
      if (!WebAssembly.validate(bytes)) continue;
      accepted++;
      const what = `byte ${at} = ${value}: ${reason}`;
      assert.ok(reason === undefined || !DAMAGE.test(reason), what);
    }
  }
  assert.ok(accepted > WHOLE.length, `${accepted} modules`);
});

test.run();
