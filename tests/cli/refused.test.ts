import { test } from "uvu";
import * as assert from "uvu/assert";
import { suits } from "../../src/cli/audience.ts";
import { FLAGS } from "../../src/cli/flags.ts";
import { ROLES } from "../../src/runtime/options.ts";
import { refusal } from "./fixture.ts";

const PRIMARY = ["a.wasm", "--role", "primary"];
const BACKUP = ["a.wasm", "--role", "backup", "--join", "10.0.0.1:7400"];

/** What is given, a part of the error, a part of what to do next. */
const REFUSED: [argv: string[], message: string, next: string][] = [
  [
    ["a.wasm", "--role", "leader"],
    "cannot use --role leader: no such choice",
    "solo, primary, backup",
  ],
  [
    ["a.wasm", "--role", "backup"],
    "it does not know its primary",
    "--join HOST:PORT",
  ],
  [
    ["a.wasm", "--join", "h:1"],
    "--join with --role solo: it is for a backup",
    "say --role backup",
  ],
  [
    [...PRIMARY, "--join", "h:1"],
    "--join with --role primary",
    "say --role backup",
  ],
  [
    [...BACKUP, "--peer", "h:1"],
    "--peer with --role backup: it is for a primary",
    "leave --peer out",
  ],
  [
    ["a.wasm", "--wait-backups", "1"],
    "--wait-backups with --role solo",
    "say --role primary",
  ],
  [
    [...BACKUP, "--wait-backups", "1"],
    "--wait-backups with --role backup",
    "say --role primary",
  ],
  [
    [...PRIMARY, "--on-takeover", "x"],
    "a backup, or a primary with --peer",
    "--peer",
  ],
  [
    [...PRIMARY, "--join-timeout", "5"],
    "a backup, or a primary with --peer",
    "--peer",
  ],
  [
    [...PRIMARY, "--bind", "7400"],
    "cannot use --bind 7400: it is not HOST:PORT",
    "--bind 127.0.0.1:7400",
  ],
  [[...PRIMARY, "--bind", ":7400"], '"" is no host', "--bind 127.0.0.1:7400"],
  [
    [...PRIMARY, "--bind", "::1:7400"],
    "an IPv6 address needs brackets",
    "[::1]:7400",
  ],
  [
    [...PRIMARY, "--bind", "::1"],
    "an IPv6 address needs brackets",
    "[::1]:7400",
  ],
  [[...PRIMARY, "--bind", "[::g]:1"], '"::g" is no host', "--bind"],
  [[...PRIMARY, "--bind", "[h]:1"], '"h" is no host', "--bind"],
  [[...PRIMARY, "--bind", "300.1.1.1:1"], '"300.1.1.1" is no host', "--bind"],
  [[...PRIMARY, "--bind", "a b:1"], '"a b" is no host', "--bind"],
  [[...PRIMARY, "--bind", "h:65536"], "a port is 0 to 65535", "--bind h:7400"],
  [[...PRIMARY, "--bind", "h:-1"], "it is not HOST:PORT", "--bind"],
  [
    [...PRIMARY, "--bind", "0.0.0.0:7400"],
    "replication is in clear text",
    "add --insecure",
  ],
  [
    [...PRIMARY, "--bind", "[::]:7400"],
    "cannot use --bind [::]:7400",
    "add --insecure",
  ],
  [
    [...PRIMARY, "--bind", "db.example:7400"],
    "replication is in clear text",
    "add --insecure",
  ],
  [
    ["a.wasm", "--role", "backup", "--join", "h:0"],
    "port 0 is no port to connect to",
    "printed",
  ],
  [[...PRIMARY, "--peer", "h:0"], "port 0 is no port to connect to", "printed"],
  [
    ["a.wasm", "--role", "backup", "--join", "localhost:7400"],
    "cannot use --bind 127.0.0.1:7400: it is the address of --join localhost:7400",
    "127.0.0.1:7401",
  ],
  [
    [...PRIMARY, "--peer", "127.0.0.1:7400"],
    "it is the address of --peer",
    "127.0.0.1:7401",
  ],
  [
    [...PRIMARY, "--tcplisten", "127.0.0.1:7400"],
    "it is the address of --bind",
    "127.0.0.1:7401",
  ],
  [
    ["a.wasm", "--tcplisten", "[::1]:9", "--tcplisten", "[0::1]:9"],
    "it is the address of --tcplisten",
    "[0::1]:10",
  ],
  [
    ["a.wasm", "--sync"],
    "cannot use --sync without --state-dir",
    "add --state-dir DIR",
  ],
  [
    ["a.wasm", "--overwrite"],
    "cannot use --overwrite without --state-dir",
    "leave --overwrite out",
  ],
  [
    ["a.wasm", "--state-dir", "s", "--dir", "a::b::shared"],
    "cannot use --dir a::b::shared with --role solo and --state-dir",
    "write --dir a::b",
  ],
  [
    ["a.wasm", "--state-dir", "s", "--on-log-error", "wait"],
    "cannot use --on-log-error wait: no such choice",
    "stop, continue",
  ],
  [
    ["a.wasm", "--dir", "a::b::mirror"],
    "cannot use --dir a::b::mirror: its third part can only be shared",
    "write --dir a::b to mirror it, or --dir a::b::shared",
  ],
  [
    ["a.wasm", "--dir", "a::b::"],
    "its third part can only be shared",
    "--dir a::b::shared",
  ],
  [
    ["a.wasm", "--dir", "a::b::shared::c"],
    "it has more than three parts",
    "--dir a::b::shared",
  ],
  [
    ["a.wasm", "--dir", "::b::shared"],
    "a path is empty",
    "--dir HOST::b",
  ],
  [["a.wasm", "--dir", "::b"], "a path is empty", "--dir HOST::b"],
  [["a.wasm", "--dir", "a::"], "a path is empty", "--dir a::GUEST"],
  [
    ["a.wasm", "--dir", ""],
    'cannot use --dir "": a path is empty',
    "--dir HOST::GUEST",
  ],
  [
    ["a.wasm", "--dir", "a::/d", "--dir", "b::/d/"],
    "another directory of that name",
    "--dir b::NAME",
  ],
  [["a.wasm", "--env", "=x"], "the name is empty", "NAME=VALUE"],
  [["a.wasm", "--env", ""], "the name is empty", "NAME=VALUE"],
  [
    ["a.wasm", "--env", "NOT_SET"],
    "cannot pass on NOT_SET: it is not set",
    "--env NOT_SET=VALUE",
  ],
  [
    ["a.wasm", "--tcplisten", "h:1", "--env", "REPLRT_LISTEN_FD=3"],
    "--tcplisten sets it",
    "leave this --env out",
  ],
  [
    ["a.wasm", "--tcplisten", "80"],
    "cannot use --tcplisten 80: it is not HOST:PORT",
    "--tcplisten",
  ],
  [
    [...PRIMARY, "--output", "sync"],
    "cannot use --output sync: no such choice",
    "commit, async",
  ],
  [
    [...PRIMARY, "--degraded", "go"],
    "cannot use --degraded go: no such choice",
    "run, stop",
  ],
  [
    [...PRIMARY, "--wait-backups", "1.5"],
    "a whole number from 0",
    "--wait-backups 1",
  ],
  [
    [...PRIMARY, "--wait-backups=-1"],
    "a whole number from 0",
    "--wait-backups 1",
  ],
  [[...PRIMARY, "--heartbeat", "0"], "a whole number from 1", "--heartbeat 1"],
  [
    [...PRIMARY, "--heartbeat", "1e3"],
    "a whole number from 1",
    "--heartbeat 1",
  ],
  [[...PRIMARY, "--timeout", ""], "a whole number from 1", "--timeout 1"],
  [
    [...PRIMARY, "--timeout", "2147483648"],
    "a whole number from 1",
    "--timeout 1",
  ],
  [
    [...PRIMARY, "--timeout", "199"],
    "cannot use --timeout 199 with --heartbeat 100: within less than two heartbeats",
    "--timeout 200 or more",
  ],
  [
    [...PRIMARY, "--heartbeat", "300"],
    "one that is late looks like a death",
    "--timeout 600 or more",
  ],
  [
    [...BACKUP, "--join-timeout", "soon"],
    "a whole number from 1",
    "--join-timeout 1",
  ],
  [
    [...BACKUP, "--on-takeover", ""],
    'cannot use --on-takeover "": it is empty',
    "leave it out",
  ],
  [
    [...PRIMARY, "--state-dir", ""],
    'cannot use --state-dir "": it is empty',
    "leave it out",
  ],
  [[], "missing required argument 'APP.wasm'", "replrt run --help"],
  [
    ["--role", "primary"],
    "missing required argument 'APP.wasm'",
    "replrt run --help",
  ],
  [
    ["a.wasm", "--join"],
    "'--join <HOST:PORT>' argument missing",
    "replrt run --help",
  ],
  [
    ["--roel", "backup", "a.wasm"],
    "unknown option '--roel'",
    "did you mean --role?",
  ],
  [
    ["--roel=backup", "a.wasm"],
    "unknown option '--roel'",
    "did you mean --role?",
  ],
  [
    ["a.wasm", "--heart-beat", "1"],
    "unknown option '--heart-beat'",
    "did you mean --heartbeat?",
  ],
  [
    ["--xyzzy", "a.wasm", "--", "--help"],
    "unknown option '--xyzzy'",
    "replrt run --help",
  ],
  [
    ["a.wasm", "--port=80"],
    "unknown option '--port'",
    "write -- before the program's own options: replrt run a.wasm -- --port",
  ],
  [["a.wasm", "-p", "80"], "unknown option '-p'", "replrt run a.wasm -- -p"],
  [
    ["a.wasm", "--quiet=yes"],
    "unknown option '--quiet=yes'",
    "replrt run a.wasm --",
  ],
];

for (const [argv, message, next] of REFUSED) {
  test(`refused with what to do next: run ${argv.join(" ")}`, async () => {
    const error = await refusal(...argv);
    assert.ok(error.message.includes(message), error.message);
    assert.ok(error.next?.includes(next), error.next);
    assert.is(error.exitCode, 125);
    assert.not.match(error.message, /\n|\.$/);
  });
}

test("every option that does not suit a role is refused there, and only there", async () => {
  for (const flag of FLAGS) {
    if (flag.name === "--role") continue;
    for (const role of ROLES) {
      const join = role === "backup" && flag.name !== "--join"
        ? ["--join", "h:1"]
        : [];
      const words = ["--role", role, ...join, flag.name];
      const value = flag.value === undefined ? [] : [""];
      const error = await refusalOrNone([...words, ...value, "a.wasm"]);
      const wrongRole = error.includes(`${flag.name} with --role ${role}`);
      assert.is(
        wrongRole,
        !suits(flag.audience, role, flag.name === "--peer"),
        words.join(" "),
      );
    }
  }
});

test("what only a follower uses is taken from a primary that asks its peer first", async () => {
  const error = await refusalOrNone([
    ...PRIMARY,
    "--peer",
    "h:1",
    "--on-takeover",
    "x",
  ]);
  assert.is(error, "");
});

async function refusalOrNone(argv: string[]): Promise<string> {
  try {
    return (await refusal(...argv)).message;
  } catch (error) {
    if (error instanceof Error && error.message.startsWith("accepted")) {
      return "";
    }
    throw error;
  }
}

test.run();
