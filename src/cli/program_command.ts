import { Command, type CommanderError, Option } from "commander";
import type { Flag } from "./flags.ts";
import { hoistOptions } from "./hoist.ts";
import { usageError } from "./usage.ts";

/** What a command that runs a program is made of. */
export interface ProgramCommandParts {
  readonly name: string;
  readonly summary: string;
  readonly description: string;
  readonly flags: readonly Flag[];
  /** Behind the options in the help text. */
  readonly epilogue: string;
}

/** A command that runs a program, whose options may also stand behind the module. */
export class ProgramCommand extends Command {
  #strayAfter: string | undefined;

  constructor(
    { name, summary, description, flags, epilogue }: ProgramCommandParts,
  ) {
    super(name);
    this.summary(summary)
      .description(description)
      .usage("[OPTIONS] APP.wasm [ARGS...]")
      .argument("<APP.wasm>", "the program, a WASI command")
      .argument(
        "[ARGS...]",
        "its arguments; -- before them if the first starts with -",
      )
      .optionsGroup("Help:")
      .helpOption("-h, --help", "print this text")
      .addHelpText("after", epilogue);
    for (const flag of flags) this.addOption(optionOf(flag));
    this.exitOverride((error) => this.#onExit(error));
  }

  override parseOptions(argv: string[]): ReturnType<Command["parseOptions"]> {
    const { tokens, strayAfter } = hoistOptions(argv, this);
    this.#strayAfter = strayAfter;
    return super.parseOptions(tokens);
  }

  /** Adds what to do about an option of the guest. */
  #onExit(error: CommanderError): never {
    const command = `replrt ${this.name()}`;
    const after = this.#strayAfter;
    const [, option] = /^error: unknown option '(.*)'/.exec(error.message) ??
      [];
    if (after === undefined || option === undefined) {
      throw usageError(error, command);
    }
    throw usageError(
      error,
      command,
      `write -- before the program's own options: ${command} ${after} -- ${option}`,
    );
  }
}

/** An option of a command, from its row. */
export function optionOf(
  { name, short, value, repeatable, text, group }: Flag,
): Option {
  const names = short === undefined ? name : `${short}, ${name}`;
  const option = new Option(
    value === undefined ? names : `${names} <${value}>`,
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
