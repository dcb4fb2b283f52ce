import { test } from "uvu";
import * as assert from "uvu/assert";
import { join } from "node:path/posix";
import { killNodes, startNode } from "../kit/node.ts";
import { removeDirs, tempDir } from "../kit/place.ts";
import { refusal } from "./fixture.ts";
import { commandOf, importFunction } from "../runtime/module_kit.ts";

test.after.each(async () => {
  await killNodes();
  removeDirs();
});

/** A file with this module. */
function place(bytes: Uint8Array): string {
  const path = join(tempDir(), "app.wasm");
  Deno.writeFileSync(path, bytes);
  return path;
}

test("a module whose threads can't run is refused by every command that runs one, with reason and advice", async () => {
  const imports = [importFunction("wasi", "thread-spawn")];
  const path = place(commandOf({ imports, imported: 1 }));
  for (
    const words of [
      ["run", path],
      ["run", path, "--role", "primary", "--bind", "127.0.0.1:0"],
      ["record", path, "-o", join(tempDir(), "a.rlog")],
      ["check", path],
    ]
  ) {
    const node = startNode(words);
    const { code } = await node.exit;
    const [error, next] = node.stderr;
    assert.is(code, 125, words.join(" "));
    assert.match(
      error!,
      `error: cannot run ${path}: it imports wasi.thread-spawn, but no shared memory`,
    );
    assert.match(next!, /^ {2}= help: build it for wasm32-wasip1-threads, /);
    assert.not.match(node.stderr.join("\n"), "bug in replrt");
    assert.is(node.stdout, "");
  }
});

const SCHEDULES = [["--quantum", 1], ["--schedule-seed", 0]] as const;

for (const [flag, least] of SCHEDULES) {
  test(`${flag} is a whole number from ${least} on, else it is refused`, async () => {
    for (const value of [`${least - 1}`, "x", "1.5", "2147483648", ""]) {
      const { message, next } = await refusal("a.wasm", `${flag}=${value}`);
      assert.match(message, `cannot use ${flag} ${value}`);
      assert.match(message, `a whole number from ${least} to 2147483647`);
      assert.match(next!, `${flag} 1`);
    }
  });

  test(`${flag} is not for a backup, which has its primary's`, async () => {
    const backup = ["a.wasm", "--role", "backup", "--join", "h:1"];
    const { message, next } = await refusal(...backup, flag, "7");
    assert.is(
      message,
      `cannot use ${flag} with --role backup: it is for a node that starts a run: a backup has its primary's`,
    );
    assert.match(next!, `leave ${flag} out`);
  });
}

test.run();
