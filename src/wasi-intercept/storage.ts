import { errnoName } from "./errno.ts";
import { StorageFault } from "./kernel.ts";

/**
 * Holds that this node's own copy did what the log says was done.
 *
 * @throws {StorageFault} when it did not; the node leaves the cluster with 125, the guest is not at fault.
 */
export function agree(held: boolean, what: string): asserts held {
  if (!held) throw new StorageFault(what);
}

/** Holds that a host call on this node's own copy succeeded, and gives its result. */
export function agreeDone(result: number, what: string): number {
  agree(
    result >= 0,
    `${what} failed with ${errnoName(-result)} where the primary's succeeded`,
  );
  return result;
}
