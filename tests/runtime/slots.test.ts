import { test } from "uvu";
import * as assert from "uvu/assert";
import { MAX_STREAMS } from "../../src/runtime/guest/local.ts";
import { Slots } from "../../src/runtime/guest/slots.ts";

test("slots are given anew only after they were freed, stdio's never", () => {
  const slots = new Slots();
  assert.is(slots.allocate(), 3);
  assert.is(slots.allocate(), 4);
  slots.free(3);
  assert.is(slots.allocate(), 5);
  while (!slots.full) assert.ok(slots.allocate() > 2);
  slots.free(7);
  assert.is(slots.full, false);
  assert.is(slots.allocate(), 7);
});

test("all slots but stdio's can be open at once", () => {
  const slots = new Slots();
  const given = new Set<number>();
  while (!slots.full) given.add(slots.allocate());
  assert.is(given.size, MAX_STREAMS - 3);
  assert.is(Math.min(...given), 3);
  assert.is(Math.max(...given), MAX_STREAMS - 1);
});

test("both sides see what waits, and what has failed", () => {
  const guest = new Slots();
  const main = new Slots(guest.shared);
  const slot = guest.allocate();
  guest.add(slot, 1000);
  main.take(slot, 300);
  assert.is(guest.queued(slot), 700);
  assert.is(guest.failure(slot), 0);
  main.fail(slot, 64);
  assert.is(guest.failure(slot), 64);
  main.free(slot);
  assert.is(guest.failure(slot), 0);
});

test("a slot that is given anew waits for nothing and has not failed", () => {
  const slots = new Slots();
  const slot = slots.allocate();
  slots.add(slot, 5);
  slots.fail(slot, 12);
  slots.free(slot);
  while (slots.allocate() !== slot);
  assert.is(slots.queued(slot), 0);
  assert.is(slots.failure(slot), 0);
});

test("a departure asks for the poll to be woken only while it waits for room", () => {
  const slots = new Slots();
  const slot = slots.allocate();
  assert.is(slots.take(slot, 0), false);
  slots.setPolling(true);
  assert.is(slots.take(slot, 0), true);
  slots.setPolling(false);
  assert.is(slots.take(slot, 0), false);
});

test.run();
