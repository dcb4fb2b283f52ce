import type { FixedWorld } from "../../host/fixed_world.ts";
import type { Say } from "../../say.ts";
import type { RecordedEnd } from "../recorder.ts";

/** What a recorded or replayed run does besides when `replrt check` looks at it. */
export interface Inspection {
  /** Takes its status lines. */
  readonly say: Say;
  /** The world that it gets, when it is recorded; undefined: as it is. */
  readonly world: FixedWorld | undefined;
  /** Gets the guest's end and a hash of its memory. */
  ended(end: RecordedEnd): void;
}
