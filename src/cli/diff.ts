import { Command } from "commander";
import type { DiffOptions } from "../runtime/recording/print_diff.ts";
import { usageError } from "./usage.ts";

const EPILOGUE = `
Exit codes:
  0    the program did the same in both, and was given the same
  1    they differ
  125  a recording is damaged or can't be read: the error says where and why

Examples:
    $ replrt diff yesterday.rlog today.rlog
`;

/** The command `diff`; `start` gets the options, its promise is awaited by `parseAsync`. */
export function diffCommand(
  start: (options: DiffOptions) => Promise<void>,
): Command {
  return new Command("diff")
    .summary("show where two recordings part")
    .description(
      "Compares two recordings, or logs of nodes, call by call: shows where the program was first given something else, and where it first did something else.",
    )
    .usage("[OPTIONS] A B")
    .argument("<A>", "a recording, or the file log in a state directory")
    .argument("<B>", "another")
    .optionsGroup("Help:")
    .helpOption("-h, --help", "print this text")
    .addHelpText("after", EPILOGUE)
    .exitOverride((error) => {
      throw usageError(error, "replrt diff");
    })
    .action((a: string, b: string) => start({ a, b }));
}
