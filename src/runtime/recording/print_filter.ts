import { Control } from "../../engine/message.ts";
import { controlName } from "../../wasi-intercept/describe.ts";
import { TABLE } from "../../wasi-intercept/table.ts";
import { ReplrtError } from "../errors.ts";
import type { Entry } from "./messages.ts";

/** Which messages are wanted; what is undefined asks for nothing. */
export interface LogFilter {
  /** Names of calls and of control messages. */
  readonly only: ReadonlySet<string> | undefined;
  /** A descriptor that a call is given or makes. */
  readonly fd: number | undefined;
  readonly thread: number | undefined;
  /** The first number. */
  readonly from: number;
  /** The last number. */
  readonly to: number;
}

/** Whether a message is wanted. */
export function isWanted(
  { only, fd, thread, from, to }: LogFilter,
  entry: Entry,
): boolean {
  const { seq, method, tid, seen } = entry;
  if (seq < from || seq > to) return false;
  const name = seen?.call.row.name ?? controlName(method);
  if (only !== undefined && !(name !== undefined && only.has(name))) {
    return false;
  }
  return (thread === undefined || tid === thread) &&
    (fd === undefined || concerns(entry, fd));
}

function concerns({ seen }: Entry, fd: number): boolean {
  if (seen === undefined) return false;
  return seen.added?.fd === fd ||
    seen.call.args.some(({ words, value }) => words === "fd" && value === fd);
}

/** Checks the names that are asked for. @throws {ReplrtError} for one that no message of a recording has. */
export function checkNames({ only }: LogFilter): void {
  for (const name of only ?? []) {
    const row = TABLE.find((row) => row.name === name);
    if (row?.effect === "local") {
      throw new ReplrtError(
        `cannot use --only ${name}: it is in no recording, since it learns nothing from the world`,
        name === "proc_exit"
          ? "the message of the program's end is processExit"
          : "replrt run --trace shows these calls, too",
      );
    }
    if (row === undefined && !Object.hasOwn(Control, name)) {
      throw new ReplrtError(
        `cannot use --only ${name || '""'}: no message has that name`,
        `docs/SYSCALLS.md has the calls; control messages are ${
          Object.keys(Control).join(", ")
        }`,
      );
    }
  }
}
