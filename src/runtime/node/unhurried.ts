import { setImmediate } from "node:timers";
import type { Steps } from "../mirror/types.ts";

/** Lets timers and sockets have their turn. */
export function breathe(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Runs steps to their end with a breath after each, so that heartbeats go on. */
export async function unhurried<T>(steps: Steps<T>): Promise<T> {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
    await breathe();
  }
}
