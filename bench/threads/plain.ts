/**
 * A guest with threads in a process that is no node: `plain.ts HOW MODULE ARGS…`.
 *
 * HOW: `reused` and `fresh` run the module as it is, each thread in a Worker, which is used again or not; `counted` runs it as the
 * rewriter for threads makes it, with one thread, whose quantum is filled up at once.
 *
 * @module
 */
import { coroutine } from "../../src/runtime/guest/jspi.ts";
import { typedHooks } from "../../src/runtime/guest/typed_hooks.ts";
import { Exported } from "../../src/runtime/module/threads/abi.ts";
import { rewriteThreads } from "../../src/runtime/module/threads/rewrite.ts";
import {
  threadParts,
  threadShape,
} from "../../src/runtime/module/threads/shape.ts";
import { scheduleOf } from "../../src/wasi-intercept/threads/schedule.ts";
import { PlainThreads, refuseSpawn } from "./plain_spawn.ts";
import { plainImports } from "./plain_wasi.ts";

/** How a guest is run. */
export type How = "reused" | "fresh" | "counted";

function memoryOf(bytes: Uint8Array): WebAssembly.Memory {
  const { initial, maximum } = threadShape(threadParts(bytes))!.memory!;
  const limits = { initial, maximum: maximum!, shared: true };
  return new WebAssembly.Memory(limits);
}

/** Gives an instance quanta: nobody waits for one. */
function fillUp(exports: WebAssembly.Exports): void {
  const { quantum } = scheduleOf(undefined, undefined);
  const unexpected = () => {
    throw new Error("cannot wait: there is one thread");
  };
  const hooks = typedHooks({
    yield: () => quantum,
    wait: unexpected,
    notify: () => 0,
    grown: () => {},
  });
  const table = exports[Exported.hooks] as WebAssembly.Table;
  hooks.forEach((hook, i) => table.set(i, hook));
  (exports[Exported.quantum] as WebAssembly.Global).value = quantum;
}

async function runThreads(
  path: string,
  args: readonly string[],
  reused: boolean,
): Promise<void> {
  const bytes = await Deno.readFile(path);
  const memory = memoryOf(bytes);
  const module = new WebAssembly.Module(bytes);
  const threads = new PlainThreads(module, memory, reused);
  const spawn = (argument: number) => threads.spawn(argument);
  const imports = plainImports(memory, [path, ...args], spawn);
  const { exports } = new WebAssembly.Instance(module, imports);
  (exports._start as () => void)();
}

async function runCounted(
  path: string,
  args: readonly string[],
): Promise<void> {
  const bytes = await Deno.readFile(path);
  const rewritten = rewriteThreads(bytes, { fine: false });
  const module = new WebAssembly.Module(rewritten);
  const imports = plainImports(memoryOf(bytes), [path, ...args], refuseSpawn);
  const { exports } = new WebAssembly.Instance(module, imports);
  fillUp(exports);
  const start = exports[Exported.start];
  if (start !== undefined) await coroutine(start);
  await coroutine(exports._start!);
}

if (import.meta.main) {
  const [how, path, ...args] = Deno.args as [How, string, ...string[]];
  if (how === "counted") await runCounted(path, args);
  else await runThreads(path, args, how === "reused");
  Deno.exit(0);
}
