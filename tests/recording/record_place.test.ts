/** Where recordings are and what is in them: files, modules, options. @module */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { join } from "node:path/posix";
import { guest, killNodes, startNode } from "../kit/node.ts";
import { removeDirs, tempDir, treeOf } from "../kit/place.ts";
import { PROTOCOL_VERSION } from "../../src/engine/frame.ts";
import { LogHeader } from "../../src/engine/log.ts";
import {
  assertReplays,
  ended,
  place,
  record,
  replay,
  startRecord,
} from "./kit/runs.ts";

test.after.each(async () => {
  await killNodes();
  removeDirs();
});

/** A copy of a guest that a test may change. */
function copyOf(name: string): string {
  const path = join(tempDir(), "app.wasm");
  Deno.copyFileSync(guest(name), path);
  return path;
}

function hashOf(path: string): Promise<string> {
  return crypto.subtle.digest("SHA-256", Deno.readFileSync(path))
    .then((hash) => new Uint8Array(hash).toHex());
}

test("without -o it is APP.rlog in the working directory, for its owner alone, and an older one is replaced", async () => {
  const cwd = tempDir();
  const run = async (name: string) => {
    const node = startNode(["record", guest(name)], { cwd });
    return (await ended(node)).code;
  };
  assert.is(await run("hello"), 0);
  const file = join(cwd, "hello.rlog");
  assert.equal(Object.keys(treeOf(cwd)), ["hello.rlog"]);
  assert.is(Deno.statSync(file).mode! & 0o777, 0o600);
  Deno.chmodSync(file, 0o644);
  const before = Deno.readFileSync(file);
  assert.is(await run("hello"), 0);
  assert.not.equal(Deno.readFileSync(file), before);
  assert.is(Deno.statSync(file).mode! & 0o777, 0o600);
  assert.is((await replay(file)).stdout, "hello, world\n");
});

test("what is no recording is not written over", async () => {
  const dir = tempDir();
  const fifo = join(dir, "fifo"), text = join(dir, "text");
  new Deno.Command("mkfifo", { args: [fifo] }).outputSync();
  Deno.writeTextFileSync(text, "notes");
  for (const taken of [text, dir, fifo, copyOf("hello")]) {
    const node = startNode(["record", "-o", taken, guest("hello")]);
    const { code, stdout, stderr } = await ended(node);
    assert.equal([code, stdout], [125, ""]);
    assert.match(
      stderr,
      /^error: cannot record to .*: something else is there\n/,
    );
    assert.match(stderr, "give another file with -o");
  }
  assert.is(Deno.readTextFileSync(text), "notes");
});

test("a run that can't begin leaves an older recording as it was", async () => {
  const { file } = await record("hello");
  const before = Deno.readFileSync(file);
  const module = copyOf("hello");
  Deno.writeTextFileSync(module, "no module");
  const refused = await ended(startNode(["record", "-o", file, module]));
  assert.is(refused.code, 125);
  assert.equal(Deno.readFileSync(file), before);
});

test("more arguments and environment than a log holds are refused before the program starts", async () => {
  const long = "a".repeat(120_000);
  const node = startRecord(guest("args"), place(), {
    args: ["0", ...Array(9).fill(long)],
  });
  const { code, stdout, stderr } = await ended(node);
  assert.equal([code, stdout], [125, ""]);
  assert.match(stderr, /arguments and environment take 108\d{4} bytes/);
  const fits = await record("args", { args: ["0", ...Array(8).fill(long)] });
  await assertReplays(fits);
});

test("a place that can't be written is named", async () => {
  const file = join(tempDir(), "none/a.rlog");
  const { code, stdout, stderr } = await ended(
    startNode(["record", "-o", file, guest("hello")]),
  );
  assert.equal([code, stdout], [125, ""]);
  assert.match(stderr, `cannot make ${file}: it does not exist`);
});

test("a recording is replayed from any working directory, though the module's path was relative", async () => {
  const module = copyOf("args");
  const file = place();
  const node = startNode(["record", "-o", file, "app.wasm"], {
    cwd: join(module, ".."),
  });
  const run = await ended(node);
  assert.is(run.stdout, "arg 0 app.wasm\n");
  await assertReplays({ ...run, file });
});

test("with --embed the file is enough; without, a module that is gone is asked for", async () => {
  const module = copyOf("hello");
  const plain = await record(module);
  const whole = await record(module, { options: ["--embed"] });
  Deno.removeSync(module);
  await assertReplays(whole);
  const { code, stdout, stderr } = await replay(plain.file);
  assert.equal([code, stdout], [125, ""]);
  assert.match(stderr, `cannot read ${module}: it does not exist`);
  assert.match(stderr, "give it with --module");
  const given = await replay(plain.file, ["--module", guest("hello")]);
  assert.equal([given.code, given.stdout], [0, "hello, world\n"]);
});

test("a changed module is refused with both hashes", async () => {
  const module = copyOf("hello");
  const recorded = await hashOf(module);
  const { file } = await record(module);
  for (const other of [Deno.readFileSync(guest("cat")), new Uint8Array(9)]) {
    Deno.writeFileSync(module, other);
    const changed = await hashOf(module);
    for (const options of [[], ["--module", module]]) {
      const { code, stdout, stderr } = await replay(file, options);
      assert.equal([code, stdout], [125, ""]);
      assert.match(stderr, /^error: cannot replay /);
      assert.match(stderr, changed);
      assert.match(stderr, recorded);
      assert.match(stderr, "--module, or record the run again");
    }
  }
});

test("a recording by another format version is refused with what to do", async () => {
  const { file } = await record("hello");
  const bytes = Deno.readFileSync(file);
  const other = PROTOCOL_VERSION + 1;
  new DataView(bytes.buffer).setUint32(LogHeader.at.version, other, true);
  Deno.writeFileSync(file, bytes);
  const { code, stdout, stderr } = await replay(file);
  assert.equal([code, stdout], [125, ""]);
  assert.match(
    stderr,
    `it is of format version ${other}, this replrt reads version ${PROTOCOL_VERSION}`,
  );
  assert.match(stderr, "use the replrt that made it, or record the run again");
});

test("a file that is no recording is refused with the reason, and at once", async () => {
  const dir = tempDir();
  const fifo = join(dir, "fifo"), empty = join(dir, "empty");
  new Deno.Command("mkfifo", { args: [fifo] }).outputSync();
  Deno.writeTextFileSync(empty, "");
  const reasons: [file: string, reason: string][] = [
    [empty, "it is empty"],
    [guest("hello"), "it is no recording"],
    [dir, "it is a directory"],
    [fifo, "it is not a file"],
    [join(dir, "none"), "it does not exist"],
  ];
  for (const [file, reason] of reasons) {
    const { code, stdout, stderr } = await replay(file);
    assert.equal([code, stdout], [125, ""]);
    assert.is(stderr.split("\n")[0], `error: cannot read ${file}: ${reason}`);
  }
});

test("the log of a node with a mirrored directory is refused: its contents are not in it", async () => {
  const [state, dir] = [tempDir(), tempDir()];
  const node = startNode([
    ...["run", guest("files"), "--role", "primary", "--bind", "127.0.0.1:0"],
    ...["--state-dir", state, "--dir", `${dir}::/data`],
  ]);
  assert.is((await ended(node)).code, 0);
  const { code, stderr } = await replay(join(state, "log"));
  assert.is(code, 125);
  assert.match(stderr, "it is the log of a node with a mirrored directory");
});

test("bad options are refused before anything is done", async () => {
  const { file } = await record("hello");
  const refused: [words: string[], text: string][] = [
    [["replay", file, "--until", "x"], "cannot use --until x"],
    [["replay", file, "--until", "-1"], "cannot use --until -1"],
    [["replay", file, "--speed", "slow"], "choose one of fast, real"],
    [["replay", file, "--module", ""], 'cannot use --module ""'],
    [["replay", file, "another"], "too many arguments"],
    [["replay"], "missing required argument 'FILE'"],
    [["record"], "missing required argument 'APP.wasm'"],
    [["record", "--role", "primary", guest("hello")], "unknown option"],
    [["record", "-o", "", guest("hello")], 'cannot use --out ""'],
    [["record", "--on-log-error", "wait", guest("hello")], "stop, continue"],
  ];
  for (const [words, text] of refused) {
    const { code, stdout, stderr } = await ended(startNode(words));
    assert.equal([code, stdout], [125, ""], words.join(" "));
    assert.match(stderr, text);
  }
});

test.run();
