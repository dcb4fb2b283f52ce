/**
 * What a primary does about nodes that fall silent, and about its own freezes (rules 3 and 4).
 *
 * @module
 */
import { assert } from "../bytes/assert.ts";
import type { NodeId } from "./epoch.ts";
import type { PeerAnswer } from "./events.ts";
import type { Peer } from "./peers.ts";
import type { PrimaryState } from "./state.ts";
import { verdictOf, type Why } from "./watch.ts";

/** A joiner that is silent for so many time-outs is dropped: it may not hold what is sent to it for ever. */
const JOINER_TIMEOUTS = 10;

/** Asks nodes, and draws the consequences. */
export class Care {
  readonly #state: PrimaryState;
  #frozen = false;
  #tookOver: boolean;

  constructor(state: PrimaryState) {
    this.#state = state;
    const { former, now, timeoutMs } = state.options;
    this.#tookOver = former !== undefined;
    for (const { node, address, mayTakeOver } of former ?? []) {
      state.watch.lose(node, address, mayTakeOver, now + 2 * timeoutMs);
    }
  }

  /**
   * Sees time pass; a gap over half the time-out means that we were frozen and may have been replaced. After a takeover
   * the nodes that could do the same are told first of all.
   */
  pass(now: number): void {
    const state = this.#state;
    const gap = now - state.now;
    state.now = Math.max(now, state.now);
    if (gap > state.options.timeoutMs / 2) this.#thaw(gap);
    else if (this.#tookOver) this.#askDangerous("takeover");
    this.#tookOver = false;
  }

  #thaw(ms: number): void {
    const state = this.#state;
    this.#frozen = true;
    state.note({ kind: "frozen", ms });
    for (const { node, address } of state.membership.members) {
      const peer = state.peers.get(node);
      if (peer !== undefined) peer.heardAt = state.now;
      this.#ask(node, address, "frozen");
    }
    this.#askDangerous("frozen");
  }

  #askDangerous(why: Why): void {
    const { watch, now, options } = this.#state;
    for (const lost of watch.lostToAsk(now, 2 * options.timeoutMs, true)) {
      this.#ask(lost.node, lost.address, why);
    }
  }

  /** Says so when the last question about a freeze is answered. */
  settle(): void {
    if (!this.#frozen || this.#state.watch.thawing) return;
    this.#frozen = false;
    this.#state.note({ kind: "thawed" });
  }

  #ask(node: NodeId, address: string, why: Why): void {
    const id = this.#state.watch.ask(node, why, this.#state.now);
    this.#state.out.push({ kind: "probe", peer: node, address, id });
  }

  /** Asks a member that is not heard, unless it is asked already. */
  suspect(peer: Peer, why: "disconnected" | "silent"): void {
    const { node, address } = peer;
    if (this.#state.watch.of(node).kind === "asked") return;
    this.#state.note({ kind: "suspected", peer: node, address, why });
    this.#ask(node, address, why);
  }

  /** A sign of life over the link ends waiting; but what came in after a freeze may be from before it. */
  hear(peer: Peer): void {
    peer.heardAt = this.#state.now;
    const standing = this.#state.watch.of(peer.node);
    const fresh = standing.kind === "asked" && standing.why === "frozen"
      ? peer.lease >= standing.at
      : true;
    if (fresh) this.#state.watch.calm(peer.node);
  }

  /** Looks after everybody. */
  tick(): void {
    const { watch, membership, now, options } = this.#state;
    for (const { node } of membership.members) {
      if (!this.#state.done) this.#check(node);
    }
    if (this.#state.done) return;
    this.#dropSilentJoiners();
    for (const lost of watch.lostToAsk(now, 2 * options.timeoutMs, false)) {
      this.#ask(lost.node, lost.address, "lost");
    }
  }

  #dropSilentJoiners(): void {
    const { peers, membership, now, options } = this.#state;
    const limit = JOINER_TIMEOUTS * options.timeoutMs;
    for (const peer of peers.values()) {
      const joiner = membership.find(peer.node) === undefined;
      if (joiner && now - peer.heardAt > limit) {
        this.#state.expel(peer, "it was silent");
      }
    }
  }

  #check(node: NodeId): void {
    const state = this.#state;
    const peer = state.peers.get(node);
    assert(peer !== undefined, "a member is no peer");
    const standing = state.watch.of(node);
    const silent = state.now - peer.heardAt > state.options.timeoutMs;
    if (standing.kind === "awaited" && state.now > standing.until) {
      this.#lose(node, "it lives but did not come back");
    } else if (standing.kind === "calm" && silent) {
      this.suspect(peer, "silent");
    }
  }

  /** Takes the answer to a question; one to a question that is void counts only when it names a higher epoch. */
  answered(node: NodeId, id: number, answer: PeerAnswer): void {
    const state = this.#state;
    if (answer.kind === "higher") {
      return state.compare(answer.epoch, answer.address);
    }
    const asked = state.watch.asked(node, id);
    if (asked === undefined) return;
    state.watch.calm(node);
    const frozen = asked.why === "frozen";
    const peer = state.peers.get(node);
    const member = state.membership.find(node);
    if (member === undefined || peer === undefined) {
      return this.#answeredLost(node, asked.why, answer.kind);
    }
    const heardAt = frozen ? peer.lease : peer.heardAt;
    const verdict = verdictOf(answer, asked.at, peer.linkedAt, heardAt);
    if (verdict === "gone") {
      if (frozen) this.#mayStop(node);
      if (!state.done) state.remove(node, "its process is gone");
    } else if (verdict === "unreachable") {
      this.#lose(node, "it gives no answer");
    } else if (peer.link === undefined || asked.why === "silent") {
      state.watch.await(node, state.now + state.options.timeoutMs);
    }
  }

  /** A node that is no member answered, and knows our epoch now; it is unknown what a frozen primary missed. */
  #answeredLost(
    node: NodeId,
    why: Why,
    answer: "same" | "refused" | "silent",
  ): void {
    const { watch } = this.#state;
    if (answer === "same") return watch.tame(node);
    if (answer === "refused") watch.find(node);
    const unknown = why === "frozen" ||
      (why === "takeover" && answer === "silent");
    if (unknown) this.#mayStop(node);
  }

  /** Goes on without a member that may live and not know, or stops, as `degraded` says. */
  #lose(node: NodeId, reason: string): void {
    const state = this.#state;
    const address = state.membership.find(node)?.address ?? "";
    this.#mayStop(node);
    if (state.done) return;
    state.remove(node, reason);
    const askAt = state.now + 2 * state.options.timeoutMs;
    state.watch.lose(node, address, false, askAt);
  }

  /** With `--degraded stop`, what can't be known ends the primary. */
  #mayStop(peer: NodeId): void {
    if (this.#state.options.degraded !== "stop") return;
    const address = this.#state.membership.find(peer)?.address ?? "";
    this.#state.stop({ kind: "degraded", peer, address });
  }
}
