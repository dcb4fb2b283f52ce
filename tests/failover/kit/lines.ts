/** What `tick` and `count` print on two nodes, put together. @module */
import * as assert from "uvu/assert";
import { PATIENCE_MS, type RunningNode } from "../../kit/node.ts";

/** Resolves once `holds` does; looks again every few ms. @throws {Error} at the deadline. */
export async function until(
  what: string,
  holds: () => boolean,
): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  while (!holds()) {
    if (Date.now() > deadline) throw new Error(`cannot see ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** The numbers of the whole lines that a node printed. */
export function numbersOf({ stdout }: RunningNode): number[] {
  return stdout.slice(0, stdout.lastIndexOf("\n") + 1).split("\n").slice(0, -1)
    .map((line) => Number(line.split(" ")[1]));
}

/** Resolves when a node has printed `count` more lines. */
export function moreLines(node: RunningNode, count: number): Promise<void> {
  const goal = numbersOf(node).length + count;
  return until(`${count} more lines`, () => numbersOf(node).length >= goal);
}

/** @throws {Error} unless the numbers rise by one. */
export function assertConsecutive(numbers: readonly number[]): void {
  const breaks = numbers.filter((number, i) =>
    i > 0 && number !== numbers[i - 1]! + 1
  );
  assert.equal(breaks, [], "lines that don't follow the one before");
}

/** @throws {Error} unless the survivor goes on where the other stopped: nothing lost, each node's own lines in order. */
export function assertContinued(old: RunningNode, now: RunningNode): void {
  const before = numbersOf(old), after = numbersOf(now);
  assertConsecutive(before);
  assertConsecutive(after);
  assert.ok(after.length > 0, "the survivor printed nothing");
  const last = before.at(-1) ?? -1;
  assert.ok(
    after[0]! <= last + 1,
    `lines between ${last} and ${after[0]} are lost`,
  );
}
