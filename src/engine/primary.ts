/**
 * The primary: numbers the log, sends it to peers, and says which outputs may leave.
 *
 * @module
 */
import { assert, unreachable } from "../bytes/assert.ts";
import { Care } from "./care.ts";
import type { Epoch, NodeId } from "./epoch.ts";
import type {
  PrimaryAction,
  PrimaryEvent,
  PrimaryOptions,
  Status,
} from "./events.ts";
import { Links } from "./links.ts";
import type { Peer } from "./peers.ts";
import { leaseHolds, leastAcked, releaseBound } from "./release.ts";
import { PrimaryState } from "./state.ts";

/** A joiner with no more than this on the way is in sync. */
const SYNC_BYTES = 64 << 10;

/** One peer in {@linkcode PrimaryStatus}. */
export interface PeerStatus {
  readonly node: NodeId;
  readonly address: string;
  readonly member: boolean;
  readonly linked: boolean;
  /** First number it lacks. */
  readonly acked: number;
}

/** A snapshot for status lines. */
export interface PrimaryStatus {
  readonly epoch: Epoch;
  readonly next: number;
  /** Outputs below this may leave; below `left` they have. */
  readonly releasable: number;
  readonly left: number;
  readonly peers: readonly PeerStatus[];
  /** Nothing leaves until a question is answered. */
  readonly held: boolean;
  readonly memoryBytes: number;
}

/** Events in, actions out; see events.ts for both. */
export class Primary {
  readonly #state: PrimaryState;
  readonly #care: Care;
  readonly #links: Links;
  #releasable: number;
  #held: number;

  constructor(options: PrimaryOptions) {
    assert(
      options.heartbeatMs * 2 <= options.timeoutMs,
      "the time-out is below two heartbeats",
    );
    this.#state = new PrimaryState(options);
    this.#care = new Care(this.#state);
    this.#links = new Links(this.#state, this.#care);
    this.#releasable = this.#held = this.#state.left;
  }

  /** The number of the next message. */
  get next(): number {
    return this.#state.window.next;
  }

  /** Whether it can give the log from `next` on, from memory or from the log on disk. */
  gives(next: number): boolean {
    const { logged, window } = this.#state;
    return logged || next >= window.first;
  }

  /** Memory is full of what members still need: the driver stops draining the guest's outbox. */
  get full(): boolean {
    const { logged, window } = this.#state;
    return !logged && window.size > this.#memoryBytes;
  }

  get #memoryBytes(): number {
    return this.#state.options.memoryBytes ?? 32 << 20;
  }

  /**
   * Whether an output below the last `release` may leave at `now`; asked right before every write.
   * Once false, ask again after each event.
   */
  mayRelease(now: number): boolean {
    const { timeoutMs } = this.#state.options;
    return now - this.#state.now <= timeoutMs / 2 && this.#leads(now);
  }

  /** Surely no other node is primary. */
  #leads(now: number): boolean {
    const { options, done, watch, membership, peers } = this.#state;
    return !done && !watch.blocked &&
      leaseHolds(membership, peers, now, options.timeoutMs);
  }

  /** What this node answers to a PROBE. */
  answer(): Status {
    const { options, membership } = this.#state;
    return {
      role: "primary",
      epoch: options.epoch,
      members: membership.members.map(({ node }) => node),
      next: this.next,
      heardMs: 0,
    };
  }

  /** A snapshot for status lines. */
  status(): PrimaryStatus {
    const { options, membership, left, now, window } = this.#state;
    const peers = [...this.#state.peers.values()].map((peer) => ({
      node: peer.node,
      address: peer.address,
      member: membership.find(peer.node) !== undefined,
      linked: peer.link !== undefined,
      acked: peer.flow.acked,
    }));
    return {
      epoch: options.epoch,
      next: this.next,
      releasable: this.#releasable,
      left,
      peers,
      held: !this.mayRelease(now),
      memoryBytes: window.size,
    };
  }

  /** Takes one event; the actions are to be performed in their order. After `stop` and "ended" there are none. */
  on(event: PrimaryEvent): PrimaryAction[] {
    if (this.#state.done) return [];
    this.#state.out = [];
    this.#care.pass(event.now);
    this.#handle(event);
    if (!this.#state.done) this.#settle();
    return this.#state.out;
  }

  #handle(event: PrimaryEvent): void {
    const state = this.#state;
    switch (event.kind) {
      case "append":
        return state.append(event.batch);
      case "connected":
        return this.#links.connected(event);
      case "disconnected":
        return this.#links.disconnected(event.peer, event.link);
      case "received":
        return this.#links.received(event.peer, event.link, event.frame);
      case "tick":
        return this.#tick();
      case "fed":
        return this.#fed(event);
      case "probed":
        return this.#care.answered(event.peer, event.id, event.answer);
      case "heard":
        return state.compare(event.epoch, event.address);
      case "left":
        state.left = Math.max(state.left, event.next);
        return;
      case "unlogged":
        state.logged = false;
        return;
      default:
        return unreachable(event);
    }
  }

  #tick(): void {
    const { peers, feeder, now, options } = this.#state;
    for (const peer of peers.values()) {
      const due = now - peer.heartbeatAt >= options.heartbeatMs;
      if (due) feeder.heartbeat(peer, now);
      feeder.pump(peer);
    }
    this.#care.tick();
  }

  #fed({ peer: node, from, batch }: Extract<PrimaryEvent, { kind: "fed" }>) {
    const state = this.#state;
    const peer = state.peers.get(node);
    if (peer === undefined || state.feeder.fed(peer, from, batch)) return;
    state.expel(peer, `the log on disk can't give message ${from}`);
  }

  /** What follows from the new state: joiners that are in sync, outputs that may leave, the end. */
  #settle(): void {
    const { peers, membership, window, out, options, logged } = this.#state;
    for (const peer of peers.values()) this.#maySync(peer);
    const { next } = window;
    const held = releaseBound(membership, peers, next, this.#held);
    const bound = options.output === "async" ? next : held;
    if (bound > this.#releasable || held > this.#held) {
      this.#releasable = Math.max(this.#releasable, bound);
      this.#held = held;
      out.push({ kind: "release", next: this.#releasable, held });
    }
    this.#care.settle();
    const least = leastAcked(membership, peers, next);
    window.trim(this.#memoryBytes, logged ? Infinity : least);
    const over = membership.ended && least >= next && this.#state.left >= next;
    if (over) this.#end();
  }

  /**
   * A joiner that acks, and lacks little, is in sync; but first it must know of the last removal, which may be its own.
   * A primary that may have been replaced makes nobody a member: it would take over in turn, from the old log.
   */
  #maySync(peer: Peer): void {
    const { membership, now } = this.#state;
    const { flow, link, acks } = peer;
    if (link === undefined || !acks || this.next === 0) return;
    if (membership.ended || membership.find(peer.node) !== undefined) return;
    const near = flow.cursor === this.next && flow.inFlight <= SYNC_BYTES;
    if (!near || flow.acked <= membership.removedAt) return;
    if (!this.#leads(now)) return;
    peer.lease = now;
    this.#state.admit(peer);
  }

  #end(): void {
    const { peers, out, window } = this.#state;
    const frame = { kind: "bye", next: window.next } as const;
    for (const { node, link } of peers.values()) {
      if (link !== undefined) {
        out.push({ kind: "send", peer: node, link, frame });
      }
    }
    this.#state.note({ kind: "ended", next: window.next });
    this.#state.done = true;
  }
}
