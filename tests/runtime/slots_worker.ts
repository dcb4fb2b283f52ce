/** A guest that waits until its queue is empty. @module */
import { Slots } from "../../src/runtime/guest/slots.ts";

const scope = self as unknown as {
  onmessage: (event: MessageEvent<[SharedArrayBuffer, number]>) => void;
  postMessage(said: string): void;
};

scope.onmessage = ({ data: [shared, slot] }) => {
  const slots = new Slots(shared);
  scope.postMessage("waits");
  slots.waitUntil(() => slots.queued(slot) === 0);
  scope.postMessage("room");
};
