import { Command } from "commander";
import type { ReplayOptions } from "../runtime/recording/replay.ts";
import type { Flag } from "./flags.ts";
import { EXIT_CODES } from "./help.ts";
import { optionOf } from "./program_command.ts";
import { usageError } from "./usage.ts";
import { parseNumber, parseText, parseWord } from "./values.ts";

const HOW = "How it is replayed:";
const STATUS = "What is shown:";
const SPEEDS = ["fast", "real"] as const;

const FLAGS: readonly Flag[] = [
  {
    name: "--module",
    value: "APP.wasm",
    audience: "all",
    group: HOW,
    text:
      "the recorded program (default: the one in the recording, else where it was recorded)",
  },
  {
    name: "--until",
    value: "N",
    audience: "all",
    group: HOW,
    text: "stop after message N; replrt log shows the numbers",
  },
  {
    name: "--speed",
    value: "HOW",
    audience: "all",
    group: HOW,
    text: `fast, or real: at the recorded pace (default ${SPEEDS[0]})`,
  },
  {
    name: "--quiet",
    audience: "all",
    group: STATUS,
    text: "not what the program writes to stdout and stderr",
  },
  {
    name: "--json",
    audience: "all",
    group: STATUS,
    text: "status lines on stderr as one JSON object a line",
  },
];

const EXAMPLES = `
Examples:
    $ replrt replay app.rlog
    $ replrt replay app.rlog --module build/app.wasm --until 1000
`;

/** The command `replay`; `start` gets the checked options, its promise is awaited by `parseAsync`. */
export function replayCommand(
  start: (options: ReplayOptions) => Promise<void>,
): Command {
  const command = new Command("replay")
    .summary("run a recorded program again")
    .description(
      "Runs a recorded program again, with no effect on the world, and ends with its exit code.",
    )
    .usage("[OPTIONS] FILE")
    .argument("<FILE>", "a recording of replrt record")
    .optionsGroup("Help:")
    .helpOption("-h, --help", "print this text")
    .addHelpText("after", `\n${EXIT_CODES}${EXAMPLES}`);
  for (const flag of FLAGS) command.addOption(optionOf(flag));
  command.exitOverride((error) => {
    throw usageError(error, "replrt replay");
  });
  return command.action((file: string) => start(readOptions(command, file)));
}

function readOptions(command: Command, file: string): ReplayOptions {
  const { module, until, speed, quiet, json } = command.opts();
  return {
    file,
    module: module === undefined ? undefined : parseText("--module", module),
    until: until === undefined ? undefined : parseNumber("--until", until, 0),
    speed: parseWord("--speed", speed ?? SPEEDS[0], SPEEDS),
    quiet: quiet === true,
    json: json === true,
  };
}
