import { Command } from "commander";
import { LOG_ERROR_POLICIES } from "../runtime/options.ts";
import type { ResumeOptions } from "../runtime/recording/resume.ts";
import type { Flag } from "./flags.ts";
import { EXIT_CODES } from "./help.ts";
import { optionOf } from "./program_command.ts";
import { usageError } from "./usage.ts";
import { parseAddress, parseDir, parseText, parseWord } from "./values.ts";

const PROGRAM = "What the program gets; all else is as before:";
const DISK = "Disk:";
const STATUS = "Status lines on stderr:";

const FLAGS: readonly Flag[] = [
  {
    name: "--dir",
    value: "HOST::GUEST",
    repeatable: true,
    audience: "all",
    group: PROGRAM,
    text: "another place for the directory that the program knows as GUEST",
  },
  {
    name: "--tcplisten",
    value: "HOST:PORT",
    repeatable: true,
    audience: "all",
    group: PROGRAM,
    text: "other addresses for the listening sockets, all of them in order",
  },
  {
    name: "--sync",
    audience: "all",
    group: DISK,
    text: "from now on outputs leave once the log is on the disk itself",
  },
  {
    name: "--on-log-error",
    value: "WHAT",
    audience: "all",
    group: DISK,
    text: "stop or continue when the log can't be written (default: as before)",
  },
  {
    name: "--quiet",
    audience: "all",
    group: STATUS,
    text: "only errors and divergences",
  },
  {
    name: "--json",
    audience: "all",
    group: STATUS,
    text: "one JSON object a line",
  },
];

const EXAMPLES = `
Examples:
    $ replrt run app.wasm --state-dir ./state --dir ./data::/data
    $ replrt resume ./state

The directories are built again from what they held at the start and from the log. What stood in their
places and differs is moved to DIR.before-RUN.
`;

/** The command `resume`; `start` gets the checked options, its promise is awaited by `parseAsync`. */
export function resumeCommand(
  start: (options: ResumeOptions) => Promise<void>,
): Command {
  const command = new Command("resume")
    .summary("go on with a program that was killed")
    .description(
      "Goes on with a program that was run with --state-dir and was killed, where its log ends.",
    )
    .usage("[OPTIONS] DIR")
    .argument("<DIR>", "its --state-dir")
    .optionsGroup("Help:")
    .helpOption("-h, --help", "print this text")
    .addHelpText("after", `\n${EXIT_CODES}${EXAMPLES}`);
  for (const flag of FLAGS) command.addOption(optionOf(flag));
  command.exitOverride((error) => {
    throw usageError(error, "replrt resume");
  });
  return command.action((dir: string) => start(readOptions(command, dir)));
}

function readOptions(command: Command, stateDir: string): ResumeOptions {
  const { dir = [], tcplisten = [], sync, onLogError, quiet, json } = command
    .opts();
  return {
    stateDir: parseText("DIR", stateDir),
    dirs: dir.map((text: string) => parseDir("--dir", text)),
    tcpListen: tcplisten.map((text: string) =>
      parseAddress("--tcplisten", text)
    ),
    sync: sync === true ? true : undefined,
    onLogError: onLogError === undefined
      ? undefined
      : parseWord("--on-log-error", onLogError, LOG_ERROR_POLICIES),
    quiet: quiet === true,
    json: json === true,
  };
}
