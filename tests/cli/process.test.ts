import { test } from "uvu";
import * as assert from "uvu/assert";
import type { RunOptions } from "../../src/runtime/options.ts";

const CLI = new URL("../../src/cli/main.ts", import.meta.url).pathname;
/** The same command line in front of a node that does what its module's name says. */
const ACTED = new URL("./fixture.ts", import.meta.url).pathname;

type Ended = { code: number; out: string; err: string };

async function run(script: string, ...argv: string[]): Promise<Ended> {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-check", "-A", script, ...argv],
    stdin: "null",
    env: { NO_COLOR: "1", FROM_SHELL: "passed on" },
  });
  const { code, stdout, stderr } = await command.output();
  const text = new TextDecoder();
  return { code, out: text.decode(stdout), err: text.decode(stderr) };
}

test("without a command the help is printed", async () => {
  const [none, asked] = await Promise.all([run(CLI), run(CLI, "--help")]);
  assert.is(none.code, 0);
  assert.match(none.out, /^Usage: replrt COMMAND/);
  assert.match(none.out, /\n {2}run +run a program/);
  assert.equal(none, asked);
});

test("--version prints one line", async () => {
  const { code, out, err } = await run(CLI, "--version");
  assert.equal([code, err], [0, ""]);
  assert.match(out, /^replrt \d+\.\d+\.\d+\n$/);
});

test("run --help and help run print the help of run on stdout", async () => {
  const [option, command] = await Promise.all([
    run(CLI, "run", "a.wasm", "--help"),
    run(CLI, "help", "run"),
  ]);
  assert.is(option.code, 0);
  assert.match(option.out, /^Usage: replrt run \[OPTIONS\] APP\.wasm/);
  assert.equal(command, option);
});

test("an unknown command is an error with a suggestion", async () => {
  const [misspelt, module, flag] = await Promise.all([
    run(CLI, "rum", "a.wasm"),
    run(CLI, "a.wasm"),
    run(CLI, "--verion"),
  ]);
  assert.equal(misspelt, {
    code: 125,
    out: "",
    err:
      "error: unknown command 'rum'\n  = help: did you mean run?\n  = help: see replrt --help\n",
  });
  assert.is(module.code, 125);
  assert.match(module.err, "  = help: to run it: replrt run a.wasm\n");
  assert.is(flag.code, 125);
  assert.match(flag.err, "did you mean --version?");
});

test("a bad option ends with 125 before any module is looked at", async () => {
  const [value, stray] = await Promise.all([
    run(CLI, "run", "--role", "leader", "none.wasm"),
    run(CLI, "run", "none.wasm", "--port", "80"),
  ]);
  assert.equal(value, {
    code: 125,
    out: "",
    err: "error: cannot use --role leader: no such choice\n" +
      "  = help: choose one of solo, primary, backup\n",
  });
  assert.is(stray.code, 125);
  assert.match(stray.err, "replrt run none.wasm -- --port");
});

test("a module that is not there ends with 125 and an error", async () => {
  const { code, out, err } = await run(CLI, "run", "/none/such.wasm");
  assert.equal([code, out], [125, ""]);
  assert.match(err, /^error: /);
});

test("the node gets the checked options of the real command line", async () => {
  const { code, out } = await run(
    ACTED,
    ...["run", "options", "--role", "backup", "--join", "[::1]:7400"],
    ...["--env", "FROM_SHELL", "--", "--guest", "x y"],
  );
  assert.is(code, 0);
  const options = JSON.parse(out) as RunOptions;
  assert.equal(options.join, { host: "::1", port: 7400 });
  assert.equal(options.env, ["FROM_SHELL=passed on"]);
  assert.equal(options.args, ["--guest", "x y"]);
});

test("the exit code is the node's, or that of its error", async () => {
  const [own, failed, diverged] = await Promise.all(
    ["exit-7", "taken-port", "diverged"].map((module) =>
      run(ACTED, "run", module)
    ),
  );
  assert.equal(own, { code: 7, out: "", err: "" });
  assert.equal(failed, {
    code: 125,
    out: "",
    err:
      "error: cannot bind 127.0.0.1:7400: address in use\n  = help: say --bind\n",
  });
  assert.equal(diverged, {
    code: 123,
    out: "",
    err: "error: cannot follow: divergence at message 9\n",
  });
});

test("with --json the last error is an object too", async () => {
  const { code, err } = await run(ACTED, "run", "--json", "taken-port");
  assert.is(code, 125);
  assert.equal(JSON.parse(err), {
    event: "error",
    message: "cannot bind 127.0.0.1:7400: address in use",
    next: "say --bind",
    exitCode: 125,
  });
});

test("a bug is said to be one, with its stack, wherever it happens", async () => {
  const [thrown, rejected, uncaught] = await Promise.all(
    ["bug", "stray-rejection", "stray-exception"].map((module) =>
      run(ACTED, "run", module)
    ),
  );
  for (const ended of [thrown, rejected, uncaught]) {
    assert.is(ended?.code, 125);
    assert.match(ended?.err ?? "", /^error: bug in replrt: .*\n {4}at /);
    assert.match(ended?.err ?? "", /\n {2}= help: please report it/);
  }
  assert.match(thrown?.err ?? "", "a bug");
  assert.match(rejected?.err ?? "", "nobody waits for this");
  assert.match(uncaught?.err ?? "", "nobody catches this");
});

test("a full stderr that nobody reads keeps no process from ending", async () => {
  const longerThanAPipe = "x".repeat(120_000);
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--quiet",
      "--no-check",
      "-A",
      CLI,
      "run",
      "--role",
      longerThanAPipe,
      "a.wasm",
    ],
    stdin: "null",
    stderr: "piped",
  }).spawn();
  const { code } = await child.status;
  await child.stderr.cancel();
  assert.is(code, 125);
});

test.run();
