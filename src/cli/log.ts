import { Command } from "commander";
import { ReplrtError } from "../runtime/errors.ts";
import type { LogOptions } from "../runtime/recording/print_log.ts";
import type { Flag } from "./flags.ts";
import { optionOf } from "./program_command.ts";
import { usageError } from "./usage.ts";
import { parseNumber } from "./values.ts";

const WHICH = "Which messages:";
const HOW = "How they are shown:";

const FLAGS: readonly Flag[] = [
  {
    name: "--only",
    value: "NAME[,NAME...]",
    repeatable: true,
    audience: "all",
    group: WHICH,
    text: "calls or control messages of these names",
  },
  {
    name: "--fd",
    value: "N",
    audience: "all",
    group: WHICH,
    text: "calls on descriptor N, and those that make it",
  },
  {
    name: "--thread",
    value: "TID",
    audience: "all",
    group: WHICH,
    text: "of thread TID",
  },
  {
    name: "--from",
    value: "N",
    audience: "all",
    group: WHICH,
    text: "from message N on",
  },
  {
    name: "--to",
    value: "N",
    audience: "all",
    group: WHICH,
    text: "up to message N",
  },
  {
    name: "--stats",
    audience: "all",
    group: HOW,
    text: "calls, errors, bytes and time by method",
  },
  {
    name: "--json",
    audience: "all",
    group: HOW,
    text: "one JSON object a line",
  },
];

const EPILOGUE = `
Exit codes:
  0    all was printed; a recording that was cut, too
  125  the recording is damaged or can't be read: the error says where and why

Examples:
    $ replrt log app.rlog
    $ replrt log app.rlog --only path_open,fd_close --from 1000
    $ replrt log state/log --stats
`;

/** The command `log`; `start` gets the checked options, its promise is awaited by `parseAsync`. */
export function logCommand(
  start: (options: LogOptions) => Promise<void>,
): Command {
  const command = new Command("log")
    .summary("print a recording, a line a call")
    .description(
      "Prints what a recording, or the log of a node, holds: each call with its arguments and its outcome.",
    )
    .usage("[OPTIONS] FILE")
    .argument("<FILE>", "a recording, or the file log in a state directory")
    .optionsGroup("Help:")
    .helpOption("-h, --help", "print this text")
    .addHelpText("after", EPILOGUE);
  for (const flag of FLAGS) command.addOption(optionOf(flag));
  command.exitOverride((error) => {
    throw usageError(error, "replrt log");
  });
  return command.action((file: string) => start(readOptions(command, file)));
}

function readOptions(command: Command, file: string): LogOptions {
  const { only, fd, thread, from, to, stats, json } = command.opts();
  const number = (flag: string, text: string | undefined) =>
    text === undefined ? undefined : parseNumber(flag, text, 0);
  const filter = {
    only: only === undefined
      ? undefined
      : new Set((only as string[]).flatMap((list) => list.split(","))),
    fd: number("--fd", fd),
    thread: number("--thread", thread),
    from: number("--from", from) ?? 0,
    to: number("--to", to) ?? Infinity,
  };
  if (filter.from > filter.to) {
    throw new ReplrtError(
      `cannot use --from ${from} with --to ${to}: no message lies between`,
      `say --from ${to} --to ${from}`,
    );
  }
  return { file, filter, stats: stats === true, json: json === true };
}
