/** A Worker that lets a stream's queue leave once the guest polls for that. @module */
import { Slots } from "../../src/runtime/guest/slots.ts";
import { wake } from "../../src/runtime/host/poll.ts";

const scope = self as unknown as {
  onmessage: (
    event: MessageEvent<[SharedArrayBuffer, number, number, number]>,
  ) => void;
  postMessage(message: string): void;
};

scope.onmessage = ({ data: [shared, slot, queued, waker] }) => {
  scope.postMessage("ready");
  const slots = new Slots(shared);
  while (!slots.take(slot, 0));
  slots.take(slot, queued);
  wake(waker);
};
