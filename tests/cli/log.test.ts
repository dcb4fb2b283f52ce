import type { Command } from "commander";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { diffCommand } from "../../src/cli/diff.ts";
import { logCommand } from "../../src/cli/log.ts";
import { ReplrtError } from "../../src/runtime/errors.ts";
import type { DiffOptions } from "../../src/runtime/recording/print_diff.ts";
import type { LogOptions } from "../../src/runtime/recording/print_log.ts";

async function run(command: Command, argv: readonly string[]): Promise<void> {
  command.configureOutput({ outputError: () => {} });
  await command.parseAsync(argv, { from: "user" });
}

/** What `replrt log` makes of these words. */
async function parseLog(...argv: string[]): Promise<LogOptions> {
  let found: LogOptions | undefined;
  const command = logCommand((options) => {
    found = options;
    return Promise.resolve();
  });
  await run(command, argv);
  return found as LogOptions;
}

/** What `replrt diff` makes of these words. */
async function parseDiff(...argv: string[]): Promise<DiffOptions> {
  let found: DiffOptions | undefined;
  const command = diffCommand((options) => {
    found = options;
    return Promise.resolve();
  });
  await run(command, argv);
  return found as DiffOptions;
}

/** The error that a promise ends in. */
async function refusal(promise: Promise<unknown>): Promise<ReplrtError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof ReplrtError) return error;
    throw error;
  }
  throw new Error("accepted");
}

test("log shows all of a file unless it is asked for less", async () => {
  assert.equal(await parseLog("a.rlog"), {
    file: "a.rlog",
    filter: {
      only: undefined,
      fd: undefined,
      thread: undefined,
      from: 0,
      to: Infinity,
    },
    stats: false,
    json: false,
  });
});

test("every option of log arrives", async () => {
  const given = await parseLog(
    ...["--only", "fd_read,fd_write", "--only=poll_oneoff", "--fd", "0"],
    ...["a.rlog", "--thread", "2", "--from=3", "--to", "3", "--stats"],
    "--json",
  );
  assert.equal(given, {
    file: "a.rlog",
    filter: {
      only: new Set(["fd_read", "fd_write", "poll_oneoff"]),
      fd: 0,
      thread: 2,
      from: 3,
      to: 3,
    },
    stats: true,
    json: true,
  });
});

test("log refuses what is no number, and a range that holds none", async () => {
  const { message } = await refusal(parseLog("a", "--fd", "x"));
  assert.match(message, "cannot use --fd x: a whole number from 0");
  const range = await refusal(parseLog("a", "--from", "5", "--to", "3"));
  assert.is(
    range.message,
    "cannot use --from 5 with --to 3: no message lies between",
  );
  assert.is(range.next, "say --from 3 --to 5");
});

test("diff takes two files", async () => {
  assert.equal(await parseDiff("a", "b"), { a: "a", b: "b" });
});

test("a file that is missing or too many is said, with where to read on", async () => {
  const one = await refusal(parseDiff("a"));
  assert.equal(
    [one.message, one.next],
    ["missing required argument 'B'", "see replrt diff --help"],
  );
  const none = await refusal(parseLog());
  assert.equal(
    [none.message, none.next],
    ["missing required argument 'FILE'", "see replrt log --help"],
  );
  assert.match((await refusal(parseLog("a", "b"))).message, "too many");
});

test("the help texts name every option, the exit codes and examples", () => {
  const { promise } = Promise.withResolvers<void>();
  for (
    const command of [
      logCommand(() => promise),
      diffCommand(() => promise),
    ]
  ) {
    let text = "";
    command.configureOutput({ writeOut: (part) => text += part }).outputHelp();
    for (const { long } of command.options) assert.match(text, `  ${long}`);
    assert.match(text, /Exit codes:\n {2}0 {4}.*(\n.*)*\n {2}125 /);
    assert.match(text, `$ replrt ${command.name()} `);
  }
});

test.run();
