/** What is left of processes. @module */
import { PATIENCE_MS } from "../../kit/node.ts";

/** The processes whose environment has this `NAME=value`, without those that only wait to be reaped. */
export function processesWith(variable: string): number[] {
  return [...Deno.readDirSync("/proc")].map(({ name }) => Number(name))
    .filter((pid) => pid > 0 && environOf(pid).includes(variable));
}

function environOf(pid: number): string[] {
  try {
    return Deno.readTextFileSync(`/proc/${pid}/environ`).split("\0");
  } catch {
    return [];
  }
}

/** Resolves once `holds` does; looks again every few ms. @throws {Error} at the deadline, with what `story` tells. */
export async function until(
  what: string,
  holds: () => boolean,
  story: () => string = () => "",
): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  while (!holds()) {
    if (Date.now() > deadline) {
      throw new Error(`cannot see ${what}\n${story()}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
