/** What a machine lacks is told at start: the system, the C library, openat2(2). @module */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { join } from "node:path/posix";
import { ReplrtError } from "../../src/runtime/errors.ts";
import { openLibrary } from "../../src/runtime/host/libc.ts";
import { linux, numbersFor } from "../../src/runtime/host/linux.ts";
import { guest, killNodes, type RunningNode, startNode } from "../kit/node.ts";
import { removeDirs, tempDir } from "../kit/place.ts";

const FILTERED = join(import.meta.dirname as string, "../kit/without_call.ts");

/** The error of an operator that `body` ends in. */
function refusal(body: () => unknown): ReplrtError {
  try {
    body();
  } catch (error) {
    if (error instanceof ReplrtError) return error;
    throw error;
  }
  throw new Error("accepted");
}

/** Starts a node for which openat2(2) fails with `errno`. */
function startWithoutOpenat2(errno: number, ...args: string[]): RunningNode {
  const deno = `${tempDir()}/deno`;
  const words = [
    ...[Deno.execPath(), "run", "--quiet", "-A", FILTERED],
    ...[linux.SYS_openat2, errno, Deno.execPath()],
  ];
  Deno.writeTextFileSync(deno, `#!/bin/sh\nexec ${words.join(" ")} "$@"\n`);
  Deno.chmodSync(deno, 0o755);
  return startNode(["run", ...args], { env: { REPLRT_DENO: deno } });
}

test.after(async () => {
  await killNodes();
  removeDirs();
});

test("another system or architecture is refused by its name", () => {
  for (
    const [os, arch] of [
      ["darwin", "aarch64"],
      ["windows", "x86_64"],
      ["android", "aarch64"],
      ["linux", "riscv64"],
    ] as const
  ) {
    const { message, next, exitCode } = refusal(() => numbersFor(os, arch));
    assert.match(message, `cannot run on ${os} ${arch}: `);
    assert.match(next ?? "", "Linux");
    assert.is(exitCode, 125);
  }
  assert.is.not(
    numbersFor("linux", "x86_64").O_DIRECTORY,
    numbersFor("linux", "aarch64").O_DIRECTORY,
  );
});

test("without glibc a node says that it can't open the C library", () => {
  const { message, next, exitCode } = refusal(() => openLibrary("libc.so.66"));
  assert.match(message, /^cannot open the C library libc\.so\.66: /);
  assert.match(next ?? "", "musl");
  assert.is(exitCode, 125);
});

for (
  const [name, errno, cause, next] of [
    ["ENOSYS", linux.ENOSYS, "this kernel has no openat2", "Linux 5.8"],
    ["EPERM", linux.EPERM, "a seccomp filter forbids openat2", "allow openat2"],
  ] as const
) {
  test(`where openat2 gives ${name}, a node that is given a directory names the cause and ends with 125`, async () => {
    const dir = tempDir();
    const args = ["--dir", `${dir}::/d`, guest("calls")];
    for (
      const role of [[], ["--role", "primary", "--bind", "127.0.0.1:0"]]
    ) {
      const node = startWithoutOpenat2(errno, ...role, ...args);
      assert.equal(await node.exit, { code: 125, signal: null });
      const said = node.stderr.join("\n");
      assert.match(said, `error: cannot open directory ${dir}`);
      assert.match(said, cause);
      assert.match(said, `= help: `);
      assert.match(said, next);
    }
  });
}

test("where openat2 is forbidden, a guest without directories runs", async () => {
  const node = startWithoutOpenat2(linux.EPERM, guest("hello"));
  assert.equal(await node.exit, { code: 0, signal: null });
});

test.run();
