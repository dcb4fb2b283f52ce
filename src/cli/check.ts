import type { Command } from "commander";
import { type Source, SOURCES } from "../runtime/host/fixed_world.ts";
import type { CheckOptions } from "../runtime/recording/check/check.ts";
import { type Flag, FLAGS } from "./flags.ts";
import { type LookUp, readRunOptions } from "./options.ts";
import { ProgramCommand } from "./program_command.ts";
import { parseNumber, parseText, parseWord } from "./values.ts";

/** How often it is run, and how long a run may take in ms, unless told otherwise. */
const RUNS = 2, RUN_TIMEOUT_MS = 60_000;

const CHECK = "What is checked:";
const REPORT = "The report:";
/** The options of `run` that it has too. */
const SHARED = ["--dir", "--env", "--tcplisten", "--quantum"];

const OWN_FLAGS: readonly Flag[] = [
  {
    name: "--runs",
    value: "N",
    audience: "all",
    group: CHECK,
    text: `how many runs are compared, each a fresh process (default ${RUNS})`,
  },
  {
    name: "--perturb",
    value: "WHAT",
    audience: "all",
    group: CHECK,
    text: `find out which sources reach the output: all, or some of ${
      SOURCES.join(",")
    }`,
  },
  {
    name: "--schedules",
    value: "N",
    audience: "all",
    group: CHECK,
    text:
      "find out whether the order of its threads reaches the output: runs with schedule seeds 1 to N",
  },
  {
    name: "--run-timeout",
    value: "MS",
    audience: "all",
    group: CHECK,
    text:
      `how long a run may take before the check is given up (default ${RUN_TIMEOUT_MS})`,
  },
  {
    name: "--junit",
    value: "FILE",
    audience: "all",
    group: REPORT,
    text: "write it as JUnit XML too",
  },
  {
    name: "--json",
    audience: "all",
    group: REPORT,
    text: "as one JSON object",
  },
];

const EPILOGUE = `
The program's directories are copied for each run and stay as they are. Its
stdin is read to its end first, and given to each run. What it prints is
compared, not shown. In a GitHub workflow, differences are annotated.
Of two schedules that differ the recordings are kept in this directory, as
APP.seed-S.rlog; they hold what the program read.

Exit codes:
  0    deterministic: each run gave the same output, exit code and files
  1    not; the report says what differs, and from which call on
  125  replrt could not: the error says why and what to do

Examples:
    $ replrt check app.wasm
    $ replrt check --perturb all --junit check.xml app.wasm < input
    $ replrt check --schedules 100 threads.wasm
    $ replrt check --perturb clock,random --dir ./src::/src app.wasm -- --build
`;

/** All that `replrt check` was told. */
export interface CheckCommandOptions extends CheckOptions {
  /** Where the report goes as JUnit XML. */
  readonly junit: string | undefined;
  readonly json: boolean;
}

/**
 * The command `check`.
 *
 * @param lookUp environment for `--env NAME`.
 * @param start gets the checked options; its promise is awaited by `parseAsync`.
 */
export function checkCommand(
  lookUp: LookUp,
  start: (options: CheckCommandOptions) => Promise<void>,
): Command {
  const command = new ProgramCommand({
    name: "check",
    summary: "find out whether a program is deterministic",
    description:
      "Runs a WebAssembly program several times, replays it, and says whether and why its runs differ.",
    flags: [
      ...FLAGS.filter(({ name }) => SHARED.includes(name)).map(withoutNodes),
      ...OWN_FLAGS,
    ],
    epilogue: EPILOGUE,
  });
  return command.action(() => start(readCheckOptions(command, lookUp)));
}

/** Nobody replicates here, so that every directory is alike. */
function withoutNodes(flag: Flag): Flag {
  return flag.name === "--dir"
    ? {
      ...flag,
      value: "HOST::GUEST",
      text:
        "directory, copied for each run; HOST alone is the same path for both",
    }
    : flag;
}

function readCheckOptions(
  command: Command,
  lookUp: LookUp,
): CheckCommandOptions {
  const run = readRunOptions(command, lookUp);
  const { runs, perturb, schedules, runTimeout, junit } = command.opts();
  return {
    run,
    runs: runs === undefined ? RUNS : parseNumber("--runs", runs, 1),
    perturb: perturb === undefined ? [] : parseSources("--perturb", perturb),
    schedules: schedules === undefined
      ? undefined
      : parseNumber("--schedules", schedules, 2),
    runTimeoutMs: runTimeout === undefined
      ? RUN_TIMEOUT_MS
      : parseNumber("--run-timeout", runTimeout, 1),
    junit: junit === undefined ? undefined : parseText("--junit", junit),
    json: run.json,
  };
}

function parseSources(flag: string, text: string): readonly Source[] {
  const words = parseText(flag, text).split(",").map((word) =>
    parseWord(flag, word, ["all", ...SOURCES])
  );
  return SOURCES.filter((source) =>
    words.includes("all") || words.includes(source)
  );
}
