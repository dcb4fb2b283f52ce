/**
 * What all parts of a primary share: the log, who follows it, and the actions of the present event.
 *
 * @module
 */
import { assert } from "../bytes/assert.ts";
import { type Batch, controlBatch, controlsOf, nextOf } from "./batch.ts";
import { compareEpochs, type Epoch, type NodeId } from "./epoch.ts";
import type {
  PrimaryAction,
  PrimaryNote,
  PrimaryOptions,
  StopReason,
} from "./events.ts";
import { MAX_BATCH } from "./frame.ts";
import { encodeControl, Membership } from "./membership.ts";
import { Control } from "./message.ts";
import { Feeder, type Peer } from "./peers.ts";
import { Watch } from "./watch.ts";
import { Window } from "./window.ts";

/** The state of a primary, and the changes that more than one part makes. */
export class PrimaryState {
  readonly options: PrimaryOptions;
  /** Unacked bytes in flight to one peer. */
  readonly windowBytes: number;
  readonly window: Window;
  readonly membership: Membership;
  /** Every node with a link, and members without one. */
  readonly peers = new Map<NodeId, Peer>();
  readonly watch = new Watch();
  readonly feeder: Feeder;
  /** Actions of the present event. */
  out: PrimaryAction[] = [];
  now: number;
  /** Outputs below this have left. */
  left: number;
  /** The log on disk can be read and written. */
  logged: boolean;
  /** Stopped, or ended. */
  done = false;

  constructor(options: PrimaryOptions) {
    this.options = options;
    this.now = options.now;
    this.left = options.left ?? 0;
    this.logged = options.lateJoin;
    this.membership = new Membership(options.ended);
    this.windowBytes = options.windowBytes ?? 8 << 20;
    this.window = new Window(options.next);
    this.feeder = new Feeder({
      window: this.window,
      windowBytes: this.windowBytes,
      left: () => this.left,
    }, (action) => this.out.push(action));
  }

  /** Tells the operator. */
  note(note: PrimaryNote): void {
    this.out.push({ kind: "note", note });
  }

  /** Ends this primary. */
  stop(reason: StopReason): void {
    if (this.done) return;
    this.done = true;
    this.out.push({ kind: "stop", reason });
  }

  /** An epoch of this run that another node named: a higher one ends ours. */
  compare(epoch: Epoch, address: string | undefined): void {
    if (compareEpochs(epoch, this.options.epoch) > 0) {
      this.stop({ kind: "deposed", epoch, address });
    }
  }

  /** Adds to the log: stores, then sends. */
  append(batch: Batch): void {
    assert(batch.first === this.window.next, "a batch is out of order");
    assert(batch.bytes.byteLength <= MAX_BATCH, "a batch is too large");
    assert(
      nextOf(batch) <= Number.MAX_SAFE_INTEGER,
      "the log is as long as numbers go",
    );
    for (const message of controlsOf(batch)) this.membership.apply(message);
    this.window.push(batch);
    this.out.push({ kind: "store", batch });
    for (const peer of this.peers.values()) this.feeder.pump(peer);
  }

  /** A joiner counts from here on: nothing beyond its acks is allowed to leave any more. */
  admit({ node, address }: Peer): void {
    const order = this.membership.joins;
    const at = this.window.next;
    const data = encodeControl({ node, address, order });
    this.append(controlBatch(Control.memberJoined, at, data));
    this.note({ kind: "synced", peer: node, address, at });
  }

  /** A member counts no more. If it may live it is told, since it must not take over without what leaves from now on. */
  remove(node: NodeId, reason: string): void {
    const peer = this.peers.get(node);
    const address = this.membership.find(node)?.address ?? "";
    if (peer?.link !== undefined) {
      const frame = { kind: "leave", reason } as const;
      this.out.push({ kind: "send", peer: node, link: peer.link, frame });
      this.drop(peer, reason);
    }
    this.peers.delete(node);
    this.watch.calm(node);
    const data = encodeControl({ node, reason });
    const batch = controlBatch(Control.memberRemoved, this.window.next, data);
    this.append(batch);
    this.note({ kind: "removed", peer: node, address, reason });
    if (this.membership.members.length === 0) this.note({ kind: "degraded" });
  }

  /** Ends a link with a peer that can't be followed up with; a member is removed. */
  expel(peer: Peer, reason: string): void {
    if (this.membership.find(peer.node) !== undefined) {
      return this.remove(peer.node, reason);
    }
    this.drop(peer, reason);
    this.forget(peer);
  }

  /** A peer that is no member is gone. */
  forget({ node, address }: Peer): void {
    this.peers.delete(node);
    this.note({ kind: "left", peer: node, address });
  }

  /** Closes a peer's link, if it has one. */
  drop(peer: Peer, reason: string): void {
    if (peer.link === undefined) return;
    this.out.push({ kind: "drop", peer: peer.node, link: peer.link, reason });
    peer.link = undefined;
  }
}
