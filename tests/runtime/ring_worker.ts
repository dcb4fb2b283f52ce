/** The other thread of the ring's tests: writes or reads an order. @module */
import { Ring } from "../../src/runtime/ring.ts";
import {
  fillRecord,
  LAST,
  type Order,
  RecordReader,
  sizesOf,
} from "./ring_kit.ts";

interface Task {
  readonly shared: SharedArrayBuffer;
  readonly order: Order;
  readonly does: "write" | "read" | "nag";
}

const scope = self as unknown as {
  onmessage: (event: MessageEvent<Task>) => void;
  postMessage(digest: number): void;
};

scope.onmessage = ({ data: { shared, order, does } }) => {
  const act = { write, read, nag }[does];
  scope.postMessage(act(new Ring(shared), order));
};

/** Writes one record at a time, and wakes the reader all the while until it has it. */
function nag(ring: Ring, order: Order): number {
  for (let number = 0; number < order.count; number++) {
    const at = ring.reserveWaiting(order.most);
    fillRecord(ring, at, order.most, number);
    ring.advance(order.most);
    const before = ring.tail;
    ring.publish();
    while (ring.tail === before) ring.wakeReader();
  }
  return 0;
}

function write(ring: Ring, order: Order): number {
  let number = 0;
  for (const size of sizesOf(order)) {
    if (ring.reserve(size) < 0) ring.publish();
    const at = ring.reserveWaiting(size);
    const last = number === order.count - 1;
    fillRecord(ring, at, size, number++, last ? LAST : undefined);
    ring.advance(size);
    if (number % 3 === 0 || last) ring.publish();
    if (number % 50 === 0 || last) ring.wakeReader();
  }
  return 0;
}

function read(ring: Ring, order: Order): number {
  const reader = new RecordReader(ring, order);
  while (!reader.done) {
    ring.waitReadable();
    reader.read();
  }
  return reader.digest;
}
