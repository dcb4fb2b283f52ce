/** What the tests of the rewriter for threads share: modules from text, and hooks that count. */
import wabtInit from "wabt";
import { Exported, Hook, HOOKS } from "../../src/runtime/module/threads/abi.ts";
import { rewriteThreads } from "../../src/runtime/module/threads/rewrite.ts";

const wabt = await wabtInit();

const FEATURES = {
  exceptions: true,
  threads: true,
  multi_value: true,
  tail_call: true,
  multi_memory: true,
  memory64: true,
};

/** The module of a text; throws when it is not valid. */
export function wat(text: string): Uint8Array<ArrayBuffer> {
  const parsed = wabt.parseWat("test.wat", text, FEATURES);
  const bytes = new Uint8Array(
    parsed.toBinary({ write_debug_names: true }).buffer,
  );
  parsed.destroy();
  new WebAssembly.Module(bytes);
  return bytes;
}

/** A function of a module, of any type. */
type Callable = (...args: unknown[]) => unknown;

/** What the hooks of a guest saw. */
export interface Seen {
  yields: number;
  grown: number;
  readonly waits: [address: number, timeout: bigint][];
  readonly notified: [address: number, count: number][];
}

/** What the hooks give. */
export interface Answers {
  /** Each quantum, and the first. */
  readonly quantum?: number;
  /** The yield that throws {@linkcode Enough}. */
  readonly enough?: number;
  readonly wait?: number;
  readonly notify?: number;
  readonly fine?: boolean;
  readonly imports?: WebAssembly.Imports;
}

/** An instance of a rewritten module, and what its hooks saw. */
export interface Guest {
  readonly seen: Seen;
  readonly exports: WebAssembly.Exports;
  /** Calls an exported function. */
  call(name: string, ...args: unknown[]): unknown;
}

/** A guest has yielded so often that it would go on for ever. */
export class Enough extends Error {}

/** A wait that a test did not expect to come to its hook. */
const UNEXPECTED = 0;

const HOOK_TEXT = `(module
  (import "h" "yield" (func $yield (result i32)))
  (import "h" "wait" (func $wait (param i32 i64) (result i32)))
  (import "h" "notify" (func $notify (param i32 i32) (result i32)))
  (import "h" "grown" (func $grown))
  (export "yield" (func $yield)) (export "wait" (func $wait))
  (export "notify" (func $notify)) (export "grown" (func $grown)))`;
const HOOK_MODULE = new WebAssembly.Module(wat(HOOK_TEXT));

/** Rewrites a module and makes an instance of it with hooks. */
export function rewritten(
  bytes: Uint8Array<ArrayBuffer>,
  answers: Answers = {},
): Guest {
  const { quantum = 1000, enough = Infinity, fine = false } = answers;
  const made = rewriteThreads(bytes, { fine });
  const module = new WebAssembly.Module(made);
  const instance = new WebAssembly.Instance(module, answers.imports ?? {});
  const seen: Seen = { yields: 0, grown: 0, waits: [], notified: [] };
  const h = {
    yield: () => {
      if (++seen.yields >= enough) throw new Enough();
      return quantum;
    },
    wait: (address: number, timeout: bigint) => {
      seen.waits.push([address, timeout]);
      return answers.wait ?? UNEXPECTED;
    },
    notify: (address: number, count: number) => {
      seen.notified.push([address, count]);
      return answers.notify ?? 0;
    },
    grown: () => {
      seen.grown++;
    },
  };
  const hooks = new WebAssembly.Instance(HOOK_MODULE, { h }).exports;
  const { exports } = instance;
  const table = exports[Exported.hooks] as WebAssembly.Table;
  if (table.length !== HOOKS) throw new Error(`${table.length} hooks`);
  for (const [name, index] of Object.entries(Hook)) {
    table.set(index, hooks[name] as Callable);
  }
  (exports[Exported.quantum] as WebAssembly.Global).value = quantum;
  const call = (name: string, ...args: unknown[]) =>
    (exports[name] as Callable)(...args);
  return { seen, exports, call };
}

/** Calls a function of a module as it is. */
export function unchanged(
  bytes: Uint8Array<ArrayBuffer>,
  imports: WebAssembly.Imports = {},
): (name: string, ...args: unknown[]) => unknown {
  const module = new WebAssembly.Module(bytes);
  const { exports } = new WebAssembly.Instance(module, imports);
  return (name, ...args) => (exports[name] as Callable)(...args);
}

/** What a call gives, or the text of what it throws. */
export function outcome(body: () => unknown): string {
  try {
    return `gives ${body()}`;
  } catch (error) {
    return `throws ${(error as Error).message}`;
  }
}
