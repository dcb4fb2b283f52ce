/**
 * Prepares a module with threads, in a process of its own: `prepare.ts HOW MODULE`; prints a {@linkcode Prepared}.
 *
 * HOW: `rewrite`, or `load`, as a node does it, by the cache.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { preparedThreads } from "../../src/runtime/module/threads/cache.ts";
import { rewriteThreads } from "../../src/runtime/module/threads/rewrite.ts";

/** What came of it. */
export interface Prepared {
  readonly bytes: number;
  readonly rewrittenBytes: number;
  readonly ms: number;
  /** What V8 took then to check and compile what was made. */
  readonly engineMs: number;
}

function prepare(how: string, path: string): Prepared {
  const bytes = Deno.readFileSync(path);
  const hash = createHash("sha256").update(bytes).digest("hex");
  const start = performance.now();
  const made = how === "rewrite"
    ? rewriteThreads(bytes, { fine: false })
    : preparedThreads(bytes, hash, false);
  const ms = performance.now() - start;
  new WebAssembly.Module(made);
  return {
    bytes: bytes.length,
    rewrittenBytes: made.length,
    ms,
    engineMs: performance.now() - start - ms,
  };
}

if (import.meta.main) {
  const [how, path] = Deno.args as [string, string];
  console.log(JSON.stringify(prepare(how, path)));
}
