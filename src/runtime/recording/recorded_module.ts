import { createHash } from "node:crypto";
import { ReplrtError } from "../errors.ts";
import { readFile } from "../host/file.ts";
import { checkedModule, type LoadedModule } from "../module/load.ts";
import type { Recording } from "./recording.ts";

/**
 * The recorded program: from the path that is `given`, else the one in the recording, else where it was when it was recorded.
 *
 * @throws {ReplrtError} when it can't be had, or is another; then both hashes are named.
 */
export function moduleOf(
  recording: Recording,
  given: string | undefined,
): LoadedModule {
  const { init, path } = recording;
  const own = given === undefined ? recording.module() : undefined;
  const from = given ?? init.path ?? init.config.args[0] as string;
  const bytes = own ?? (given === undefined ? readLeft(from) : readFile(from));
  const hash = createHash("sha256").update(bytes).digest("hex");
  if (hash === init.module) {
    return checkedModule(
      own === undefined ? from : `the module in ${path}`,
      bytes,
    );
  }
  throw new ReplrtError(
    `cannot replay ${path}: ${from} has SHA-256 ${hash}, the recorded module ${init.module}`,
    "give the module that was recorded with --module, or record the run again",
  );
}

/** Reads the module where it was left; what to do is known, whatever is in the way. */
function readLeft(path: string): Uint8Array<ArrayBuffer> {
  try {
    return readFile(path);
  } catch (error) {
    if (!(error instanceof ReplrtError)) throw error;
    throw new ReplrtError(
      `${error.message}; the program was recorded from there`,
      "give it with --module; --embed puts it into a recording",
    );
  }
}
