import type { Command } from "commander";

/** What `hoistOptions` found. */
export type Hoisted = {
  /** Options first, then `--`, the module and the guest's arguments. */
  readonly tokens: string[];
  /** The module, when the last of `tokens` is an unknown option that stood behind it. */
  readonly strayAfter?: string;
};

/**
 * Draws the line between replrt's options and the guest's arguments.
 *
 * Options may stand before the module and behind it, until the first guest argument or `--`; all
 * from there on is the guest's, whatever it looks like. A number such as `-5` is no option.
 * Nothing is judged here: at an unknown option, or one without its value, `tokens` end, so that
 * parsing them fails for that reason and no other.
 *
 * @param argv what follows the subcommand's name.
 * @param command gives the known options and which of them take a value.
 */
export function hoistOptions(
  argv: readonly string[],
  command: Command,
): Hoisted {
  const options: string[] = [];
  let module: string | undefined;
  for (let at = 0; at < argv.length; at++) {
    const token = argv[at]!;
    if (token === "--") return guestFrom(options, module, argv.slice(at + 1));
    if (!looksLikeOption(token)) {
      if (module !== undefined) {
        return guestFrom(options, module, argv.slice(at));
      }
      module = token;
      continue;
    }
    const [name, value] = splitValue(token);
    const option = findOption(name, command);
    if (option === undefined || (value !== undefined && !option.takesValue)) {
      const tokens = [...options, option === undefined ? name : token];
      return module === undefined ? { tokens } : { tokens, strayAfter: module };
    }
    options.push(token);
    if (!option.takesValue || value !== undefined) continue;
    at++;
    if (at === argv.length) return { tokens: options };
    options.push(argv[at]!);
  }
  return guestFrom(options, module, []);
}

function guestFrom(
  options: string[],
  module: string | undefined,
  rest: string[],
): Hoisted {
  const own = module === undefined ? [] : [module];
  return { tokens: [...options, "--", ...own, ...rest] };
}

function looksLikeOption(token: string): boolean {
  return token.length > 1 && token.startsWith("-") && !/^-\.?\d/.test(token);
}

function splitValue(token: string): [name: string, value: string | undefined] {
  const equals = token.startsWith("--") ? token.indexOf("=") : -1;
  return equals < 0
    ? [token, undefined]
    : [token.slice(0, equals), token.slice(equals + 1)];
}

function findOption(
  name: string,
  command: Command,
): { takesValue: boolean } | undefined {
  if (name === "-h" || name === "--help") return { takesValue: false };
  const option = command.options.find(({ long, short }) =>
    name === long || name === short
  );
  return option && { takesValue: option.required };
}
