import type { Steps } from "../../src/runtime/mirror/types.ts";

/** Runs `steps` to the end at once and gives its result. */
export function drain<T>(steps: Steps<T>): T {
  while (true) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}
