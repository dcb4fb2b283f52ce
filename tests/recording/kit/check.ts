/** Runs `replrt check`, and reads its reports. @module */
import { guest, startNode, type Stdin } from "../../kit/node.ts";
import type {
  Difference,
  DifferentCall,
} from "../../../src/runtime/recording/check/verdict.ts";

/** What `--json` prints. */
export interface Report {
  readonly module: string;
  readonly deterministic: boolean;
  readonly checks: readonly {
    readonly name: string;
    readonly outcome: "equal" | "differs" | "skipped";
    readonly runs: number;
    readonly ms: number;
    readonly differences: readonly Difference[];
    readonly call: DifferentCall | null;
    readonly seeds: readonly [number, number] | null;
    readonly recordings: readonly [string, string] | null;
  }[];
}

/** How a check ended, and what it printed. */
export interface Checked {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What a check is given beside its words. */
export interface Given {
  readonly options?: readonly string[];
  readonly stdin?: Stdin;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** Checks a guest, `words` are its name and its arguments. */
export async function check(
  words: readonly string[],
  { options = [], ...around }: Given = {},
): Promise<Checked> {
  const [name = "", ...args] = words;
  const module = name.includes("/") ? name : guest(name);
  const node = startNode(["check", ...options, module, "--", ...args], around);
  const { code } = await node.exit;
  return { code, stdout: node.stdout, stderr: node.stderr.join("\n") };
}

/** The same with `--json`. @throws {Error} when what it prints is no report. */
export async function report(
  words: readonly string[],
  { options = [], ...around }: Given = {},
): Promise<Report & { readonly code: number }> {
  const given = { options: ["--json", ...options], ...around };
  const { code, stdout, stderr } = await check(words, given);
  if (!stdout.endsWith("}\n")) throw new Error(`no report: ${stdout}${stderr}`);
  return { ...JSON.parse(stdout) as Report, code };
}

/** The names of the checks that found a difference. */
export function differing({ checks }: Report): string[] {
  return checks.filter(({ outcome }) => outcome === "differs")
    .map(({ name }) => name);
}

/** The check of that name. @throws {Error} when there is none. */
export function checkOf({ checks }: Report, name: string) {
  const found = checks.find((check) => check.name === name);
  if (found === undefined) throw new Error(`no check ${name}`);
  return found;
}
