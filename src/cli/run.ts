import { Command, type CommanderError, Option } from "commander";
import type { RunOptions } from "../runtime/options.ts";
import { type Flag, FLAGS } from "./flags.ts";
import { EXIT_CODES } from "./help.ts";
import { hoistOptions } from "./hoist.ts";
import { type LookUp, readRunOptions } from "./options.ts";
import { usageError } from "./usage.ts";

const EXAMPLES = `
Examples:
  Run a program, with a directory and a variable:
    $ replrt run app.wasm --dir ./data::/data --env MODE=test -- --its-own-option

  A server that survives the death of its process, in two terminals:
    $ replrt run kv.wasm --role primary --tcplisten 127.0.0.1:6379
    $ replrt run kv.wasm --role backup --join 127.0.0.1:7400 --bind 127.0.0.1:7401 --tcplisten 127.0.0.1:6380
`;

/** `replrt run`, whose options may also stand behind the module. */
class RunCommand extends Command {
  #strayAfter: string | undefined;

  override parseOptions(argv: string[]): ReturnType<Command["parseOptions"]> {
    const { tokens, strayAfter } = hoistOptions(argv, this);
    this.#strayAfter = strayAfter;
    return super.parseOptions(tokens);
  }

  /** As the exit hook of `Command`: adds what to do about an option of the guest. */
  readonly onExit = (error: CommanderError): never => {
    const after = this.#strayAfter;
    const [, option] = /^error: unknown option '(.*)'/.exec(error.message) ??
      [];
    if (after === undefined || option === undefined) {
      throw usageError(error, "replrt run");
    }
    throw usageError(
      error,
      "replrt run",
      `write -- before the program's own options: replrt run ${after} -- ${option}`,
    );
  };
}

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
  const command = new RunCommand("run")
    .summary("run a program, alone or replicated")
    .description(
      "Runs a WebAssembly program, alone, as primary, or as a backup that takes over.",
    )
    .usage("[OPTIONS] APP.wasm [ARGS...]")
    .argument("<APP.wasm>", "the program, a WASI command")
    .argument(
      "[ARGS...]",
      "its arguments; -- before them if the first starts with -",
    )
    .optionsGroup("Help:")
    .helpOption("-h, --help", "print this text")
    .addHelpText("after", `\n${EXIT_CODES}${EXAMPLES}`);
  for (const flag of FLAGS) command.addOption(optionOf(flag));
  command.exitOverride(command.onExit);
  return command.action(() => start(readRunOptions(command, lookUp)));
}

function optionOf({ name, value, repeatable, text, group }: Flag): Option {
  const option = new Option(
    value === undefined ? name : `${name} <${value}>`,
    text,
  )
    .helpGroup(group);
  if (repeatable) {
    option.argParser((
      text: string,
      before: string[] | undefined,
    ) => [...(before ?? []), text]);
  }
  return option;
}
