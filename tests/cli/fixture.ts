import { main } from "../../src/cli/main.ts";
import { recordCommand } from "../../src/cli/record.ts";
import { runCommand } from "../../src/cli/run.ts";
import { ReplrtError } from "../../src/runtime/errors.ts";
import type { RunOptions } from "../../src/runtime/options.ts";
import type { RecordOptions } from "../../src/runtime/recording/record.ts";

/** The shell's environment in parser tests. */
const SHELL: Record<string, string> = { HOME: "/home/me", EMPTY: "" };

/** What `replrt run` makes of these words, in this process. @throws {ReplrtError} as the command does. */
export async function parse(...argv: string[]): Promise<RunOptions> {
  let found: RunOptions | undefined;
  const command = runCommand((name) => SHELL[name], (options) => {
    found = options;
    return Promise.resolve();
  });
  command.configureOutput({ outputError: () => {} });
  await command.parseAsync(argv, { from: "user" });
  if (found === undefined) throw new Error("nothing was started");
  return found;
}

/** What `replrt record` makes of these words, in this process. @throws {ReplrtError} as the command does. */
export async function parseRecord(...argv: string[]): Promise<RecordOptions> {
  let found: RecordOptions | undefined;
  const command = recordCommand((name) => SHELL[name], (options) => {
    found = options;
    return Promise.resolve();
  });
  command.configureOutput({ outputError: () => {} });
  await command.parseAsync(argv, { from: "user" });
  if (found === undefined) throw new Error("nothing was started");
  return found;
}

/** The error that these words end in. */
export async function refusal(...argv: string[]): Promise<ReplrtError> {
  try {
    await parse(...argv);
  } catch (error) {
    if (error instanceof ReplrtError) return error;
    throw error;
  }
  throw new Error(`accepted: ${argv.join(" ")}`);
}

/** A node that does what its module's name says, for tests of what surrounds it. */
function actNode(options: RunOptions): Promise<number> {
  switch (options.module) {
    case "options":
      console.log(JSON.stringify(options));
      return Promise.resolve(0);
    case "exit-7":
      return Promise.resolve(7);
    case "taken-port":
      throw new ReplrtError(
        "cannot bind 127.0.0.1:7400: address in use",
        "say --bind",
      );
    case "diverged":
      throw new ReplrtError(
        "cannot follow: divergence at message 9",
        undefined,
        123,
      );
    case "stray-rejection":
      void Promise.reject(new Error("nobody waits for this"));
      return new Promise(() => {});
    case "stray-exception":
      queueMicrotask(() => {
        throw new Error("nobody catches this");
      });
      return new Promise(() => {});
    default:
      throw new TypeError("a bug");
  }
}

if (import.meta.main) {
  Deno.exit(
    await main(Deno.args, () => Promise.resolve({ runNode: actNode })),
  );
}
