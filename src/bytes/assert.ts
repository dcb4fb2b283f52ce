/**
 * Holds a condition that only a bug of replrt can break.
 *
 * Guests get an errno and operators a `ReplrtError`; this is for neither.
 *
 * @throws {Error} naming `what` when `condition` is false.
 */
export function assert(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Error(`bug in replrt: ${what}`);
}

/** Makes a `switch` that forgets a case a compile error. */
export function unreachable(value: never): never {
  throw new Error(`bug in replrt: cannot happen: ${JSON.stringify(value)}`);
}
