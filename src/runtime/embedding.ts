/** What a node and the program that embeds it say to each other, over a socket that both have from the node's start. @module */

/** The node's environment variable that makes it a child: `PID:FD`, its parent and its end of the socket. */
export const EMBEDDED = "REPLRT_EMBEDDED";

/** The line by which the parent asks. Every other line is the node's: an event, or a {@linkcode StatusAnswer}. */
export const STATUS_QUESTION = "status";

/** What a node that replicates says of itself; null stands for "there is none yet". */
export type ReplicatedStatus = {
  /** What it is now: a backup that took over is a primary, and a node that is of no run yet is starting. */
  readonly role: "starting" | "primary" | "backup";
  /** This node's id, as its peers know it. */
  readonly node: number;
  /** The run's id as 32 hex digits, zeroes before the node has one. */
  readonly run: string;
  /** Generation of the primary: it grows by takeovers. */
  readonly epoch: number | null;
  /** Ids of the nodes that may take over, in the order in which they would. */
  readonly members: readonly number[];
  /** Number of the next message of the log. */
  readonly seq: number;
  /** Where it takes backups, or will. */
  readonly bind: string;
  /** Address of the primary that it follows; of a primary that took over, the one it followed. */
  readonly primary: string | null;
};

/** The node's line for a question. */
export type StatusAnswer = { readonly status: ReplicatedStatus };
