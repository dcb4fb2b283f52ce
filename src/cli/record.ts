import type { Command } from "commander";
import { basename } from "node:path/posix";
import { LOG_ERROR_POLICIES } from "../runtime/options.ts";
import type { RecordOptions } from "../runtime/recording/record.ts";
import { type Flag, FLAGS } from "./flags.ts";
import { EXIT_CODES } from "./help.ts";
import { type LookUp, readRunOptions } from "./options.ts";
import { ProgramCommand } from "./program_command.ts";
import { parseText, parseWord } from "./values.ts";

const RECORDING = "The recording:";

const OWN_FLAGS: readonly Flag[] = [
  {
    name: "--out",
    short: "-o",
    value: "FILE",
    audience: "all",
    group: RECORDING,
    text:
      "where it goes (default APP.rlog in this directory); an older one there is replaced",
  },
  {
    name: "--embed",
    audience: "all",
    group: RECORDING,
    text: "put the module in too, so that the file alone can be replayed",
  },
  {
    name: "--on-log-error",
    value: "WHAT",
    audience: "all",
    group: RECORDING,
    text: `stop or continue when the recording can't be written (default ${
      LOG_ERROR_POLICIES[0]
    })`,
  },
];

const EXAMPLES = `
Examples:
    $ replrt record app.wasm --dir ./data::/data
    $ replrt replay app.rlog

A recording holds what the program read, secrets included; it is made for its owner alone (0600).
`;

/**
 * The command `record`.
 *
 * @param lookUp environment for `--env NAME`.
 * @param start gets the checked options; its promise is awaited by `parseAsync`.
 */
export function recordCommand(
  lookUp: LookUp,
  start: (options: RecordOptions) => Promise<void>,
): Command {
  const command = new ProgramCommand({
    name: "record",
    summary: "run a program and record it",
    description:
      "Runs a WebAssembly program and records all that it learns from the world, so that it can be replayed.",
    flags: [
      ...FLAGS.filter(({ audience, name }) =>
        ["all", "starting"].includes(audience) && name !== "--role"
      ),
      ...OWN_FLAGS,
    ],
    epilogue: `\n${EXIT_CODES}${EXAMPLES}`,
  });
  return command.action(() => start(readRecordOptions(command, lookUp)));
}

function readRecordOptions(command: Command, lookUp: LookUp): RecordOptions {
  const run = readRunOptions(command, lookUp);
  const { out, embed, onLogError } = command.opts();
  return {
    run,
    out: out === undefined
      ? `${basename(run.module).replace(/\.wasm$/, "")}.rlog`
      : parseText("--out", out),
    embed: embed === true,
    onLogError: parseWord(
      "--on-log-error",
      onLogError ?? LOG_ERROR_POLICIES[0],
      LOG_ERROR_POLICIES,
    ),
  };
}
