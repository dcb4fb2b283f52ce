/**
 * The output rule and the lease: which outputs may leave, and whether they may leave now (rules 1 and 4).
 *
 * @module
 */
import type { Membership } from "./membership.ts";
import type { NodeId } from "./epoch.ts";
import type { Peer } from "./peers.ts";

/**
 * The first number whose output may not leave: the lowest ack of all members, or everything without one.
 *
 * While a member lacks the last removal, nothing beyond `before` leaves: a member whose log does not know of it would
 * still yield to the removed node at a takeover.
 *
 * @param before what was allowed until now
 */
export function releaseBound(
  membership: Membership,
  peers: ReadonlyMap<NodeId, Peer>,
  next: number,
  before: number,
): number {
  const acked = leastAcked(membership, peers, next);
  const unheld = membership.members.length > 0 && acked <= membership.removedAt;
  return unheld ? before : Math.max(before, acked);
}

/** The lowest ack of all members; `next` without one. */
export function leastAcked(
  membership: Membership,
  peers: ReadonlyMap<NodeId, Peer>,
  next: number,
): number {
  let least = next;
  for (const { node } of membership.members) {
    least = Math.min(least, peers.get(node)?.flow.acked ?? 0);
  }
  return least;
}

/**
 * Whether every member surely waits for us: each confirmed a heartbeat that we sent less than ¾ of the time-out ago,
 * and none takes over by silence within a whole time-out after it got one.
 */
export function leaseHolds(
  membership: Membership,
  peers: ReadonlyMap<NodeId, Peer>,
  now: number,
  timeoutMs: number,
): boolean {
  return membership.members.every(({ node }) =>
    now - (peers.get(node)?.lease ?? -Infinity) <= timeoutMs * 3 / 4
  );
}
