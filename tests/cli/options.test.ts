import { test } from "uvu";
import * as assert from "uvu/assert";
import { RUN_DEFAULTS } from "../../src/runtime/options.ts";
import { parse, parseRecord } from "./fixture.ts";

const PRIMARY = ["a.wasm", "--role", "primary"];
const BACKUP = ["a.wasm", "--role", "backup", "--join", "10.0.0.1:7400"];

test("a module alone runs solo with every default", async () => {
  assert.equal(await parse("a.wasm"), { ...RUN_DEFAULTS, module: "a.wasm" });
});

test("every option of a primary arrives", async () => {
  const given = await parse(
    ...["--role", "primary", "--bind", "0.0.0.0:7000", "--insecure"],
    ...["--peer", "other.example:7001", "--join-timeout", "9000"],
    ...["--dir", "./data::/data::shared", "--dir", "/both", "--env", "A=1"],
    ...["--tcplisten", "[::1]:6379", "--tcplisten", "127.0.0.1:0"],
    ...["--output", "async", "--degraded", "stop", "--wait-backups", "2"],
    ...["--heartbeat", "50", "--timeout", "100", "--state-dir", "/state"],
    ...["--overwrite", "--no-late-join", "--on-takeover", "logger $X"],
    ...["--quantum", "2147483647", "--schedule-seed", "0"],
    ...["--trace", "--quiet", "--json", "a.wasm", "x", "y"],
  );
  assert.equal(given, {
    module: "a.wasm",
    args: ["x", "y"],
    role: "primary",
    bind: { host: "0.0.0.0", port: 7000 },
    insecure: true,
    join: undefined,
    peer: { host: "other.example", port: 7001 },
    joinTimeoutMs: 9000,
    dirs: [
      { host: "./data", guest: "/data", shared: true },
      { host: "/both", guest: "/both", shared: false },
    ],
    env: ["A=1"],
    tcpListen: [{ host: "::1", port: 6379 }, { host: "127.0.0.1", port: 0 }],
    quantum: 2147483647,
    scheduleSeed: 0,
    output: "async",
    degraded: "stop",
    waitBackups: 2,
    heartbeatMs: 50,
    timeoutMs: 100,
    stateDir: "/state",
    sync: false,
    onLogError: "stop",
    overwrite: true,
    lateJoin: false,
    onTakeover: "logger $X",
    trace: true,
    quiet: true,
    json: true,
  });
});

test("a backup knows the primary it joins", async () => {
  const given = await parse(...BACKUP, "--join-timeout", "1");
  assert.is(given.role, "backup");
  assert.equal(given.join, { host: "10.0.0.1", port: 7400 });
  assert.is(given.joinTimeoutMs, 1);
});

test("a value may follow an equals sign", async () => {
  assert.is((await parse("a.wasm", "--role=primary")).role, "primary");
  assert.equal((await parse("--env=A=b=c", "a.wasm")).env, ["A=b=c"]);
});

test("of an option said twice the last counts", async () => {
  const given = await parse(...PRIMARY, "--output", "async", "--output=commit");
  assert.is(given.output, "commit");
});

test("a variable's name alone passes the shell's value on, an empty one too", async () => {
  const given = await parse("--env", "HOME", "--env", "EMPTY", "a.wasm");
  assert.equal(given.env, ["HOME=/home/me", "EMPTY="]);
});

test("of a variable said twice the last value counts, in the first place", async () => {
  const given = await parse("--env=A=1", "--env=B=2", "--env=A=3", "a.wasm");
  assert.equal(given.env, ["A=3", "B=2"]);
});

test("REPLRT_LISTEN_FD may be set where replrt does not set it", async () => {
  const given = await parse("--env", "REPLRT_LISTEN_FD=9", "a.wasm");
  assert.equal(given.env, ["REPLRT_LISTEN_FD=9"]);
});

test("every loopback address is bound without --insecure", async () => {
  for (
    const host of ["127.0.0.1", "127.8.9.10", "[::1]", "[0:0::1]", "localhost"]
  ) {
    const given = await parse(...PRIMARY, "--bind", `${host}:7000`);
    assert.is(given.bind.port, 7000);
  }
});

test("port 0 is free for several addresses", async () => {
  const given = await parse(
    ...PRIMARY,
    ...["--bind", "127.0.0.1:0", "--tcplisten", "127.0.0.1:0"],
    ...["--tcplisten", "127.0.0.1:0"],
  );
  assert.is(given.bind.port, 0);
  assert.is(given.tcpListen.length, 2);
});

test("a directory without a colon pair is the same path on both sides", async () => {
  const given = await parse("--dir", "a:b", "--dir", ".", "a.wasm");
  assert.equal(given.dirs, [
    { host: "a:b", guest: "a:b", shared: false },
    { host: ".", guest: ".", shared: false },
  ]);
});

test("a directory is shared by a third part, and mirrored without one", async () => {
  const given = await parse(
    "--dir",
    "a::b::shared",
    "--dir=c::shared",
    "a.wasm",
  );
  assert.equal(given.dirs, [
    { host: "a", guest: "b", shared: true },
    { host: "c", guest: "shared", shared: false },
  ]);
});

test("a time-out of exactly two heartbeats is enough", async () => {
  const given = await parse(...PRIMARY, "--heartbeat", "250");
  assert.is(given.timeoutMs, 2 * given.heartbeatMs);
});

test("whoever starts a run may choose the order of its threads", async () => {
  const chosen = ["a.wasm", "--quantum", "1", "--schedule-seed", "2147483647"];
  const nodes = [[], ["--role", "primary"], [
    ...["--role", "primary", "--peer", "10.0.0.1:7400"],
  ]];
  for (const role of nodes) {
    const given = await parse(...chosen, ...role);
    assert.is(given.quantum, 1);
    assert.is(given.scheduleSeed, 2147483647);
  }
  const { run } = await parseRecord(...chosen);
  assert.is(run.quantum, 1);
  assert.is(run.scheduleSeed, 2147483647);
});

test("the options can be copied to a Worker", async () => {
  const given = await parse(...BACKUP);
  assert.equal(structuredClone(given), given);
});

test.run();
