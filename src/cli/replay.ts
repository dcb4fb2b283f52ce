import { Command } from "commander";
import { ReplrtError } from "../runtime/errors.ts";
import type { LiveOptions } from "../runtime/recording/live.ts";
import type { ReplayOptions } from "../runtime/recording/replay.ts";
import type { Flag } from "./flags.ts";
import { EXIT_CODES } from "./help.ts";
import { optionOf } from "./program_command.ts";
import { usageError } from "./usage.ts";
import {
  parseAddress,
  parseDir,
  parseNumber,
  parseText,
  parseWord,
} from "./values.ts";

const HOW = "How it is replayed:";
const STATUS = "What is shown:";
const LIVE = "To go on where it ends:";
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
  {
    name: "--live",
    audience: "all",
    group: LIVE,
    text:
      "go on with the program live, and record it further in the same file; for one that was killed",
  },
  {
    name: "--dir",
    value: "HOST::GUEST",
    repeatable: true,
    audience: "all",
    group: LIVE,
    text: "the directory that the program knows as GUEST",
  },
  {
    name: "--tcplisten",
    value: "HOST:PORT",
    repeatable: true,
    audience: "all",
    group: LIVE,
    text: "listening socket, as many as were recorded",
  },
];

const EXAMPLES = `
A recording that was cut or damaged is replayed as far as it is good; that ends with 125, too.

Examples:
    $ replrt replay app.rlog
    $ replrt replay app.rlog --module build/app.wasm --until 1000
    $ replrt replay app.rlog --live --dir ./data::/data
`;

/** The command `replay`; `start`, or `startLive` with `--live`, gets the checked options, its promise is awaited by `parseAsync`. */
export function replayCommand(
  start: (options: ReplayOptions) => Promise<void>,
  startLive: (options: LiveOptions) => Promise<void>,
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
  return command.action((file: string) =>
    command.opts().live === true
      ? startLive(readLiveOptions(command, file))
      : start(readOptions(command, file))
  );
}

/** Options of a replay that ends where the recording does, and those of one that goes on. */
const ONLY_REPLAY = ["until", "speed", "quiet"];
const ONLY_LIVE = ["dir", "tcplisten"];

function refuseAny(command: Command, names: string[], why: string): void {
  const name = names.find((name) => command.getOptionValue(name) !== undefined);
  if (name === undefined) return;
  throw new ReplrtError(
    `cannot use --${name} ${why}`,
    `leave --${name} out`,
  );
}

function readLiveOptions(command: Command, file: string): LiveOptions {
  refuseAny(command, ONLY_REPLAY, "with --live: the program goes on as it was");
  const { module, json, dir = [], tcplisten = [] } = command.opts();
  return {
    file,
    module: module === undefined ? undefined : parseText("--module", module),
    dirs: dir.map((text: string) => parseDir("--dir", text)),
    tcpListen: tcplisten.map((text: string) =>
      parseAddress("--tcplisten", text)
    ),
    quiet: false,
    json: json === true,
  };
}

function readOptions(command: Command, file: string): ReplayOptions {
  refuseAny(command, ONLY_LIVE, "without --live: a replay touches nothing");
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
