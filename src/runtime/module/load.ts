import { createHash } from "node:crypto";
import { TABLE } from "../../wasi-intercept/table.ts";
import type { Schedule } from "../../wasi-intercept/threads/schedule.ts";
import { ReplrtError } from "../errors.ts";
import { readFile } from "../host/file.ts";
import type { ModuleProblem } from "./problem.ts";
import { moduleProblem } from "./refuse.ts";
import { preparedThreads } from "./threads/cache.ts";
import { threadProblem } from "./threads/problem.ts";
import { threadParts, type ThreadShape, threadShape } from "./threads/shape.ts";

/** A module as it is instantiated. */
export interface PreparedModule {
  readonly module: WebAssembly.Module;
  /** What is special about one with threads, which is rewritten; undefined for others. */
  readonly shape: ThreadShape | undefined;
}

/** A guest's module. */
export interface LoadedModule {
  /** Whether it may have threads. */
  readonly threaded: boolean;
  /** What is instantiated; blocks until it is ready. */
  prepare(schedule: Schedule): PreparedModule;
  /** sha256 of the file, in hex: equal on all nodes of a run. */
  readonly hash: string;
  /** The file. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

const WASI = "wasi_snapshot_preview1";
const WASI_FUNCTIONS: ReadonlySet<string> = new Set(
  TABLE.map(({ name }) => name),
);

/** The version before preview1, by its module's name; all but {@linkcode DIFFERENT} have preview1's ABI. */
const OLD_WASI = "wasi_unstable";

/** What is different there: the order of `whence`; a `filestat` of 56 bytes, in two; a `subscription` of 56 bytes; not there at all. */
export const DIFFERENT: readonly string[] = [
  "fd_seek",
  "fd_filestat_get",
  "path_filestat_get",
  "poll_oneoff",
  "sock_accept",
];
/** What makes a thread, of a module of its own. */
const SPAWN = "wasi.thread-spawn";

const BUILD_COMMAND = "build it for wasm32-wasip1 as a program with main";

/**
 * Reads, checks and compiles a guest's module; blocks until it is done.
 *
 * The types of its imports are checked by `instantiate`.
 *
 * @throws {ReplrtError} "cannot read PATH: reason", as `readFile`; "cannot run PATH: reason" for a `moduleProblem`, for what
 * the engine finds, for imports that replrt does not have, and for a module without `_start` or exported memory.
 */
export function loadModule(path: string): LoadedModule {
  return checkedModule(path, readFile(path));
}

/** As {@linkcode loadModule}, for bytes that were read already; `path` names them. */
export function checkedModule(
  path: string,
  bytes: Uint8Array<ArrayBuffer>,
): LoadedModule {
  refuseFor(path, moduleProblem(bytes));
  const module = compile(path, bytes);
  const parts = threadParts(bytes);
  refuseFor(path, threadProblem(bytes, parts));
  const shape = threadShape(parts);
  checkImports(path, module, shape);
  checkExports(path, module, shape);
  const hash = createHash("sha256").update(bytes).digest("hex");
  const prepare = ({ seed }: Schedule): PreparedModule => {
    if (shape === undefined) return { module, shape };
    const rewritten = preparedThreads(bytes, hash, seed !== null);
    return { module: new WebAssembly.Module(rewritten), shape };
  };
  return { prepare, hash, bytes, threaded: shape !== undefined };
}

function refuseFor(path: string, problem: ModuleProblem | undefined): void {
  if (problem) throw cannotRun(path, problem.reason, problem.next);
}

function compile(
  path: string,
  bytes: Uint8Array<ArrayBuffer>,
): WebAssembly.Module {
  try {
    return new WebAssembly.Module(bytes);
  } catch (error) {
    if (
      !(error instanceof WebAssembly.CompileError ||
        error instanceof RangeError)
    ) throw error;
    const text = error.message.replace(/^WebAssembly\.Module\(\): /, "");
    throw cannotRun(
      path,
      `V8 does not accept it: ${text}`,
      "build it for wasm32-wasip1, or copy it again",
    );
  }
}

function checkImports(
  path: string,
  module: WebAssembly.Module,
  shape: ThreadShape | undefined,
): void {
  const { spawns = false, memory } = shape ?? {};
  const missing = WebAssembly.Module.imports(module)
    .filter(({ module, name, kind }) =>
      !(kind === "memory" && module === memory?.module &&
        name === memory.name) &&
      !(spawns && `${module}.${name}` === SPAWN) && (
        kind !== "function" || !WASI_FUNCTIONS.has(name) ||
        !(module === WASI || module === OLD_WASI && !DIFFERENT.includes(name))
      )
    )
    .map(({ module, name, kind }) =>
      `${module}.${name}${kind === "function" ? "" : ` (a ${kind})`}`
    );
  if (missing.length === 0) return;
  throw cannotRun(
    path,
    `it imports ${[...new Set(missing)].join(", ")}`,
    `build it for wasm32-wasip1: replrt has the functions of ${WASI}, and of ${OLD_WASI} those that are the same`,
  );
}

function checkExports(
  path: string,
  module: WebAssembly.Module,
  shape: ThreadShape | undefined,
): void {
  const exported = WebAssembly.Module.exports(module);
  const has = (name: string, kind: WebAssembly.ImportExportKind) =>
    exported.some((found) => found.name === name && found.kind === kind);
  if (!has("_start", "function")) {
    const reactor = has("_initialize", "function") ? "is a reactor: it " : "";
    throw cannotRun(
      path,
      `it ${reactor}has no _start; only commands run`,
      BUILD_COMMAND,
    );
  }
  if (!has("memory", "memory") && shape?.memory === undefined) {
    throw cannotRun(
      path,
      `it exports no memory of the name "memory"`,
      BUILD_COMMAND,
    );
  }
}

function cannotRun(path: string, reason: string, next: string): ReplrtError {
  return new ReplrtError(`cannot run ${path}: ${reason}`, next);
}
