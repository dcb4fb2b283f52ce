import { walk } from "../walk.ts";

/** One test file and how it wants to be run. */
export interface Plan {
  /** Relative to the root, with slashes. */
  readonly file: string;
  /** Nothing else may run beside it. */
  readonly alone: boolean;
  /** After this time the file has failed. */
  readonly timeoutMs: number;
}

const TIMEOUT_MS = 120_000;

/**
 * Finds the test files under tests/ whose path contains one of `filters`.
 *
 * A file asks in its first two lines: `// alone` to be run by itself, after the
 * others; `// timeout N s` for more or less than two minutes.
 */
export function findTests(root: string, filters: readonly string[]): Plan[] {
  return walk(root, "tests", [".test.ts"])
    .filter((file) =>
      filters.length === 0 || filters.some((filter) => file.includes(filter))
    )
    .map((file) => {
      const text = Deno.readTextFileSync(`${root}/${file}`);
      const head = text.split("\n", 2).join("\n");
      const seconds = /^\/\/ timeout (\d+) s$/m.exec(head)?.[1];
      return {
        file,
        alone: /^\/\/ alone$/m.test(head),
        timeoutMs: seconds ? Number(seconds) * 1_000 : TIMEOUT_MS,
      };
    });
}
