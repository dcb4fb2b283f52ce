/**
 * What all model nodes have in common.
 *
 * @module
 */
import type { Body } from "../../../src/engine/frame.ts";
import type { Bug } from "./bugs.ts";
import type { Network } from "./network.ts";
import type { Node } from "./node.ts";
import type { Outside } from "./outside.ts";
import type { World } from "./world.ts";

/** The run of all nodes. */
export const RUN = { low: 1, high: 0 };

/** A scenario as a node sees it. */
export interface Setup {
  readonly world: World;
  readonly network: Network;
  readonly outside: Outside;
  readonly nodes: Map<number, Node>;
  readonly timeoutMs: number;
  readonly heartbeatMs: number;
  readonly output: "commit" | "async";
  readonly degraded: "run" | "stop";
  readonly lateJoin: boolean;
  /** Small windows: peers are fed from the disk. */
  readonly tight: boolean;
  /** Frames are encoded and decoded. */
  readonly encoded: boolean;
  readonly diskMs: number;
  /** Outputs that stdout takes at once. */
  readonly drain: number;
  readonly guestMs: number;
  readonly bug: Bug | undefined;
}

/** The number that a body speaks of, for traces. */
export function numberOf(body: Body): string {
  switch (body.kind) {
    case "data":
      return `${body.batch.first}+${body.batch.count}`;
    case "heartbeat":
    case "ack":
    case "nak":
    case "bye":
      return `${body.next}`;
    default:
      return "";
  }
}
