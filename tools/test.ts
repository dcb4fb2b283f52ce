/**
 * Runs the test files under tests/, each in a process of its own.
 *
 * `deno run -A tools/test.ts [FILTER…]` prints a line a file, the output of
 * those that failed, in the end their names once more, and last
 * `N passed, N failed`, counted in tests. Exits 1 when a test failed or none
 * ran. With `--long` as the first argument (`deno task test:long`) only the
 * files run that have a long version, and do it: more rounds of what is left to
 * chance.
 *
 * @module
 */
import { type Ending, fetchPackages, killAll, runFile } from "./test/child.ts";
import { findTests, type Plan } from "./test/plan.ts";
import { type Verdict, verdictOf } from "./test/verdict.ts";

/** Files run at a time. */
const JOBS = 2;
const LONG = "--long";
const SIGNALS = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

async function main(root: string, args: readonly string[]) {
  for (const [signal, code] of Object.entries(SIGNALS)) {
    Deno.addSignalListener(signal as Deno.Signal, () => {
      killAll();
      Deno.exit(code);
    });
  }
  const long = args[0] === LONG;
  const plans = findTests(root, long ? args.slice(1) : args, long);
  if (plans.length > 0) await fetchPackages(root, plans);
  const results = [
    ...await runAll(root, plans.filter(({ alone }) => !alone), JOBS),
    ...await runAll(root, plans.filter(({ alone }) => alone), 1),
  ];
  const sum = (key: "passed" | "skipped" | "failed") =>
    results.reduce((total, { verdict }) => total + verdict[key], 0);
  for (const result of results) {
    if (result.verdict.failed > 0) console.log(reminder(result));
  }
  if (sum("skipped") > 0) console.log(`${sum("skipped")} skipped`);
  if (sum("passed") + sum("failed") === 0) {
    console.log("cannot pass: no test ran");
  }
  console.log(`${sum("passed")} passed, ${sum("failed")} failed`);
  if (sum("failed") > 0 || sum("passed") === 0) Deno.exit(1);
}

interface Result {
  readonly plan: Plan;
  readonly verdict: Verdict;
}

/** Runs files in order, `jobs` at a time; a report is never torn by another. */
async function runAll(
  root: string,
  plans: readonly Plan[],
  jobs: number,
): Promise<Result[]> {
  const results: Result[] = [];
  const waiting = [...plans];
  const work = async () => {
    for (let plan = waiting.shift(); plan; plan = waiting.shift()) {
      const ending = await runFile(root, plan);
      const verdict = verdictOf(plan, ending);
      console.log(report(plan, ending, verdict));
      results.push({ plan, verdict });
    }
  };
  await Promise.all(Array.from({ length: jobs }, work));
  return results;
}

function report(plan: Plan, ending: Ending, verdict: Verdict): string {
  const { file, long } = plan;
  const time = `${(ending.ms / 1_000).toFixed(1)} s`;
  if (verdict.failed === 0) return `ok ${file} ${verdict.summary} ${time}`;
  const output = ending.output.trim().split("\n").map((line) => `  | ${line}`);
  return [
    `FAILED ${file} ${verdict.summary} ${time}`,
    ...output,
    `  run it alone: ${
      long ? "LONG=1 " : ""
    }npx -y deno@${Deno.version.deno} run -A ${file}`,
  ].join("\n");
}

/** A failure in short, for who reads only the end of a long output. */
function reminder({ plan, verdict }: Result): string {
  return [`failed ${plan.file}: ${verdict.summary}`, ...verdict.faults]
    .join("\n  ");
}

if (import.meta.main) {
  try {
    await main(Deno.cwd(), Deno.args);
  } finally {
    killAll();
  }
}
