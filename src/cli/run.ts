import type { Command } from "commander";
import type { RunOptions } from "../runtime/options.ts";
import { FLAGS } from "./flags.ts";
import { EXIT_CODES } from "./help.ts";
import { type LookUp, readRunOptions } from "./options.ts";
import { ProgramCommand } from "./program_command.ts";

const EXAMPLES = `
Examples:
  Run a program, with a directory and a variable:
    $ replrt run app.wasm --dir ./data::/data --env MODE=test -- --its-own-option

  A server that survives the death of its process, in two terminals:
    $ replrt run kv.wasm --role primary --tcplisten 127.0.0.1:6379
    $ replrt run kv.wasm --role backup --join 127.0.0.1:7400 --bind 127.0.0.1:7401 --tcplisten 127.0.0.1:6380
`;

/**
 * The command `run`.
 *
 * @param lookUp environment for `--env NAME`.
 * @param start gets the checked options; its promise is awaited by `parseAsync`.
 */
export function runCommand(
  lookUp: LookUp,
  start: (options: RunOptions) => Promise<void>,
): Command {
  const command = new ProgramCommand({
    name: "run",
    summary: "run a program, alone or replicated",
    description:
      "Runs a WebAssembly program, alone, as primary, or as a backup that takes over.",
    flags: FLAGS,
    epilogue: `\n${EXIT_CODES}${EXAMPLES}`,
  });
  return command.action(() => start(readRunOptions(command, lookUp)));
}
