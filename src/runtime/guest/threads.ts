/** A guest with threads: each is an instance of its own over one memory, all are coroutines of this isolate. @module */
import { GuestMemory } from "../../wasi-intercept/memory.ts";
import type { ThreadMessages } from "../../wasi-intercept/messages.ts";
import { TABLE } from "../../wasi-intercept/table.ts";
import { threaded } from "../../wasi-intercept/threads/imports.ts";
import { Scheduler } from "../../wasi-intercept/threads/scheduler.ts";
import { Exported, SPAWN, THREAD_START } from "../module/threads/abi.ts";
import type { ThreadShape } from "../module/threads/shape.ts";
import { coroutine, suspending } from "./jspi.ts";
import {
  kernelOf,
  linked,
  type Process,
  type ProcessParts,
} from "./process.ts";
import type { Link } from "./trace.ts";
import { typedHooks } from "./typed_hooks.ts";
import { typedImports } from "./typed_imports.ts";

/** A module with threads, rewritten. */
export interface ThreadedModule {
  readonly module: WebAssembly.Module;
  readonly shape: ThreadShape;
}

/**
 * Instantiates the first thread of a guest; `link` makes the import of each row, which may answer `WAITS`.
 *
 * @throws {ReplrtError} when the module's imports have another type than the spec's.
 */
export function instantiateThreads(
  { module, shape }: ThreadedModule,
  parts: ProcessParts,
  messages: ThreadMessages,
  link: Link,
): Process {
  const { host, outputs, config: { schedule } } = parts;
  const scheduler = new Scheduler({
    ...{ host, outputs, messages, schedule },
    make(tid, argument, quantum) {
      const { exports } = instance(quantum);
      return async () => {
        await begin(exports);
        await coroutine(exports[THREAD_START]!, tid, argument);
      };
    },
  });
  const kernel = kernelOf(parts, scheduler);
  const imports = importsOf(shape, scheduler, (row) => link(row, kernel));
  const hooks = typedHooks({
    yield: () => scheduler.quantumOver(),
    wait: (address, timeoutNs) => scheduler.wait(address, timeoutNs),
    notify: (address, count) => scheduler.notify(address, count),
    grown: () => kernel.memory.grown(),
  });
  const instance = (quantum: number) => {
    const made = linked(module, imports);
    const { exports } = made;
    const table = exports[Exported.hooks] as WebAssembly.Table;
    hooks.forEach((hook, i) => table.set(i, hook));
    (exports[Exported.quantum] as WebAssembly.Global).value = quantum;
    return made;
  };
  const { exports } = instance(scheduler.firstQuantum);
  const memory = memoryOf(shape, imports) ?? exports.memory;
  kernel.memory = new GuestMemory(memory as WebAssembly.Memory);
  const run = async () => {
    await begin(exports);
    await coroutine(exports._start!);
  };
  const start = async () => {
    scheduler.start(run);
    const error = await scheduler.ended;
    if (error !== undefined) throw error;
  };
  return { kernel, exports, start };
}

/** Runs the start function, which a thread may wait in. */
async function begin(exports: WebAssembly.Exports): Promise<void> {
  const start = exports[Exported.start];
  if (start !== undefined) await coroutine(start);
}

function importsOf(
  { spawns, memory }: ThreadShape,
  scheduler: Scheduler,
  link: (row: (typeof TABLE)[number]) => ReturnType<Link>,
): WebAssembly.Imports {
  const typed = typedImports(Object.fromEntries(TABLE.map((row) => {
    const { parks, run } = threaded(row, link(row), scheduler);
    return [row.name, parks ? suspending(run) : run];
  })));
  const imports: Record<string, Record<string, WebAssembly.ImportValue>> = {
    wasi_snapshot_preview1: typed,
    wasi_unstable: typed,
  };
  if (spawns) {
    const spawn = (argument: number) => scheduler.spawn(argument);
    imports[SPAWN.module] = { [SPAWN.name]: spawn };
  }
  if (memory !== undefined) {
    const { module, name, initial, maximum } = memory;
    const limits = maximum === undefined ? { initial } : { initial, maximum };
    const shared = new WebAssembly.Memory({ ...limits, shared: true });
    imports[module] = { ...imports[module], [name]: shared };
  }
  return imports;
}

function memoryOf(
  { memory }: ThreadShape,
  imports: WebAssembly.Imports,
): WebAssembly.ImportValue | undefined {
  return memory && imports[memory.module]?.[memory.name];
}
