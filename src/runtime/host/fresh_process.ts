import { type ChildProcess, spawn } from "node:child_process";
import * as fs from "node:fs";
import { fileURLToPath } from "node:url";
import { doing } from "./failure.ts";

const CONFIG = fileURLToPath(new URL("../../../deno.json", import.meta.url));

/** A script of replrt to run in a process of its own. */
export interface FreshProcess {
  /** URL of the script. */
  readonly script: string;
  readonly args: readonly string[];
  /** V8's options, as `--stack-size=3000`. */
  readonly v8: readonly string[];
  /** The files that its stdio is. */
  readonly stdin: string;
  readonly stdout: string;
  readonly stderr: string;
  /** The file that its descriptor 3 is. */
  readonly status: string;
  /** When it is killed, in ms. */
  readonly timeoutMs: number;
}

/** How it ended. */
export interface FreshEnd {
  readonly code: number | null;
  readonly signal: string | null;
  /** Whether it was killed for its time. */
  readonly late: boolean;
}

const running = new Set<ChildProcess>();

/** Kills what {@linkcode runFresh} has started. */
export function endFresh(): void {
  for (const child of running) child.kill("SIGKILL");
}

/**
 * Runs a script of replrt with the Deno of this process; resolves when it has ended. The files that it writes are made, with mode 0600.
 *
 * @throws {ReplrtError} when a file can't be opened.
 */
export async function runFresh(process: FreshProcess): Promise<FreshEnd> {
  const { script, args, v8, timeoutMs } = process;
  const handles: number[] = [];
  try {
    handles.push(open(process.stdin, "r"));
    for (const path of [process.stdout, process.stderr, process.status]) {
      handles.push(open(path, "w"));
    }
    const flags = v8.length > 0 ? [`--v8-flags=${v8.join(",")}`] : [];
    const child = spawn(
      Deno.execPath(),
      ["run", "--quiet", "-A", "--config", CONFIG, ...flags, script, ...args],
      { stdio: handles },
    );
    running.add(child);
    return await new Promise((resolve, reject) => {
      let late = false;
      const timer = setTimeout(() => {
        late = true;
        child.kill("SIGKILL");
      }, timeoutMs);
      child.once("error", reject);
      child.once("exit", (code, signal) => {
        clearTimeout(timer);
        running.delete(child);
        resolve({ code, signal, late });
      });
    });
  } finally {
    for (const handle of handles) fs.closeSync(handle);
  }
}

function open(path: string, how: "r" | "w"): number {
  return doing(`open ${path}`, () => fs.openSync(path, how, 0o600));
}
