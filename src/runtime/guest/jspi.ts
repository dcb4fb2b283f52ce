/** Coroutines of WebAssembly: JavaScript Promise Integration, as V8 has it. @module */

interface Jspi {
  readonly Suspending: new (run: (...args: never[]) => unknown) => object;
  promising(run: unknown): (...args: unknown[]) => Promise<unknown>;
}

const { Suspending, promising } = WebAssembly as unknown as Jspi;

/** An import that suspends its coroutine when it gives a promise; for `WebAssembly.Imports`. */
export function suspending(
  run: (...args: never[]) => unknown,
): WebAssembly.ImportValue {
  return new Suspending(run) as WebAssembly.ImportValue;
}

/** Calls an exported function as a coroutine. */
export function coroutine(
  run: WebAssembly.ExportValue,
  ...args: number[]
): Promise<unknown> {
  return promising(run)(...args);
}
