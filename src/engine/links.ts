/**
 * What comes in over a primary's links.
 *
 * @module
 */
import type { Care } from "./care.ts";
import { compareEpochs, type Epoch, type NodeId, sameRun } from "./epoch.ts";
import type { Link, PrimaryEvent } from "./events.ts";
import { Flow } from "./flow.ts";
import type { Frame } from "./frame.ts";
import { linkedPeer, type Peer } from "./peers.ts";
import type { PrimaryState } from "./state.ts";

/** Takes links and frames. */
export class Links {
  readonly #state: PrimaryState;
  readonly #care: Care;

  constructor(state: PrimaryState, care: Care) {
    this.#state = state;
    this.#care = care;
  }

  /** A peer's link is up: a member goes on where it was, others catch up. */
  connected(event: Extract<PrimaryEvent, { kind: "connected" }>): void {
    const { peer: node, link, address, next, epoch } = event;
    const state = this.#state;
    if (epoch !== undefined) state.compare(epoch, address);
    if (state.done) return;
    const reason = this.#refusal(node, next, epoch);
    if (reason !== undefined) {
      state.out.push({ kind: "drop", peer: node, link, reason });
      return;
    }
    const old = state.peers.get(node);
    if (old !== undefined) state.drop(old, "a newer link came up");
    const acked = epoch === undefined ? 0 : old?.flow.acked ?? 0;
    const flow = new Flow(Math.max(next, acked), state.windowBytes / 128);
    const peer = linkedPeer(node, address, link, flow, state.now);
    peer.lease = old?.lease ?? -Infinity;
    state.peers.set(node, peer);
    state.watch.find(node);
    this.#care.hear(peer);
    const resumed = state.membership.find(node) !== undefined;
    if (resumed) state.note({ kind: "resumed", peer: node, address, next });
    else state.note({ kind: "joined", peer: node, address });
    state.feeder.heartbeat(peer, state.now);
    state.feeder.pump(peer);
  }

  /** Why a peer can't follow with the log it has. */
  #refusal(
    node: NodeId,
    next: number,
    epoch: Epoch | undefined,
  ): string | undefined {
    const { membership, options, window, logged } = this.#state;
    if (epoch === undefined) {
      if (next > 0) return "its log is of no epoch";
      if (membership.find(node) !== undefined) {
        return "a node with its id is a member already";
      }
    } else if (compareEpochs(epoch, options.epoch) !== 0) {
      return "its log is of another epoch";
    }
    if (next > window.next) return "its log goes further than ours";
    return logged || next >= window.first
      ? undefined
      : "the log from its start is not kept";
  }

  /** A link broke; that of a member is asked for at once. */
  disconnected(node: NodeId, link: Link): void {
    const state = this.#state;
    const peer = state.peers.get(node);
    if (peer?.link !== link) return;
    peer.link = undefined;
    peer.flow.feeding = undefined;
    if (state.membership.find(node) === undefined) state.forget(peer);
    else this.#care.suspect(peer, "disconnected");
  }

  /** A frame came in: one of another run or an old epoch ends the link, one of a higher epoch ends us. */
  received(node: NodeId, link: Link, frame: Frame): void {
    const state = this.#state;
    const peer = state.peers.get(node);
    if (peer === undefined || peer.link !== link) return;
    if (!sameRun(frame.run, state.options.run)) {
      return state.expel(peer, "it sent a frame of another run");
    }
    const order = compareEpochs(frame.epoch, state.options.epoch);
    if (order > 0) return state.compare(frame.epoch, peer.address);
    if (order < 0) return state.expel(peer, "it sent a frame of an old epoch");
    this.#care.hear(peer);
    const { body } = frame;
    switch (body.kind) {
      case "ack":
        return this.#acked(peer, body.next, body.heard);
      case "nak":
        return this.#nak(peer, body.next);
      case "ping":
        return this.#ping(peer, link, body.nonce);
      case "leave":
        return this.#leave(peer, body.reason);
      default:
        return state.expel(peer, `it sent a ${body.kind} frame`);
    }
  }

  #acked(peer: Peer, next: number, heard: number): void {
    const state = this.#state;
    if (next > state.window.next || heard > state.now) {
      return state.expel(peer, "it acked what was never sent");
    }
    peer.flow.ack(next);
    peer.acks = true;
    peer.lease = Math.max(peer.lease, heard);
    this.#care.hear(peer);
    state.feeder.pump(peer);
  }

  #nak(peer: Peer, next: number): void {
    const state = this.#state;
    if (next > state.window.next) {
      return state.expel(peer, "it asked for what was never sent");
    }
    peer.flow.nak(next, state.now, state.options.heartbeatMs / 4);
    state.feeder.pump(peer);
  }

  /** Only members are answered: a pong says "you were never removed, or your log says so". */
  #ping(peer: Peer, link: Link, nonce: number): void {
    const state = this.#state;
    if (state.membership.find(peer.node) === undefined) return;
    const frame = { kind: "pong", nonce } as const;
    state.out.push({ kind: "send", peer: peer.node, link, frame });
  }

  #leave(peer: Peer, reason: string): void {
    const state = this.#state;
    state.drop(peer, "it left");
    const member = state.membership.find(peer.node);
    if (member === undefined) state.forget(peer);
    else state.remove(peer.node, reason);
  }
}
