/**
 * Asking the other members before a takeover: who is to be primary (rules 1, 3 and 4).
 *
 * @module
 */
import { compareEpochs, type Epoch, type NodeId } from "./epoch.ts";
import type {
  DeathCause,
  LeaveReason,
  MemberAnswer,
  Status,
  TakeOver,
} from "./events.ts";
import type { Holding } from "./holding.ts";
import type { Former, Member } from "./membership.ts";

/** What follows from an answer: wait for the rest, end, or the primary lives. */
export type Finding =
  | { readonly kind: "wait" }
  | { readonly kind: "leave"; readonly reason: LeaveReason }
  | { readonly kind: "alive"; readonly heardMs: number };

/**
 * The epoch that a member raises at its takeover.
 *
 * It grows with the join order: a member takes over only when those before it are gone or silent, so its epoch is above
 * every epoch that one of them, thawing later, can have raised from the same log.
 */
export function raisedEpoch(epoch: Epoch, self: Member): Epoch {
  return { number: epoch.number + 1 + self.order, node: self.node };
}

/** What a member knows of itself when its primary is dead. */
export interface Heir {
  readonly member: Member;
  /** Number of its memberJoined. */
  readonly joinedAt: number;
  readonly epoch: Epoch;
}

/** One round of questions about a dead primary. */
export class Succession {
  readonly why: DeathCause;
  readonly #self: Heir;
  readonly #timeoutMs: number;
  readonly #open = new Map<NodeId, { member: Member; id: number }>();
  readonly #former: Former[] = [];
  #heir: Member | undefined;

  /** @param asked the other members, each with the id of its probe */
  constructor(
    why: DeathCause,
    self: Heir,
    timeoutMs: number,
    asked: readonly { member: Member; id: number }[],
  ) {
    this.why = why;
    this.#self = self;
    this.#timeoutMs = timeoutMs;
    for (const question of asked) {
      this.#open.set(question.member.node, question);
    }
  }

  /** Every member has answered or given no answer. */
  get settled(): boolean {
    return this.#open.size === 0;
  }

  /** The first member in join order, of those before us, that lives: it takes over. */
  get heir(): Member | undefined {
    return this.#heir;
  }

  /** Members that were not refused. */
  get former(): readonly Former[] {
    return this.#former;
  }

  /** Takes an answer; answers to older rounds are void. */
  answered(node: NodeId, id: number, answer: MemberAnswer): Finding {
    const question = this.#open.get(node);
    if (question === undefined || question.id !== id) return { kind: "wait" };
    this.#open.delete(node);
    const { address } = question.member;
    if (answer.kind === "refused") return { kind: "wait" };
    if (answer.kind === "silent") {
      this.#former.push({ node, address, mayTakeOver: false });
      return { kind: "wait" };
    }
    return this.#read(question.member, answer.status);
  }

  #read(member: Member, status: Status): Finding {
    const { node, address, order } = member;
    const { role, epoch, members, next, heardMs } = status;
    const self = this.#self;
    const higher = epoch !== undefined && compareEpochs(epoch, self.epoch) > 0;
    const superseded = { kind: "superseded", node, address } as const;
    if (higher || role === "primary") {
      return { kind: "leave", reason: superseded };
    }
    if (next > self.joinedAt && !members.includes(self.member.node)) {
      return { kind: "leave", reason: { kind: "removed", node } };
    }
    if (this.why === "silent" && heardMs <= this.#timeoutMs / 2) {
      return { kind: "alive", heardMs };
    }
    const inSync = members.includes(node);
    if (inSync && order < self.member.order) {
      if (order < (this.#heir?.order ?? Infinity)) this.#heir = member;
      return { kind: "wait" };
    }
    this.#former.push({ node, address, mayTakeOver: true });
    return { kind: "wait" };
  }
}

/** The decision to take over from `old` in `epoch`, after a settled round. */
export function takeOver(
  { why, former }: Succession,
  { membership, next, released }: Holding,
  old: { readonly node: NodeId; readonly address: string },
  epoch: Epoch,
  now: number,
): TakeOver {
  const silent = why === "silent";
  return {
    kind: "takeOver",
    epoch,
    next,
    left: released,
    former: silent ? [...former, { ...old, mayTakeOver: false }] : former,
    members: membership.members.filter(({ node }) => node !== epoch.node),
    at: now,
    ended: membership.ended,
    why,
  };
}
