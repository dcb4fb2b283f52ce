/**
 * The primary: numbers the log, sends it to peers, and says which outputs may leave.
 *
 * @module
 */
import { assert, unreachable } from "../bytes/assert.ts";
import { type Batch, controlBatch, controlsOf } from "./batch.ts";
import { compareEpochs, type Epoch, type NodeId, sameRun } from "./epoch.ts";
import type {
  Link,
  PeerAnswer,
  PrimaryAction,
  PrimaryEvent,
  PrimaryNote,
  PrimaryOptions,
  Status,
  StopReason,
} from "./events.ts";
import { type Frame, MAX_BATCH } from "./frame.ts";
import { encodeControl, Membership } from "./membership.ts";
import { Control } from "./message.ts";
import { Feeder, linkedPeer, type Peer } from "./peers.ts";
import { leaseHolds, leastAcked, releaseBound } from "./release.ts";
import { verdictOf, Watch, type Why } from "./watch.ts";
import { Window } from "./window.ts";

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
  readonly #options: PrimaryOptions;
  readonly #window: Window;
  readonly #membership: Membership;
  readonly #peers = new Map<NodeId, Peer>();
  readonly #watch = new Watch();
  readonly #feeder: Feeder;
  #out: PrimaryAction[] = [];
  #now: number;
  #left: number;
  #releasable: number;
  #logged: boolean;
  #frozen = false;
  #done = false;

  constructor(options: PrimaryOptions) {
    assert(
      options.heartbeatMs * 2 <= options.timeoutMs,
      "the time-out is below two heartbeats",
    );
    this.#options = options;
    this.#now = options.now;
    this.#left = options.left ?? 0;
    this.#releasable = this.#left;
    this.#logged = options.lateJoin;
    this.#membership = new Membership(options.ended);
    this.#window = new Window(options.next);
    this.#feeder = new Feeder({
      window: this.#window,
      windowBytes: options.windowBytes ?? 8 << 20,
      left: () => this.#left,
    }, (action) => this.#out.push(action));
    for (const { node, address, mayTakeOver } of options.former ?? []) {
      const askAt = options.now + 2 * options.timeoutMs;
      this.#watch.lose(node, address, mayTakeOver, askAt);
    }
  }

  /** The number of the next message. */
  get next(): number {
    return this.#window.next;
  }

  /** Memory is full of what members still need: the driver stops draining the guest's outbox. */
  get full(): boolean {
    return !this.#logged && this.#window.size > this.#memoryBytes;
  }

  /**
   * Whether an output below the last `release` may leave at `now`; asked right before every write.
   * Once false, ask again after each event.
   */
  mayRelease(now: number): boolean {
    const { timeoutMs } = this.#options;
    return !this.#done && now - this.#now <= timeoutMs / 2 &&
      !this.#watch.blocked &&
      leaseHolds(this.#membership, this.#peers, now, timeoutMs);
  }

  /** What this node answers to a PROBE. */
  answer(): Status {
    return {
      role: "primary",
      epoch: this.#options.epoch,
      members: this.#membership.members.map(({ node }) => node),
      next: this.next,
      heardMs: 0,
    };
  }

  /** A snapshot for status lines. */
  status(): PrimaryStatus {
    const peers = [...this.#peers.values()].map((peer) => ({
      node: peer.node,
      address: peer.address,
      member: this.#membership.find(peer.node) !== undefined,
      linked: peer.link !== undefined,
      acked: peer.flow.acked,
    }));
    return {
      epoch: this.#options.epoch,
      next: this.next,
      releasable: this.#releasable,
      left: this.#left,
      peers,
      held: !this.mayRelease(this.#now),
      memoryBytes: this.#window.size,
    };
  }

  /** Takes one event; the actions are to be performed in their order. After `stop` and "ended" there are none. */
  on(event: PrimaryEvent): PrimaryAction[] {
    if (this.#done) return [];
    this.#out = [];
    this.#pass(event.now);
    this.#handle(event);
    if (!this.#done) this.#settle();
    return this.#out;
  }

  #handle(event: PrimaryEvent): void {
    switch (event.kind) {
      case "append":
        return this.#append(event.batch);
      case "connected":
        return this.#connected(event);
      case "disconnected":
        return this.#disconnected(event.peer, event.link);
      case "received":
        return this.#received(event.peer, event.link, event.frame);
      case "tick":
        return this.#tick();
      case "fed":
        return this.#fed(event.peer, event.from, event.batch);
      case "probed":
        return this.#probed(event.peer, event.id, event.answer);
      case "heard":
        return this.#compare(event.epoch, event.address);
      case "left":
        this.#left = Math.max(this.#left, event.next);
        return;
      case "unlogged":
        this.#logged = false;
        return;
      default:
        return unreachable(event);
    }
  }

  get #memoryBytes(): number {
    return this.#options.memoryBytes ?? 32 << 20;
  }

  #note(note: PrimaryNote): void {
    this.#out.push({ kind: "note", note });
  }

  #stop(reason: StopReason): void {
    this.#done = true;
    this.#out.push({ kind: "stop", reason });
  }

  /** Sees time pass; a gap means that we were frozen and may have been replaced. */
  #pass(now: number): void {
    const gap = now - this.#now;
    this.#now = Math.max(now, this.#now);
    if (gap <= this.#options.timeoutMs / 2) return;
    this.#frozen = true;
    this.#note({ kind: "frozen", ms: gap });
    for (const { node, address } of this.#membership.members) {
      const peer = this.#peers.get(node);
      if (peer !== undefined) peer.heardAt = this.#now;
      this.#ask(node, address, "frozen");
    }
    const pauseMs = 2 * this.#options.timeoutMs;
    for (const lost of this.#watch.lostToAsk(this.#now, pauseMs, true)) {
      this.#ask(lost.node, lost.address, "frozen");
    }
  }

  #ask(node: NodeId, address: string, why: Why): void {
    const id = this.#watch.ask(node, why, this.#now);
    this.#out.push({ kind: "probe", peer: node, address, id });
  }

  #append(batch: Batch): void {
    assert(batch.first === this.next, "a batch is appended out of order");
    assert(batch.bytes.byteLength <= MAX_BATCH, "a batch is too large");
    for (const message of controlsOf(batch)) this.#membership.apply(message);
    this.#window.push(batch);
    this.#out.push({ kind: "store", batch });
    for (const peer of this.#peers.values()) this.#feeder.pump(peer);
  }

  #control(method: number, data: Uint8Array): number {
    const batch = controlBatch(method, this.next, data);
    this.#append(batch);
    return batch.first;
  }

  #connected(event: Extract<PrimaryEvent, { kind: "connected" }>): void {
    const { peer: node, link, address, next, epoch } = event;
    const old = this.#peers.get(node);
    if (old?.link !== undefined) this.#drop(old, "a newer link came up");
    if (next > 0 && epoch !== undefined) this.#compare(epoch, address);
    if (this.#done) return;
    const refusal = this.#refusal(next, epoch);
    if (refusal !== undefined) {
      this.#out.push({ kind: "drop", peer: node, link, reason: refusal });
      return;
    }
    const member = this.#membership.find(node);
    if (member !== undefined && epoch === undefined) {
      this.#remove(node, "it came back without its log");
    }
    const held = Math.max(next, this.#peers.get(node)?.flow.acked ?? 0);
    const peer = linkedPeer(node, address, link, held, this.#now);
    peer.lease = this.#peers.get(node)?.lease ?? -Infinity;
    this.#peers.set(node, peer);
    this.#watch.find(node);
    this.#hear(peer);
    const resumed = this.#membership.find(node) !== undefined;
    if (resumed) this.#note({ kind: "resumed", peer: node, address, next });
    else this.#note({ kind: "joined", peer: node, address });
    this.#feeder.heartbeat(peer, this.#now);
    this.#feeder.pump(peer);
  }

  #refusal(next: number, epoch: Epoch | undefined): string | undefined {
    const same = epoch !== undefined &&
      compareEpochs(epoch, this.#options.epoch) === 0;
    if (next > 0 && !same) return "its log is of another epoch";
    if (next > this.next) return "its log goes further than ours";
    return this.#logged || next >= this.#window.first
      ? undefined
      : "the log from its start is not kept";
  }

  #disconnected(node: NodeId, link: Link): void {
    const peer = this.#peers.get(node);
    if (peer?.link !== link) return;
    peer.link = undefined;
    peer.flow.feeding = undefined;
    const member = this.#membership.find(node);
    if (member === undefined) {
      this.#peers.delete(node);
      this.#note({ kind: "left", peer: node, address: peer.address });
    } else this.#suspect(peer, "disconnected");
  }

  #suspect(peer: Peer, why: "disconnected" | "silent"): void {
    const { node, address } = peer;
    if (this.#watch.of(node).kind === "asked") return;
    this.#note({ kind: "suspected", peer: node, address, why });
    this.#ask(node, address, why);
  }

  /** A sign of life over the link: it ends waiting, but not a question about a freeze. */
  #hear(peer: Peer): void {
    peer.heardAt = this.#now;
    const standing = this.#watch.of(peer.node);
    const fresh = standing.kind === "asked" && standing.why === "frozen"
      ? peer.lease >= standing.at
      : true;
    if (fresh) this.#watch.calm(peer.node);
  }

  #received(node: NodeId, link: Link, frame: Frame): void {
    const peer = this.#peers.get(node);
    if (peer === undefined || peer.link !== link) return;
    if (!sameRun(frame.run, this.#options.run)) {
      return this.#expel(peer, "it sent a frame of another run");
    }
    const order = compareEpochs(frame.epoch, this.#options.epoch);
    if (order > 0) return this.#compare(frame.epoch, peer.address);
    if (order < 0) return this.#expel(peer, "it sent a frame of an old epoch");
    this.#hear(peer);
    const { body } = frame;
    switch (body.kind) {
      case "ack":
        return this.#acked(peer, body.next, body.heard);
      case "nak":
        if (body.next > this.next) return this.#expel(peer, "it naked too far");
        peer.flow.nak(body.next, this.#now, this.#options.heartbeatMs / 4);
        return this.#feeder.pump(peer);
      case "ping":
        return this.#ping(peer, link, body.nonce);
      case "leave":
        return this.#leave(peer, body.reason);
      default:
        return this.#expel(peer, `it sent a ${body.kind} frame`);
    }
  }

  #acked(peer: Peer, next: number, heard: number): void {
    if (next > this.next || heard > this.#now) {
      return this.#expel(peer, "it acked what was never sent");
    }
    peer.flow.ack(next);
    peer.lease = Math.max(peer.lease, heard);
    this.#hear(peer);
    this.#feeder.pump(peer);
  }

  #ping(peer: Peer, link: Link, nonce: number): void {
    if (this.#membership.find(peer.node) === undefined) return;
    const frame = { kind: "pong", nonce } as const;
    this.#out.push({ kind: "send", peer: peer.node, link, frame });
  }

  #leave(peer: Peer, reason: string): void {
    this.#drop(peer, "it left");
    if (this.#membership.find(peer.node) !== undefined) {
      return this.#remove(peer.node, reason);
    }
    this.#peers.delete(peer.node);
    this.#note({ kind: "left", peer: peer.node, address: peer.address });
  }

  /** Ends a link whose other side can't be followed up with: a member among them is told, and removed. */
  #expel(peer: Peer, reason: string): void {
    if (this.#membership.find(peer.node) !== undefined) {
      return this.#remove(peer.node, reason);
    }
    this.#drop(peer, reason);
    this.#peers.delete(peer.node);
    this.#note({ kind: "left", peer: peer.node, address: peer.address });
  }

  #drop(peer: Peer, reason: string): void {
    if (peer.link === undefined) return;
    this.#out.push({ kind: "drop", peer: peer.node, link: peer.link, reason });
    peer.link = undefined;
  }

  #remove(node: NodeId, reason: string): void {
    const peer = this.#peers.get(node);
    const address = this.#membership.find(node)?.address ?? "";
    if (peer?.link !== undefined) {
      const frame = { kind: "leave", reason } as const;
      this.#out.push({ kind: "send", peer: node, link: peer.link, frame });
      this.#drop(peer, reason);
    }
    this.#peers.delete(node);
    this.#watch.calm(node);
    this.#control(Control.memberRemoved, encodeControl({ node, reason }));
    this.#note({ kind: "removed", peer: node, address, reason });
    if (this.#membership.members.length === 0) this.#note({ kind: "degraded" });
  }

  #tick(): void {
    const { heartbeatMs, timeoutMs } = this.#options;
    for (const peer of this.#peers.values()) {
      const due = this.#now - peer.heartbeatAt >= heartbeatMs;
      if (due) this.#feeder.heartbeat(peer, this.#now);
      this.#feeder.pump(peer);
    }
    for (const { node } of this.#membership.members) this.#check(node);
    for (const lost of this.#watch.lostToAsk(this.#now, 2 * timeoutMs, false)) {
      this.#ask(lost.node, lost.address, "lost");
    }
  }

  #check(node: NodeId): void {
    const peer = this.#peers.get(node);
    assert(peer !== undefined, "a member is no peer");
    const standing = this.#watch.of(node);
    const silent = this.#now - peer.heardAt > this.#options.timeoutMs;
    if (standing.kind === "awaited" && this.#now > standing.until) {
      this.#mayStop(node, peer.address);
      if (!this.#done) this.#lose(node, "it lives but did not come back");
    } else if (standing.kind === "calm" && silent) {
      this.#suspect(peer, "silent");
    }
  }

  /** Removes a member that may live on without knowing. */
  #lose(node: NodeId, reason: string): void {
    const address = this.#membership.find(node)?.address ?? "";
    this.#remove(node, reason);
    const askAt = this.#now + 2 * this.#options.timeoutMs;
    this.#watch.lose(node, address, false, askAt);
  }

  #fed(node: NodeId, from: number, batch: Batch | undefined): void {
    const peer = this.#peers.get(node);
    if (peer === undefined || this.#feeder.fed(peer, from, batch)) return;
    this.#expel(peer, `the log on disk can't give message ${from}`);
  }

  /** An epoch of this run that another node named: a higher one ends ours. */
  #compare(epoch: Epoch, address: string | undefined): void {
    if (compareEpochs(epoch, this.#options.epoch) > 0) {
      this.#stop({ kind: "deposed", epoch, address });
    }
  }

  #probed(node: NodeId, id: number, answer: PeerAnswer): void {
    if (answer.kind === "higher") {
      return this.#compare(answer.epoch, answer.address);
    }
    const asked = this.#watch.asked(node, id);
    if (asked === undefined) return;
    this.#watch.calm(node);
    const frozen = asked.why === "frozen";
    const peer = this.#peers.get(node);
    const member = this.#membership.find(node);
    if (member === undefined || peer === undefined) {
      if (answer.kind === "refused") this.#watch.find(node);
      if (frozen && answer.kind !== "same") this.#mayStop(node, "");
      return;
    }
    const heardAt = frozen ? peer.lease : peer.heardAt;
    const verdict = verdictOf(answer, asked.at, peer.linkedAt, heardAt);
    if (verdict === "gone") {
      if (frozen) this.#mayStop(node, member.address);
      if (!this.#done) this.#remove(node, "its process is gone");
    } else if (verdict === "unreachable") {
      this.#mayStop(node, member.address);
      if (!this.#done) this.#lose(node, "it gives no answer");
    } else if (peer.link === undefined || asked.why === "silent") {
      this.#watch.await(node, this.#now + this.#options.timeoutMs);
    }
  }

  #mayStop(peer: NodeId, address: string): void {
    if (this.#options.degraded === "stop") {
      this.#stop({ kind: "degraded", peer, address });
    }
  }

  /** What follows from the new state: joiners that are in sync, outputs that may leave, the end. */
  #settle(): void {
    for (const peer of this.#peers.values()) this.#maySync(peer);
    const members = this.#membership;
    const bound = this.#options.output === "async"
      ? this.next
      : releaseBound(members, this.#peers, this.next, this.#releasable);
    if (bound > this.#releasable) {
      this.#releasable = bound;
      this.#out.push({ kind: "release", next: bound });
    }
    if (this.#frozen && !this.#watch.thawing) {
      this.#frozen = false;
      this.#note({ kind: "thawed" });
    }
    const least = leastAcked(members, this.#peers, this.next);
    this.#window.trim(this.#memoryBytes, this.#logged ? Infinity : least);
    const ended = members.ended && least >= this.next;
    if (ended && this.#left >= this.next) this.#end();
  }

  #maySync(peer: Peer): void {
    const { flow, link, node, address } = peer;
    if (link === undefined || this.next === 0 || this.#membership.ended) return;
    if (this.#membership.find(node) !== undefined) return;
    const near = flow.cursor === this.next && flow.inFlight <= SYNC_BYTES;
    if (!near || flow.acked <= this.#membership.removedAt) return;
    const order = this.#membership.joins;
    const data = encodeControl({ node, address, order });
    peer.lease = this.#now;
    const at = this.#control(Control.memberJoined, data);
    this.#note({ kind: "synced", peer: node, address, at });
  }

  #end(): void {
    const frame = { kind: "bye", next: this.next } as const;
    for (const { node, link } of this.#peers.values()) {
      if (link !== undefined) {
        this.#out.push({ kind: "send", peer: node, link, frame });
      }
    }
    this.#note({ kind: "ended", next: this.next });
    this.#done = true;
  }
}
