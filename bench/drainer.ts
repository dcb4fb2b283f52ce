/** The other thread of a logged run: takes all messages from the outbox, as the main isolate does. @module */
import { drain } from "../src/runtime/drain.ts";
import { Ring } from "../src/runtime/ring.ts";

/** How long to leave an empty outbox alone, in ms. */
const PAUSE_MS = 0.2;

const scope = self as unknown as {
  onmessage: (event: MessageEvent<SharedArrayBuffer>) => void;
};

scope.onmessage = ({ data }) => {
  const outbox = new Ring(data);
  const never = new Int32Array(new SharedArrayBuffer(4));
  for (let next = 1;;) {
    const { batch, more } = drain(outbox, next, () => {});
    next += batch?.count ?? 0;
    if (!more) Atomics.wait(never, 0, 0, PAUSE_MS);
  }
};
