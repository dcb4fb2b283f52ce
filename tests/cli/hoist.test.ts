import { test } from "uvu";
import * as assert from "uvu/assert";
import { parse } from "./fixture.ts";

/** Words after `run`, the role replrt reads in them, and what it leaves to the guest. */
const ROWS: [words: string, role: string, guest: string[]][] = [
  ["--role primary a.wasm", "primary", []],
  ["a.wasm --role primary", "primary", []],
  ["a.wasm --role primary x", "primary", ["x"]],
  ["a.wasm --role primary -- --guest-opt x", "primary", ["--guest-opt", "x"]],
  ["--json a.wasm --role primary x --quiet", "primary", ["x", "--quiet"]],
  ["a.wasm arg1 --role primary", "solo", ["arg1", "--role", "primary"]],
  ["a.wasm -- --role primary", "solo", ["--role", "primary"]],
  ["a.wasm x -- y", "solo", ["x", "--", "y"]],
  ["a.wasm -- -- y", "solo", ["--", "y"]],
  ["a.wasm --", "solo", []],
  ["-- a.wasm --role primary", "solo", ["--role", "primary"]],
  ["a.wasm - --role", "solo", ["-", "--role"]],
  ["a.wasm -5 --role", "solo", ["-5", "--role"]],
  ["a.wasm x --help", "solo", ["x", "--help"]],
  ["a.wasm -- -h", "solo", ["-h"]],
  ["a.wasm x --nonsense=1", "solo", ["x", "--nonsense=1"]],
];

for (const [words, role, guest] of ROWS) {
  test(`run ${words}`, async () => {
    const given = await parse(...words.split(" "));
    assert.is(given.module, "a.wasm");
    assert.is(given.role, role);
    assert.equal(given.args, guest);
  });
}

test("the value of an option may look like an option or like --", async () => {
  const given = await parse("--dir", "--", "--env", "--x=1", "a.wasm");
  assert.equal(given.dirs, [{ host: "--", guest: "--", shared: false }]);
  assert.equal(given.env, ["--x=1"]);
});

test("an empty guest argument is an argument", async () => {
  assert.equal((await parse("a.wasm", "", "--quiet")).args, ["", "--quiet"]);
});

test.run();
