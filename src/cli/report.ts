import { ReplrtError } from "../runtime/errors.ts";
import { oneLine } from "../runtime/status.ts";

/** Exit code of everything that replrt could not do, and of its own bugs. */
export const EXIT_CANNOT = 125;

/** The JSON form of what ended a node, the last of its lines; a bug of ours has its `stack`. */
export type ErrorEvent = {
  event: "error";
  message: string;
  next: string | null;
  exitCode: number;
  stack?: string;
};

/** How long an ending process tries to write its last words, in ms; a pipe may have no reader. */
const LAST_WORDS_MS = 1000;

/**
 * The text for what ended a command, and its exit code.
 *
 * A `ReplrtError` gives `error: …` and a line `  = help: …` for each line of its hint, or one JSON
 * object with the same parts. Anything else is a bug of ours and keeps its stack.
 */
export function describeError(
  error: unknown,
  json: boolean,
): { text: string; exitCode: number } {
  const known = error instanceof ReplrtError;
  const exitCode = known ? error.exitCode : EXIT_CANNOT;
  const message = known ? error.message : `bug in replrt: ${bugMessage(error)}`;
  const next = known
    ? error.next
    : "please report it, with the command and this text";
  const stack = known || !(error instanceof Error) ? undefined : error.stack;
  if (json) {
    const line: ErrorEvent = {
      event: "error",
      message,
      next: next ?? null,
      exitCode,
    };
    return {
      text: `${JSON.stringify(stack ? { ...line, stack } : line)}\n`,
      exitCode,
    };
  }
  const hints = (next ?? "").split("\n").filter((hint) => hint !== "");
  const lines = [
    `error: ${oneLine(message)}`,
    ...(stack === undefined ? [] : stackFrames(stack)),
    ...hints.map((hint) => `  = help: ${oneLine(hint)}`),
  ];
  return { text: `${lines.join("\n")}\n`, exitCode };
}

/**
 * Writes the last text of a process. Never fails, and gives up after a second: a pipe that nobody
 * reads must not keep a process from ending.
 */
export async function writeLast(
  to: { write(bytes: Uint8Array): Promise<number> },
  text: string,
): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const tooLate = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, LAST_WORDS_MS);
  });
  await Promise.race([writeAll(to, new TextEncoder().encode(text)), tooLate]);
  clearTimeout(timer);
}

async function writeAll(
  to: { write(bytes: Uint8Array): Promise<number> },
  bytes: Uint8Array,
): Promise<void> {
  try {
    for (let at = 0; at < bytes.length;) {
      at += await to.write(bytes.subarray(at));
    }
  } catch {
    // The reader is gone; there is nobody left to tell.
  }
}

function bugMessage(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.replace(/^bug in replrt: /, "");
}

function stackFrames(stack: string): string[] {
  return stack.split("\n").filter((line) => /^\s+at /.test(line)).map(oneLine);
}
