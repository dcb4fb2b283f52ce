import { walk } from "../walk.ts";

/** One test file and how it wants to be run. */
export interface Plan {
  /** Relative to the root, with slashes. */
  readonly file: string;
  /** Nothing else may run beside it. */
  readonly alone: boolean;
  /** After this time the file has failed. */
  readonly timeoutMs: number;
  /** Whether it is to do its long work: its environment has `LONG=1`. */
  readonly long: boolean;
}

const TIMEOUT_MS = 300_000;

/**
 * Finds the test files under tests/ whose path contains one of `filters`, of a long run only those that have something to do in it.
 *
 * A file asks in its first three lines: `// alone` to be run by itself, after
 * the others; `// timeout N s` for more or less than five minutes; `// long N s`
 * to be part of long runs, with this time.
 */
export function findTests(
  root: string,
  filters: readonly string[],
  long = false,
): Plan[] {
  return walk(root, "tests", [".test.ts"])
    .filter((file) =>
      filters.length === 0 || filters.some((filter) => file.includes(filter))
    )
    .map((file) => ({ file, head: headOf(`${root}/${file}`) }))
    .filter(({ head }) => !long || secondsOf(head, "long") !== undefined)
    .map(({ file, head }) => {
      const seconds = secondsOf(head, long ? "long" : "timeout");
      return {
        ...{ file, long },
        alone: /^\/\/ alone$/m.test(head),
        timeoutMs: seconds === undefined ? TIMEOUT_MS : seconds * 1_000,
      };
    });
}

function headOf(path: string): string {
  return Deno.readTextFileSync(path).split("\n", 3).join("\n");
}

function secondsOf(head: string, what: string): number | undefined {
  const found = new RegExp(`^// ${what} (\\d+) s$`, "m").exec(head)?.[1];
  return found === undefined ? undefined : Number(found);
}
