import { ReplrtError } from "../errors.ts";
import { Lines, ReaderGone } from "../host/stdout.ts";
import { Say } from "../say.ts";
import { compare } from "./diff.ts";
import { compareInits } from "./diff_init.ts";
import { painter } from "./print_call.ts";
import { stdoutHasColours } from "./print_log.ts";
import { Recording } from "./recording.ts";

/** All that `replrt diff` was told. */
export interface DiffOptions {
  readonly a: string;
  readonly b: string;
}

/** Exit code where two recordings differ. */
const EXIT_DIFFERENT = 1;

/**
 * Prints where two recordings part; gives the exit code: 0 when they agree, 1 when not.
 *
 * @throws {ReplrtError} for one that can't be opened, and for one that is damaged before they part.
 */
export async function printDiff(options: DiffOptions): Promise<number> {
  const a = Recording.open(options.a);
  try {
    const b = Recording.open(options.b);
    try {
      return await printBoth(a, b);
    } finally {
      b.close();
    }
  } finally {
    a.close();
  }
}

async function printBoth(a: Recording, b: Recording): Promise<number> {
  const { program, machine } = compareInits(a.init, b.init);
  const { lines, equal, damage, cut } = compare(
    a,
    b,
    painter(stdoutHasColours()),
  );
  await print([...program, ...machine, ...lines]);
  const say = new Say({ json: false, quiet: false });
  say.lines(cut.map((text) => `replrt: ${text}`));
  await say.flush(1000);
  if (damage !== undefined) {
    throw new ReplrtError(`cannot compare further, ${damage}`);
  }
  return equal && program.length === 0 ? 0 : EXIT_DIFFERENT;
}

async function print(all: readonly string[]): Promise<void> {
  const lines = new Lines();
  try {
    for (const line of all) await lines.add(line);
    await lines.flush();
  } catch (error) {
    if (!(error instanceof ReaderGone)) throw error;
  }
}
