/**
 * The gate: every check, one after another, then the tests.
 *
 * `deno run -A tools/ok.ts` goes on after a step that failed, so that one run
 * shows everything. Its last line is the tests' `N passed, N failed`; it exits 1
 * when any step failed.
 *
 * @module
 */
import { walk } from "./walk.ts";

/** One check: its name and the arguments of the deno that runs it. */
interface Step {
  readonly name: string;
  readonly args: readonly string[];
}

const SIGNALS = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;
const TOTALS = /^\d+ passed, \d+ failed$/;
/** The last line when the tests died before they could count. */
const NO_TOTALS = "0 passed, 0 failed";

let child: Deno.ChildProcess | undefined;
/** The exit code to end with once the running step has ended. */
let interrupted: number | undefined;

function steps(): Step[] {
  const modules = ["src", "tests", "tools", "bench", "examples"]
    .flatMap((folder) => walk(".", folder, [".ts"]));
  return [
    { name: "fmt", args: ["fmt", "--check"] },
    { name: "lint", args: ["lint"] },
    { name: "check", args: ["check", ...modules] },
    { name: "docs", args: ["run", "-A", "tools/docs.ts", "--check"] },
    { name: "tidy", args: ["run", "-A", "tools/tidy.ts"] },
  ];
}

/** Runs a step and prints how it went; its output only if it failed. */
async function holds({ name, args }: Step): Promise<boolean> {
  const started = performance.now();
  const lines: string[] = [];
  const success = await run(args, (line) => lines.push(line));
  const time = `${((performance.now() - started) / 1_000).toFixed(1)} s`;
  console.log(`${success ? "ok" : "FAILED"} ${name} ${time}`);
  if (!success) { for (const line of lines) console.log(`  | ${line}`); }
  return success;
}

/** Runs deno and hands on each line of its output as it comes. */
async function run(
  args: readonly string[],
  take: (line: string) => void,
): Promise<boolean> {
  child = new Deno.Command(Deno.execPath(), {
    args: [...args],
    env: { NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const [{ success }] = await Promise.all([
    child.status,
    eachLine(child.stdout, take),
    eachLine(child.stderr, take),
  ]);
  if (interrupted !== undefined) Deno.exit(interrupted);
  return success;
}

async function eachLine(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  take: (line: string) => void,
) {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    lines.forEach(take);
  }
  if (rest !== "") take(rest);
}

/** Gives a signal to the running step, so that the gate ends with it. */
function passOn(signal: Deno.Signal, code: number) {
  Deno.addSignalListener(signal, () => {
    interrupted = code;
    try {
      child?.kill(signal);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
    }
  });
}

async function main(): Promise<boolean> {
  for (const [signal, code] of Object.entries(SIGNALS)) {
    passOn(signal as Deno.Signal, code);
  }
  const failed: string[] = [];
  for (const step of steps()) {
    if (!await holds(step)) failed.push(step.name);
  }
  let totals = NO_TOTALS;
  const passed = await run(["run", "-A", "tools/test.ts"], (line) => {
    if (TOTALS.test(line)) totals = line;
    else console.log(line);
  });
  if (!passed) failed.push("test");
  if (failed.length > 0) console.log(`failed: ${failed.join(", ")}`);
  console.log(totals);
  return failed.length === 0;
}

if (import.meta.main) Deno.exit(await main() ? 0 : 1);
