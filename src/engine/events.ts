/**
 * What goes into the engines and what comes out of them: the contract between engine and driver.
 *
 * The driver calls `engine.on(event)` and performs the actions it gets **in their order** before the next event.
 * `now` is milliseconds of a clock that never goes back and counts suspend (CLOCK_BOOTTIME), read right before the call.
 * Numbers follow one convention everywhere: `next` is the first number that is *not* included.
 *
 * @module
 */
import type { Batch } from "./batch.ts";
import type { Epoch, NodeId, RunTag } from "./epoch.ts";
import type { Body, Frame } from "./frame.ts";
import type { Former, Member } from "./membership.ts";

/** A connection, numbered by the driver; never used again after it broke. */
export type Link = number;

/** What a primary starts with. */
export interface PrimaryOptions {
  /** Id of this node. */
  readonly self: NodeId;
  readonly run: RunTag;
  readonly epoch: Epoch;
  /** Interval of heartbeats; the driver ticks at least twice as often. */
  readonly heartbeatMs: number;
  /** Silence after which a node is asked for; also how long the driver waits for the answer to a probe. */
  readonly timeoutMs: number;
  readonly output: "commit" | "async";
  /** What to do when a member gives no answer: go on without it, or stop. */
  readonly degraded: "run" | "stop";
  /** Unacked bytes in flight to one peer; default 8 MiB. */
  readonly windowBytes?: number;
  /** Recent log kept in memory; default 32 MiB. */
  readonly memoryBytes?: number;
  /** First number to give: 0, or `takeOver.next`. */
  readonly next: number;
  /** Outputs below this left under an earlier primary; default 0. */
  readonly left?: number;
  /** Whether peers may join after the log has begun (a log on disk exists). */
  readonly lateJoin: boolean;
  /** `takeOver.former`; default none. */
  readonly former?: readonly Former[];
  /** `takeOver.ended`; default false. */
  readonly ended?: boolean;
  /** Time of the start; after a takeover `takeOver.at`, so that a freeze between decision and start is seen. */
  readonly now: number;
}

/** What happens to a primary. */
export type PrimaryEvent =
  & { readonly now: number }
  & (
    /** The guest made messages, numbered from `primary.next`. */
    | { readonly kind: "append"; readonly batch: Batch }
    /**
     * A handshake was good; `next` is the first number the peer lacks, `epoch` the one its log is of
     * (undefined when it holds nothing). A second link of a peer replaces the first.
     */
    | {
      readonly kind: "connected";
      readonly peer: NodeId;
      readonly link: Link;
      readonly address: string;
      readonly next: number;
      readonly epoch: Epoch | undefined;
    }
    | {
      readonly kind: "disconnected";
      readonly peer: NodeId;
      readonly link: Link;
    }
    | {
      readonly kind: "received";
      readonly peer: NodeId;
      readonly link: Link;
      readonly frame: Frame;
    }
    | { readonly kind: "tick" }
    /** Answer to `feed`: a batch that holds number `from`, or undefined when the log on disk can't give it. */
    | {
      readonly kind: "fed";
      readonly peer: NodeId;
      readonly from: number;
      readonly batch: Batch | undefined;
    }
    /** Answer to the `probe` with this id; each gets exactly one, "silent" after `timeoutMs`. */
    | {
      readonly kind: "probed";
      readonly peer: NodeId;
      readonly id: number;
      readonly answer: PeerAnswer;
    }
    /** A PROBE or HELLO of another node of this run came in and named its epoch: a higher one deposes us. */
    | {
      readonly kind: "heard";
      /** The node that asked. */
      readonly node: NodeId;
      readonly epoch: Epoch;
      readonly address: string;
    }
    /** Outputs of all messages below `next` have left the node (or there were none). */
    | { readonly kind: "left"; readonly next: number }
    /** The log on disk can't be written any more. */
    | { readonly kind: "unlogged" }
  );

/** What a primary learns when it asks a peer's address. */
export type PeerAnswer =
  /** It lives and knows no higher epoch of this run. */
  | { readonly kind: "same" }
  /** Nobody listens there: its process is gone. */
  | { readonly kind: "refused" }
  | { readonly kind: "silent" }
  | {
    readonly kind: "higher";
    readonly epoch: Epoch;
    readonly address?: string;
  };

/** What a primary wants done. */
export type PrimaryAction =
  /** Append to the log on disk; always comes before a `send` of it. */
  | { readonly kind: "store"; readonly batch: Batch }
  | {
    readonly kind: "send";
    readonly peer: NodeId;
    readonly link: Link;
    readonly frame: Body;
  }
  /** Read about `bytes` of messages from the log on disk and give them back as `fed`. */
  | {
    readonly kind: "feed";
    readonly peer: NodeId;
    readonly from: number;
    readonly bytes: number;
  }
  /**
   * Outputs of messages below `next` may leave, while `mayRelease(now)` holds right before each write; `held` is what every member
   * has, which `--output async` does not wait for.
   */
  | { readonly kind: "release"; readonly next: number; readonly held: number }
  /** Ask `address`; several may be open for one peer. The PROBE carries our epoch. */
  | {
    readonly kind: "probe";
    readonly peer: NodeId;
    readonly address: string;
    readonly id: number;
  }
  /** Close the link after what was sent on it; it gives no more events. */
  | {
    readonly kind: "drop";
    readonly peer: NodeId;
    readonly link: Link;
    readonly reason: string;
  }
  | { readonly kind: "note"; readonly note: PrimaryNote }
  /** The last action of this engine: nothing is ever released again. */
  | { readonly kind: "stop"; readonly reason: StopReason };

/** Why a primary must end. */
export type StopReason =
  | {
    readonly kind: "deposed";
    readonly epoch: Epoch;
    readonly address: string | undefined;
  }
  /** `--degraded stop`: this member can't be reached. */
  | {
    readonly kind: "degraded";
    readonly peer: NodeId;
    readonly address: string;
  };

/** What a primary's operator may want to read. */
export type PrimaryNote =
  | { readonly kind: "joined"; readonly peer: NodeId; readonly address: string }
  | {
    readonly kind: "synced";
    readonly peer: NodeId;
    readonly address: string;
    /** Number of its memberJoined. */
    readonly at: number;
  }
  | {
    readonly kind: "resumed";
    readonly peer: NodeId;
    readonly address: string;
    readonly next: number;
  }
  /** A member is not heard, and is asked. */
  | {
    readonly kind: "suspected";
    readonly peer: NodeId;
    readonly address: string;
    readonly why: "disconnected" | "silent";
  }
  | {
    readonly kind: "removed";
    readonly peer: NodeId;
    readonly address: string;
    readonly reason: string;
  }
  /** The last member is gone: outputs leave without a backup. */
  | { readonly kind: "degraded" }
  | { readonly kind: "frozen"; readonly ms: number }
  /** Every member answered after a freeze: releases go on. */
  | { readonly kind: "thawed" }
  /** A joiner that had no sync yet is gone. */
  | { readonly kind: "left"; readonly peer: NodeId; readonly address: string }
  /** The log has ended and all of it is held and released: the driver may exit. */
  | { readonly kind: "ended"; readonly next: number };

/** What a backup starts with. */
export interface BackupOptions {
  readonly self: NodeId;
  readonly heartbeatMs: number;
  readonly timeoutMs: number;
  /** First number it lacks: 0 on a fresh join. */
  readonly next: number;
  readonly now: number;
}

/** What happens to a backup. */
export type BackupEvent =
  & { readonly now: number }
  & (
    /** A handshake was good: the welcome named run and epoch. */
    | {
      readonly kind: "connected";
      readonly link: Link;
      readonly epoch: Epoch;
      readonly run: RunTag;
      readonly address: string;
    }
    | { readonly kind: "connectFailed"; readonly how: ConnectFailure }
    | { readonly kind: "disconnected"; readonly link: Link }
    | { readonly kind: "received"; readonly link: Link; readonly frame: Frame }
    | { readonly kind: "tick" }
    /** Answer to the `probe` with this id; each gets exactly one, "silent" after `timeoutMs`. */
    | {
      readonly kind: "probed";
      readonly node: NodeId;
      readonly id: number;
      readonly answer: MemberAnswer;
    }
    /** A PROBE of this run came in: a sign of life when it is our primary's; a higher epoch supersedes us. */
    | {
      readonly kind: "heard";
      /** The node that asked. */
      readonly node: NodeId;
      readonly epoch: Epoch;
      readonly address: string;
    }
  );

/** How an attempt to connect ended without a welcome. */
export type ConnectFailure =
  /** Nobody listens: the process is gone. */
  | { readonly kind: "refused" }
  /** No answer within the driver's own limit (at most `timeoutMs`), or broken in the middle. */
  | { readonly kind: "silent" }
  /** Another run answers there. */
  | { readonly kind: "foreign" }
  | {
    readonly kind: "higher";
    readonly epoch: Epoch;
    readonly address: string;
  };

/** What a node says of itself when it is asked; goes into a STATUS frame. */
export interface Status {
  readonly role: "primary" | "backup";
  readonly epoch: Epoch | undefined;
  /** Ids of the members its log names, in join order. */
  readonly members: readonly NodeId[];
  readonly next: number;
  /** Milliseconds since a backup heard its primary; 0 for a primary. */
  readonly heardMs: number;
}

/** What a backup learns when it asks another member. */
export type MemberAnswer =
  | { readonly kind: "refused" }
  | { readonly kind: "silent" }
  | { readonly kind: "status"; readonly status: Status };

/** What a backup wants done. */
export type BackupAction =
  /** Append to the log on disk and to the guest's inbox; always comes before the ack of it. */
  | { readonly kind: "store"; readonly batch: Batch }
  | { readonly kind: "send"; readonly link: Link; readonly frame: Body }
  /** Try the primary's address now (a link that is open stays until the new one is welcomed). */
  | { readonly kind: "connect" }
  | {
    readonly kind: "probe";
    readonly node: NodeId;
    readonly address: string;
    readonly id: number;
  }
  /** The last action: become primary. */
  | TakeOver
  /** The last action: end as a backup. */
  | { readonly kind: "leave"; readonly reason: LeaveReason }
  /** Outputs of messages below `next` left at the primary: they need no release after a takeover. */
  | { readonly kind: "released"; readonly next: number }
  | { readonly kind: "note"; readonly note: BackupNote };

/** Become primary: `new Primary({epoch, next, left, former, ended, now: at, …})`, whose first message is TAKEOVER. */
export interface TakeOver {
  readonly kind: "takeOver";
  readonly epoch: Epoch;
  readonly next: number;
  /** Outputs below this are known to have left. */
  readonly left: number;
  /** Nodes that may have to be asked after a freeze. */
  readonly former: readonly Former[];
  /** The other members named by the log. */
  readonly members: readonly Member[];
  /** When it was decided: the new primary's `now`. */
  readonly at: number;
  /** The log holds PROCESS_EXIT already. */
  readonly ended: boolean;
  readonly why: DeathCause;
}

/** How a backup found its primary dead. */
export type DeathCause = "refused" | "foreign" | "silent";

/** Why a backup ends. */
export type LeaveReason =
  /** Another node is, or will be, primary. */
  | {
    readonly kind: "superseded";
    readonly node: NodeId;
    readonly address: string;
  }
  /** The primary is dead and this log may lack what it released. */
  | { readonly kind: "out of sync"; readonly why: string }
  /** Another member says that we were removed. */
  | { readonly kind: "removed"; readonly node: NodeId }
  /** The log has ended and all of it is held: the guest finishes it. */
  | { readonly kind: "ended"; readonly next: number };

/** What a backup's operator may want to read. */
export type BackupNote =
  | {
    readonly kind: "connected";
    readonly address: string;
    readonly resumed: boolean;
  }
  | { readonly kind: "disconnected" }
  /** Said once until the next welcome: the address gives no welcome, tries go on. */
  | { readonly kind: "waiting"; readonly how: ConnectFailure["kind"] }
  | { readonly kind: "synced"; readonly at: number }
  /** The log says that we are no member any more: catching up as a joiner. */
  | { readonly kind: "removed"; readonly at: number }
  | { readonly kind: "frozen"; readonly ms: number }
  /** The primary confirmed after a freeze that we are still a member. */
  | { readonly kind: "confirmed" }
  | { readonly kind: "primaryDead"; readonly why: DeathCause }
  /** The primary lives after all (heard by us or by another member). */
  | { readonly kind: "primaryAlive" };
