import type { Ending } from "./child.ts";
import type { Plan } from "./plan.ts";

/** How a test file came out, counted in tests. */
export interface Verdict {
  readonly passed: number;
  readonly skipped: number;
  /** At least 1 when the file itself failed: died, timed out, or ran no test. */
  readonly failed: number;
  /** What went wrong or how many tests ran, to stand behind the file's name. */
  readonly summary: string;
  /** The tests that failed, each with the first line of its reason. */
  readonly faults: readonly string[];
}

const FAULT = /^ *FAIL {2}(".*")\n *(.*)$/gm;
const TOTALS =
  /Total:\s+(\d+)\s+Passed:\s+(\d+)\s+Skipped:\s+(\d+)\s+Duration:/g;

/**
 * Reads the verdict from uvu's totals, and trusts neither them nor the exit
 * code alone.
 */
export function verdictOf(plan: Plan, ending: Ending): Verdict {
  const totals = [...ending.totals.matchAll(TOTALS)].at(-1)?.slice(1);
  const [total = 0, passed = 0, skipped = 0] = (totals ?? []).map(Number);
  const missed = total - passed;
  const trouble = troubleOf(plan, ending, total, missed);
  const failed = Math.max(missed, trouble === undefined ? 0 : 1);
  const count = total === 1 ? "1 test" : `${total} tests`;
  const ran = skipped > 0 ? `${count}, ${skipped} skipped` : count;
  const faults = [...ending.output.matchAll(FAULT)]
    .map(([, name, reason]) => `${name}: ${reason}`);
  return { passed, skipped, failed, summary: trouble ?? ran, faults };
}

function troubleOf(
  plan: Plan,
  { code, signal, timedOut }: Ending,
  total: number,
  missed: number,
): string | undefined {
  if (timedOut) return `timed out after ${plan.timeoutMs / 1_000} s`;
  if (signal !== null) return `killed by ${signal}`;
  if (missed > 0) return `${missed} of ${total} tests failed`;
  if (code !== 0) return `died with exit code ${code}`;
  if (total === 0) return "ran no test, does it call test.run()?";
  return undefined;
}
