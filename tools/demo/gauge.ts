/** Where the nodes stand: asked over their own protocol, as one node asks another. @module */
import { NO_CLOCKS } from "../../src/engine/frame.ts";
import { ask } from "../../src/runtime/channel.ts";
import type { Address } from "../../src/runtime/options.ts";

/** How long a node's answer is waited for, in ms. */
const PATIENCE_MS = 200;

/** A probe of no run: it tells the node nothing. */
const NOBODY = {
  run: { low: 0, high: 0 },
  epoch: { number: 0, node: 0 },
  clocks: NO_CLOCKS,
};

/** The end of the log that the node at `address` holds; undefined when it gives no answer. */
export async function positionAt(
  address: Address,
): Promise<number | undefined> {
  const answer = await ask(address, PATIENCE_MS, () => NOBODY, {
    kind: "probe",
    value: {},
  });
  if (answer.kind !== "frame" || answer.frame.body.kind !== "status") {
    return undefined;
  }
  return (answer.frame.body.value as { readonly next: number }).next;
}
