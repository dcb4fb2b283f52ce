import { writeText } from "../runtime/host/state.ts";
import { check } from "../runtime/recording/check/check.ts";
import type { CheckCommandOptions } from "./check.ts";
import { annotationsOf, jsonOf, junitOf } from "./check_report.ts";
import { tableOf } from "./check_text.ts";
import { writeLast } from "./report.ts";

/** Exit code of a check that found a difference. */
const EXIT_DIFFERS = 1;

/**
 * Does what `replrt check` was told, and reports it.
 *
 * @param lookUp environment of this process.
 * @returns 0 when the program is deterministic, 1 when it is not.
 * @throws {ReplrtError} when it could not be found out, or a report not be written.
 */
export async function runCheck(
  options: CheckCommandOptions,
  lookUp: (name: string) => string | undefined,
): Promise<number> {
  const result = await check(options);
  const { junit, json } = options;
  if (junit !== undefined) writeText(junit, junitOf(result));
  const colours = Deno.stdout.isTerminal() && !lookUp("NO_COLOR");
  await writeLast(
    Deno.stdout,
    json ? jsonOf(result) : tableOf(result, colours),
  );
  if (lookUp("GITHUB_ACTIONS")) {
    await writeLast(Deno.stderr, annotationsOf(result));
  }
  return result.deterministic ? 0 : EXIT_DIFFERS;
}
