/** A node whose stdout nobody reads for a while. Exits with 0 once all has left. @module */
import { StreamOp } from "../../src/runtime/guest/local.ts";
import { Slots } from "../../src/runtime/guest/slots.ts";
import { OutputQueues } from "../../src/runtime/outputs.ts";

const slots = new Slots();
const queues = new OutputQueues(slots, () => {});
queues.mayRelease = () => true;
for (const [seq, size] of [[3, 4], [5, 300_000]] as const) {
  slots.add(1, size);
  queues.add(seq, 1, StreamOp.bytes, new Uint8Array(size).fill(120));
}
queues.release(10);
console.error(`left ${queues.left(10)} of 10`);
console.error("blocked");
const waiting = setInterval(() => {
  if (!queues.idle) return;
  clearInterval(waiting);
  Deno.exit(queues.left(10) === 10 ? 0 : 1);
}, 1);
