/**
 * Planted bugs: what a careless driver or engine would do. The checkers must catch each.
 *
 * @module
 */

/** Every planted bug and what it does. */
export const BUGS = {
  "ack-before-store": "a backup acks before it has stored",
  "gap-of-one": "a backup takes a batch that is one number too far",
  "epoch-unchecked": "nobody looks at epochs",
  "release-before-ack": "a primary releases what it has only sent",
  "takeover-out-of-sync": "a joiner takes over",
  "takeover-unconfirmed":
    "a backup neither notices that it was frozen nor hears that it is removed",
  "probe-skipped": "a primary takes every answer after a freeze for granted",
  "lease-ignored": "a primary releases without asking whether it may",
  "members-unasked": "a backup takes over without asking the other members",
} as const;

/** Name of a planted bug. */
export type Bug = keyof typeof BUGS;
