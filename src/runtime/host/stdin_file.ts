import { ReplrtError } from "../errors.ts";
import { doing, systemFailure } from "./failure.ts";

/**
 * Writes all of stdin to a new file at `path`; nothing, when stdin is a terminal.
 *
 * @throws {ReplrtError} when it can't be read or written, or has not ended after `timeoutMs`.
 */
export async function takeStdin(
  path: string,
  timeoutMs: number,
): Promise<void> {
  const file = doing(
    `write ${path}`,
    () => Deno.openSync(path, { write: true, createNew: true, mode: 0o600 }),
  );
  if (Deno.stdin.isTerminal()) return file.close();
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    await Deno.stdin.readable.pipeTo(file.writable, { signal });
  } catch (error) {
    if (!signal.aborted) throw systemFailure("take stdin", error);
    throw new ReplrtError(
      `cannot take stdin: it has not ended after ${timeoutMs} ms`,
      "give a file, or nothing: < /dev/null",
    );
  }
}
