import type { LeaveReason } from "../../engine/events.ts";
import { ReplrtError } from "../errors.ts";

/** What the operator of a backup has to know that ends for `reason`; `old` is its primary's address. */
export function leavingError(
  reason: Exclude<LeaveReason, { kind: "ended" }>,
  old: string,
): ReplrtError {
  const cannot = `cannot take over from ${old}`;
  switch (reason.kind) {
    case "superseded":
      return new ReplrtError(
        `${cannot}: ${reason.address} is primary now, or will be`,
        `to follow it: replrt run … --role backup --join ${reason.address}`,
      );
    case "removed":
      return new ReplrtError(
        `${cannot}: this node was removed from the run before`,
        "join the primary again, with --overwrite if it has directories",
      );
    case "out of sync":
      return new ReplrtError(
        `${cannot}: this node may lack what it released (${reason.why})`,
        "start the old primary again where its data are",
      );
  }
}
