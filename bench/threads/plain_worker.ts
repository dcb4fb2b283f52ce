/** A Worker of {@linkcode PlainThreads}. @module */
import { THREAD_START } from "../../src/runtime/module/threads/abi.ts";
import { refuseSpawn, State, Word, type WorkerStart } from "./plain_spawn.ts";
import { plainImports } from "./plain_wasi.ts";

const scope = self as unknown as {
  onmessage: ((event: MessageEvent<WorkerStart>) => void) | null;
  close(): void;
};

scope.onmessage = ({ data: { module, memory, words, once } }) => {
  const imports = plainImports(memory, [], refuseSpawn);
  do {
    Atomics.wait(words, Word.state, State.idle);
    const { exports } = new WebAssembly.Instance(module, imports);
    const run = exports[THREAD_START] as (tid: number, at: number) => void;
    run(words[Word.tid]!, words[Word.argument]!);
    Atomics.store(words, Word.state, State.idle);
  } while (!once);
  scope.close();
};
