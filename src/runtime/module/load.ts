import { createHash } from "node:crypto";
import { TABLE } from "../../wasi-intercept/table.ts";
import { ReplrtError } from "../errors.ts";
import { readFile } from "../host/file.ts";
import { moduleProblem } from "./refuse.ts";

/** A guest's module, ready to be instantiated. */
export interface LoadedModule {
  readonly module: WebAssembly.Module;
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
  const problem = moduleProblem(bytes);
  if (problem) throw cannotRun(path, problem.reason, problem.next);
  const module = compile(path, bytes);
  checkImports(path, module);
  checkExports(path, module);
  const hash = createHash("sha256").update(bytes).digest("hex");
  return { module, hash, bytes };
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

function checkImports(path: string, module: WebAssembly.Module): void {
  const missing = WebAssembly.Module.imports(module)
    .filter(({ module, name, kind }) =>
      kind !== "function" || !WASI_FUNCTIONS.has(name) ||
      !(module === WASI || module === OLD_WASI && !DIFFERENT.includes(name))
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

function checkExports(path: string, module: WebAssembly.Module): void {
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
  if (!has("memory", "memory")) {
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
