import { test } from "uvu";
import * as assert from "uvu/assert";
import { FLAGS } from "../../src/cli/flags.ts";
import { recordCommand } from "../../src/cli/record.ts";
import { runCommand } from "../../src/cli/run.ts";
import { scheduleOf } from "../../src/wasi-intercept/threads/schedule.ts";

function helpText(
  command: typeof runCommand | typeof recordCommand = runCommand,
): string {
  let text = "";
  command(() => undefined, () => Promise.resolve())
    .configureOutput({ writeOut: (part) => text += part })
    .outputHelp();
  return text;
}

test("the options are these", () => {
  assert.equal(
    FLAGS.map(({ name }) => name).sort(),
    (
      "--bind --degraded --dir --env --heartbeat --insecure --join --join-timeout --json " +
      "--no-late-join --on-log-error --on-takeover --output --overwrite --peer --quantum --quiet --role " +
      "--schedule-seed --state-dir --sync --tcplisten --timeout --trace --wait-backups"
    ).split(" "),
  );
});

test("the help text lists every option once, with its value, under its group", () => {
  const text = helpText();
  for (const { name, value, group } of FLAGS) {
    const entry = value === undefined ? name : `${name} <${value}>`;
    const lines = text.split("\n").filter((line) =>
      line.startsWith(`  ${entry} `)
    );
    assert.is(lines.length, 1, entry);
    assert.ok(text.includes(`\n${group}\n`), group);
  }
});

test("the help text names the defaults", () => {
  const text = helpText().replace(/\s+/g, " ");
  for (
    const value of [
      "solo",
      "127.0.0.1:7400",
      "30000",
      "100",
      "500",
      "commit",
      "run",
      "0",
    ]
  ) {
    assert.ok(text.includes(`(default ${value})`), value);
  }
});

test("the help text names the quantum of threads, in turns and with a seed, and there is one for record", () => {
  const { quantum } = scheduleOf(undefined, undefined);
  const seeded = scheduleOf(undefined, 1).quantum;
  assert.not.equal(quantum, seeded);
  for (const command of [runCommand, recordCommand]) {
    const text = helpText(command).replace(/\s+/g, " ");
    const wanted = `(default ${quantum}, with a seed ${seeded})`;
    assert.ok(text.includes(wanted), text);
    assert.ok(text.includes("--schedule-seed <S>"));
  }
});

test("the help text explains the exit codes and ends with examples", () => {
  const text = helpText();
  for (const code of ["123", "125", "134"]) {
    assert.match(text, new RegExp(`^  ${code}  `, "m"));
  }
  assert.ok(text.indexOf("Examples:") > text.indexOf("Exit codes:"));
  assert.ok(text.indexOf("Exit codes:") > text.indexOf("--json"));
});

test.run();
