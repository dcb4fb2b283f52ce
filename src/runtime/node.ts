import { ReplrtError } from "./errors.ts";
import type { RunOptions } from "./options.ts";
import { runSoloNode } from "./node/solo.ts";
import { Say } from "./say.ts";

/**
 * Runs one node to its end and gives its exit code: the guest's own, or 134 after a trap.
 *
 * @throws {ReplrtError} for what the operator has to mend.
 */
export function runNode(options: RunOptions): Promise<number> {
  if (Deno.build.os !== "linux") {
    throw new ReplrtError(
      `cannot run on ${Deno.build.os}: only Linux has the calls in use`,
      "use Linux on x86-64 or arm64",
    );
  }
  const say = new Say(options);
  return runSoloNode(options, say);
}
