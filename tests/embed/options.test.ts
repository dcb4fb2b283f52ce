/** What a node is started with: the words, defaults and checks of the command line. @module */
import { type NodeOptions, ReplrtError, startNode } from "replrt";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { FLAGS } from "../../src/cli/flags.ts";
import { checkOptions, NAMES } from "../../src/embed/options.ts";
import { parse, refusal } from "../cli/fixture.ts";

/** The error that these options end in, without a process. */
function refused(options: NodeOptions): ReplrtError {
  try {
    startNode(options);
  } catch (error) {
    if (error instanceof ReplrtError) return error;
    throw error;
  }
  throw new Error(`started: ${JSON.stringify(options)}`);
}

test("every option of the command line has a field, but for the status lines'", () => {
  const flags = FLAGS.map(({ name }) => name);
  const fields: string[] = Object.values(NAMES);
  assert.equal(
    [...fields, "--quiet", "--json"].sort(),
    flags.sort(),
  );
});

const GOOD: readonly NodeOptions[] = [
  { module: "a.wasm" },
  { module: "-a.wasm", args: ["--role", "-5", "--", ""], join: undefined },
  {
    module: "a.wasm",
    dirs: ["data::/data", "--x::y"],
    env: ["A=b=c", "B="],
    tcpListen: ["127.0.0.1:1", "[::1]:2"],
    quantum: 1,
    scheduleSeed: 0,
  },
  {
    module: "a.wasm",
    role: "primary",
    bind: "10.0.0.1:7400",
    insecure: true,
    peer: "10.0.0.2:7400",
    joinTimeoutMs: 1,
    waitBackups: 2,
    output: "async",
    degraded: "stop",
    heartbeatMs: 10,
    timeoutMs: 20,
    stateDir: "-state=x",
    overwrite: true,
    lateJoin: false,
    onTakeover: "echo 'a b'",
    quantum: 2147483647,
    scheduleSeed: 2147483647,
  },
  {
    module: "a.wasm",
    role: "backup",
    join: "a-host:1",
    lateJoin: true,
    overwrite: false,
    insecure: false,
  },
];

test("good options are the command line's, word for word and default for default", async () => {
  for (const options of GOOD) {
    const { argv, run } = checkOptions(options);
    assert.is(argv[0], "run");
    assert.equal({ ...run, json: true }, await parse(...argv.slice(1)));
    for (const [field, value] of Object.entries(options)) {
      const got = run[field as keyof typeof run];
      const isText = typeof value === "string" || Array.isArray(value);
      if (value !== undefined && !isText) assert.is(got, value, field);
    }
  }
});

test("wrong options give the command line's error before a process is started", async () => {
  const module = "a.wasm";
  const wrong: readonly [NodeOptions, string[]][] = [
    [{ module, role: "leader" as "solo" }, ["--role", "leader"]],
    [{ module, bind: "here" }, ["--bind", "here"]],
    [{ module, bind: "127.0.0.1:1" }, ["--bind", "127.0.0.1:1"]],
    [{ module, role: "backup" }, ["--role", "backup"]],
    [{ module, timeoutMs: 1.5, role: "primary" }, [
      "--timeout",
      "1.5",
      "--role",
      "primary",
    ]],
    [{ module, timeoutMs: 100, role: "primary" }, [
      "--timeout",
      "100",
      "--role",
      "primary",
    ]],
    [{ module, dirs: ["a::b::c::d"] }, ["--dir", "a::b::c::d"]],
    [{ module, dirs: ["a::x", "b::x"] }, ["--dir", "a::x", "--dir", "b::x"]],
    [{ module, quantum: 0 }, ["--quantum", "0"]],
    [{ module, quantum: 2 ** 31 }, ["--quantum", "2147483648"]],
    [{ module, scheduleSeed: -1 }, ["--schedule-seed=-1"]],
    [{ module, scheduleSeed: 0.5 }, ["--schedule-seed", "0.5"]],
    [{ module, role: "backup", join: "h:1", quantum: 9 }, [
      ...["--role", "backup", "--join", "h:1", "--quantum", "9"],
    ]],
    [{ module, role: "backup", join: "h:1", scheduleSeed: 9 }, [
      ...["--role", "backup", "--join", "h:1", "--schedule-seed", "9"],
    ]],
    [{ module, env: ["=x"] }, ["--env", "=x"]],
    [{ module, env: ["REPLRT_NOT_SET"] }, ["--env", "REPLRT_NOT_SET"]],
    [{ module, role: "primary", bind: "192.0.2.1:1" }, [
      "--role",
      "primary",
      "--bind",
      "192.0.2.1:1",
    ]],
    [{ module, role: "primary", stateDir: "" }, [
      "--role",
      "primary",
      "--state-dir",
      "",
    ]],
  ];
  for (const [options, argv] of wrong) {
    const expected = await refusal(module, ...argv);
    const { message, next, exitCode } = refused(options);
    assert.equal(
      { message, next, exitCode },
      {
        message: expected.message,
        next: expected.next,
        exitCode: expected.exitCode,
      },
    );
    assert.ok(next, message);
  }
});

test("a field that is no option is refused with those there are", () => {
  const { message, next } = refused(
    { module: "a.wasm", tcplisten: ["127.0.0.1:0"] } as NodeOptions,
  );
  assert.is(message, "cannot use tcplisten: no such option");
  assert.match(next ?? "", "tcpListen");
});

test.run();
