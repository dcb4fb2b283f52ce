/** Ends this process at once, whatever its Workers do; `worker.terminate()` stops neither a busy nor a blocked one. */
export function exitNow(code: number): never {
  Deno.exit(code);
}
