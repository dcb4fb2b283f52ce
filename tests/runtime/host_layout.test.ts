/** The numbers of the system are those of its headers, on both architectures. @module */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { PollEvent } from "../../src/wasi-intercept/host.ts";
import { Errno } from "../../src/wasi-intercept/errno.ts";
import { MAX_IOVECS } from "../../src/wasi-intercept/iovec.ts";
import { MAX_PATH } from "../../src/wasi-intercept/specialise.ts";
import { LAYOUT, linux } from "../../src/runtime/host/linux.ts";

const COMPILERS = ["gcc", "x86_64-linux-gnu-gcc", "aarch64-linux-gnu-gcc"];
const COLUMNS = ["x86_64", "aarch64"];

/** A name of the table in C. */
function expressionOf(name: string): string {
  if (name.startsWith("struct ")) return `sizeof(${name})`;
  const [struct, field] = name.split(".");
  return field === undefined ? name : `offsetof(struct ${struct}, ${field})`;
}

/** A program that compiles where the headers have the numbers of `column`. */
function claims(column: number): string {
  const rows = Object.entries(LAYOUT);
  const headers = new Set(rows.map(([, row]) => row[2]));
  return [
    "#define _GNU_SOURCE",
    "#include <stddef.h>",
    ...[...headers].map((header) => `#include <${header}>`),
    ...rows.map(([name, row]) =>
      `_Static_assert((long long)(${expressionOf(name)}) == ${
        row[column]
      }, "${name} is not ${row[column]}");`
    ),
  ].join("\n");
}

/** Runs a compiler; what it says, or `undefined` when this machine has none of that name. */
async function compile(
  compiler: string,
  args: string[],
  source = "",
): Promise<{ success: boolean; text: string } | undefined> {
  try {
    const child = new Deno.Command(compiler, {
      args,
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    await new Blob([source]).stream().pipeTo(child.stdin);
    const { success, stdout, stderr } = await child.output();
    const text = new TextDecoder().decode(success ? stdout : stderr);
    return { success, text };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

const checked = new Set<string>();

for (const compiler of COMPILERS) {
  const machine = await compile(compiler, ["-dumpmachine"]);
  const arch = machine?.text.split("-")[0] ?? "";
  if (machine === undefined || checked.has(arch)) continue;
  checked.add(arch);
  test(`every row is what the headers of ${compiler} say (${arch})`, async () => {
    const column = COLUMNS.indexOf(arch);
    const args = ["-fsyntax-only", "-x", "c", "-"];
    const found = await compile(compiler, args, claims(column));
    const wrong = found?.text.match(/"[^"]* is not [^"]*"|fatal error: .*/g);
    assert.equal(wrong ?? [], [], found?.text);
    assert.ok(found?.success, found?.text);
  });
  test(`a wrong row is found by ${compiler} (${arch})`, async () => {
    const column = COLUMNS.indexOf(arch);
    const source = claims(column).replace("(O_CREAT) == 64", "(O_CREAT) == 65");
    const args = ["-fsyntax-only", "-x", "c", "-"];
    assert.match((await compile(compiler, args, source))!.text, "O_CREAT is");
  });
}

for (const arch of COLUMNS) {
  if (checked.has(arch)) continue;
  test.skip(
    `the rows of ${arch}: this machine has no gcc for it (apt-get install gcc-${
      arch.replace("_", "-")
    }-linux-gnu)`,
    () => {},
  );
}

test("every errno of preview1 but its own has a row", () => {
  const missing = Object.keys(Errno).filter((name) =>
    !(name === "toobig" || `E${name.toUpperCase()}` in LAYOUT)
  );
  assert.equal(missing, ["success", "notcapable"]);
});

test("what the layers above know of the system is the system's", () => {
  assert.equal({ ...PollEvent }, {
    in: linux.POLLIN,
    out: linux.POLLOUT,
    error: linux.POLLERR,
    hangup: linux.POLLHUP,
  });
  assert.is(MAX_IOVECS, linux.IOV_MAX);
  assert.is(MAX_PATH, linux.PATH_MAX);
});

test.run();
