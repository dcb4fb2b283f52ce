import { CommanderError } from "commander";
import { ReplrtError } from "../runtime/errors.ts";

/**
 * Turns the parser's complaint about a command line into an error for the operator.
 *
 * @param command where `--help` tells more, as `replrt run`.
 * @param hint what to do next, besides a suggestion of the parser; by default its help.
 * @returns the complaint itself when it is none: help and version were printed.
 */
export function usageError(
  complaint: CommanderError,
  command: string,
  hint = `see ${command} --help`,
): CommanderError | ReplrtError {
  if (complaint.exitCode === 0 || complaint.code === "commander.help") {
    return complaint;
  }
  const [message = "", suggestion] = complaint.message.replace(/^error: /, "")
    .split("\n");
  const meant = suggestion?.replace(/^\(Did you mean/, "did you mean").replace(
    /\)$/,
    "",
  );
  return new ReplrtError(
    message,
    meant === undefined ? hint : `${meant}\n${hint}`,
  );
}
