/**
 * What all model nodes have in common.
 *
 * @module
 */
import type {
  BackupAction,
  PrimaryAction,
} from "../../../src/engine/events.ts";
import type { Body } from "../../../src/engine/frame.ts";
import type { Bug } from "./bugs.ts";
import type { Network } from "./network.ts";
import type { Outside } from "./outside.ts";
import type { World } from "./world.ts";

/** The run of all nodes. */
export const RUN = { low: 1, high: 0 };

/** How nodes reach each other outside of links. */
export interface Asking<Node> {
  readonly connect: (node: Node) => void;
  readonly ask: (
    node: Node,
    action: Extract<PrimaryAction, { kind: "probe" }>,
  ) => void;
  readonly askMember: (
    node: Node,
    action: Extract<BackupAction, { kind: "probe" }>,
  ) => void;
}

/** A scenario as a node sees it. */
export interface Setup<Node> {
  readonly asking: Asking<Node>;
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
