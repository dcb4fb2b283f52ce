/**
 * Whom a primary asks for a sign of life, and what it waits for (rules 3 and 4).
 *
 * @module
 */
import type { PeerAnswer } from "./events.ts";
import type { NodeId } from "./epoch.ts";

/**
 * Why a node is asked: a member's link broke or it is silent, we were frozen, or we took over and it is to know. `lost`
 * questions are routine: nothing waits for them.
 */
export type Why = "disconnected" | "silent" | "frozen" | "takeover" | "lost";

/** How a node stands: nothing open, asked and not answered, or alive but not back on a link. */
export type Standing =
  | { readonly kind: "calm" }
  | {
    readonly kind: "asked";
    readonly id: number;
    readonly at: number;
    readonly why: Why;
  }
  | { readonly kind: "awaited"; readonly until: number };

/** A node that is no member but may know of a higher epoch. */
interface Lost {
  readonly address: string;
  /** Nothing leaves after a freeze or a takeover until it was asked. */
  mayTakeOver: boolean;
  askAt: number;
}

/** More lost nodes than this are not remembered. */
const LOST_MAX = 64;
const CALM: Standing = { kind: "calm" };

/** Standings of all nodes a primary cares for. */
export class Watch {
  readonly #standings = new Map<NodeId, Standing>();
  readonly #lost = new Map<NodeId, Lost>();
  #ids = 0;

  /** A question is open that releases must wait for. */
  get blocked(): boolean {
    for (const standing of this.#standings.values()) {
      if (standing.kind === "asked" && standing.why !== "lost") return true;
    }
    return false;
  }

  /** A question about a freeze is open. */
  get thawing(): boolean {
    for (const standing of this.#standings.values()) {
      if (standing.kind === "asked" && standing.why === "frozen") return true;
    }
    return false;
  }

  /** How a node stands. */
  of(node: NodeId): Standing {
    return this.#standings.get(node) ?? CALM;
  }

  /** Opens a question; gives its id. An earlier one about the node is void. */
  ask(node: NodeId, why: Why, now: number): number {
    const id = ++this.#ids;
    this.#standings.set(node, { kind: "asked", id, at: now, why });
    return id;
  }

  /** Waits for a node that is known to live. */
  await(node: NodeId, until: number): void {
    this.#standings.set(node, { kind: "awaited", until });
  }

  /** Nothing is open about the node. */
  calm(node: NodeId): void {
    this.#standings.delete(node);
  }

  /** The question that an answer belongs to; `undefined` when it is void. */
  asked(
    node: NodeId,
    id: number,
  ): Extract<Standing, { kind: "asked" }> | undefined {
    const standing = this.#standings.get(node);
    return standing?.kind === "asked" && standing.id === id
      ? standing
      : undefined;
  }

  /** Remembers a node that could know of a higher epoch; it is asked from `askAt` on. */
  lose(
    node: NodeId,
    address: string,
    mayTakeOver: boolean,
    askAt: number,
  ): void {
    if (this.#lost.size < LOST_MAX) {
      this.#lost.set(node, { address, mayTakeOver, askAt });
    }
  }

  /** The node is no longer lost: it came back, or its process is gone. */
  find(node: NodeId): void {
    if (this.#lost.delete(node)) this.calm(node);
  }

  /** The node knows of our epoch: it will never take over. */
  tame(node: NodeId): void {
    const lost = this.#lost.get(node);
    if (lost !== undefined) lost.mayTakeOver = false;
  }

  /** Lost nodes to ask now: those that are due, or those that may take over. */
  lostToAsk(
    now: number,
    pauseMs: number,
    dangerous: boolean,
  ): { node: NodeId; address: string }[] {
    const due: { node: NodeId; address: string }[] = [];
    for (const [node, lost] of this.#lost) {
      const calm = this.of(node).kind === "calm";
      if (dangerous ? lost.mayTakeOver : calm && now >= lost.askAt) {
        lost.askAt = now + pauseMs;
        due.push({ node, address: lost.address });
      }
    }
    return due;
  }
}

/** What follows from an answer about a member, besides `higher`. */
export type Verdict = "alive" | "gone" | "unreachable";

/**
 * Reads an answer about a member.
 *
 * @param linkedAt when its present link came up; a link younger than the question outweighs "refused".
 * @param heardAt when it was last heard (after a freeze: when the frame that it last confirmed was sent).
 */
export function verdictOf(
  answer: Exclude<PeerAnswer, { kind: "higher" }>,
  askedAt: number,
  linkedAt: number,
  heardAt: number,
): Verdict {
  if (answer.kind === "same") return "alive";
  if (answer.kind === "refused") return linkedAt > askedAt ? "alive" : "gone";
  return heardAt > askedAt ? "alive" : "unreachable";
}
