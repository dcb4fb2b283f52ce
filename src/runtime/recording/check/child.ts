/** One process of `replrt check`: records or replays one run, as the file says that is its argument. @module */
import { ReplrtError } from "../../errors.ts";
import { dieWith } from "../../host/parent.ts";
import { readText, writeText } from "../../host/state.ts";
import { EXIT_DIVERGENCE } from "../../node/faults.ts";
import { Say } from "../../say.ts";
import { record } from "../record.ts";
import type { RecordedEnd } from "../recorder.ts";
import { replay } from "../replay.ts";
import type { Inspection } from "./inspection.ts";
import type { RunResult, RunSpec } from "./spec.ts";

/** The descriptor of status lines, apart from the guest's own output. */
const STATUS = 3;

/** How long it tries to write its last status lines, in ms. */
const LAST_LINES_MS = 1000;

async function run(spec: RunSpec): Promise<RunResult> {
  const found: RecordedEnd[] = [];
  const style = { json: true, quiet: true };
  const inspection: Inspection = {
    say: new Say(style, STATUS),
    world: spec.world,
    ended: (end) => void found.push(end),
  };
  const { recording, run } = spec;
  const code = spec.replay
    ? await replay({
      ...{ ...style, quiet: false, file: recording, module: run.module },
      ...{ until: undefined, speed: "fast" },
    }, inspection)
    : await record(
      { run, out: recording, embed: false, onLogError: "stop" },
      inspection,
    );
  await inspection.say.flush(LAST_LINES_MS);
  const [ended] = found;
  if (ended !== undefined) {
    return { kind: "ended", end: ended.end, memory: ended.memory ?? "" };
  }
  return code === EXIT_DIVERGENCE
    ? { kind: "diverged" }
    : { kind: "failed", message: `it ended with code ${code}`, next: null };
}

function failureOf(error: unknown): RunResult {
  if (error instanceof ReplrtError) {
    const { message, next = null } = error;
    return { kind: "failed", message, next };
  }
  const text = error instanceof Error ? error.stack : String(error);
  return {
    kind: "failed",
    message: `bug in replrt: ${text}`,
    next: "please report it, with the command and this text",
  };
}

const [file = ""] = Deno.args;
const spec = JSON.parse(readText(file) ?? "") as RunSpec;
dieWith(spec.parent);
const result = await run(spec).catch(failureOf);
writeText(spec.result, JSON.stringify(result));
Deno.exit(0);
