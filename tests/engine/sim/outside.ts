/**
 * The world outside the cluster, and the checkers: it sees every output and holds every rule.
 *
 * @module
 */
import { type Batch, controlsOf } from "../../../src/engine/batch.ts";
import type { Epoch } from "../../../src/engine/epoch.ts";
import { compareEpochs } from "../../../src/engine/epoch.ts";
import { Membership } from "../../../src/engine/membership.ts";
import { type Content, contentsOf, OUTPUT } from "./guest.ts";
import { Breach } from "./world.ts";

/** What the checkers know of a node. */
export interface Holder {
  readonly id: number;
  readonly name: string;
  /** What its disk and its guest have, from number 0. */
  readonly log: Content[];
}

/** The log of one epoch, as its primary made it. */
interface Branch {
  readonly epoch: Epoch;
  readonly log: Content[];
  readonly membership: Membership;
  readonly primary: Holder;
  /** Outputs that left in this epoch. */
  readonly left: Set<number>;
}

/** Which rules hold in a scenario. */
export interface Rules {
  /** No scenario in which two sides can't know: one releasing node, nothing lost. */
  readonly decidable: boolean;
  /** Outputs wait for acks. */
  readonly commit: boolean;
}

/** Records outputs and logs; throws a {@linkcode Breach} when a rule does not hold. */
export class Outside {
  readonly #rules: Rules;
  readonly #holders: Map<number, Holder>;
  readonly #branches: Branch[] = [];
  readonly #outputs = new Map<number, number>();

  constructor(rules: Rules, holders: Map<number, Holder>) {
    this.#rules = rules;
    this.#holders = holders;
  }

  /** Outputs seen, by number. */
  get outputs(): ReadonlyMap<number, number> {
    return this.#outputs;
  }

  /** A node goes live with what it holds. One that slept over its takeover may do so in an old epoch, but release nothing. */
  began(primary: Holder, epoch: Epoch): void {
    const last = this.#newest();
    const raised = last === undefined || compareEpochs(epoch, last.epoch) > 0;
    if (this.#rules.decidable && raised) this.#survives(primary);
    const branch = {
      epoch,
      log: [...primary.log],
      membership: new Membership(),
      primary,
      left: new Set<number>(),
    };
    this.#branches.push(branch);
  }

  #newest(): Branch | undefined {
    let newest: Branch | undefined;
    for (const branch of this.#branches) {
      const newer = newest === undefined ||
        compareEpochs(branch.epoch, newest.epoch) > 0;
      if (newer) newest = branch;
    }
    return newest;
  }

  #survives(survivor: Holder): void {
    if (!this.#rules.commit) return;
    for (const [seq, value] of this.#outputs) {
      const content = survivor.log[seq];
      if (content?.method !== OUTPUT || content.value !== value) {
        throw new Breach(`${survivor.name} goes live without output ${seq}`);
      }
    }
  }

  #branch(epoch: Epoch): Branch {
    const found = this.#branches.find((branch) =>
      compareEpochs(branch.epoch, epoch) === 0
    );
    if (found === undefined) throw new Breach("an epoch that nobody raised");
    return found;
  }

  /** A primary stores what it made. */
  made(primary: Holder, epoch: Epoch, batch: Batch): void {
    const branch = this.#branch(epoch);
    if (batch.first !== branch.log.length) {
      throw new Breach(`${primary.name} made ${batch.first} out of order`);
    }
    branch.log.push(...contentsOf(batch));
    for (const message of controlsOf(batch)) branch.membership.apply(message);
  }

  /** A backup stores what it got: it must be what the primary of its epoch made, in order and once. */
  stored(holder: Holder, epoch: Epoch, batch: Batch): void {
    if (batch.first !== holder.log.length) {
      throw new Breach(
        `${holder.name} stores ${batch.first} at ${holder.log.length}`,
      );
    }
    const made = this.#branch(epoch).log;
    contentsOf(batch).forEach((content, i) => {
      const origin = made[batch.first + i];
      if (
        origin?.method !== content.method || origin.value !== content.value
      ) {
        throw new Breach(`${holder.name} holds another ${batch.first + i}`);
      }
    });
  }

  /** An output leaves a node. */
  output(node: Holder, epoch: Epoch, seq: number, content: Content): void {
    const branch = this.#branch(epoch);
    if (branch.left.has(seq)) {
      throw new Breach(`${node.name} releases output ${seq} twice`);
    }
    branch.left.add(seq);
    this.#holdersHave(node, branch, seq);
    const before = this.#outputs.get(seq);
    if (this.#rules.decidable) {
      const newest = this.#newest();
      if (newest !== branch) {
        throw new Breach(
          `${node.name} releases ${seq} after ${newest?.primary.name} went live`,
        );
      }
      const changed = before !== undefined && before !== content.value;
      if (this.#rules.commit && changed) {
        throw new Breach(`output ${seq} leaves with another content`);
      }
    }
    this.#outputs.set(seq, content.value);
  }

  #holdersHave(node: Holder, branch: Branch, seq: number): void {
    if (!this.#rules.commit) return;
    for (const member of branch.membership.members) {
      const holder = this.#holders.get(member.node);
      const joinedAt = branch.membership.joinedAt(member.node);
      const inSync = (holder?.log.length ?? 0) > joinedAt;
      if (seq < joinedAt && !inSync) continue;
      if (holder === undefined || holder.log.length <= seq) {
        throw new Breach(
          `${node.name} releases ${seq} before ${holder?.name} holds it`,
        );
      }
    }
  }

  /** At the end: every output below `left` of the last primary was seen. */
  complete(primary: Holder, left: number): void {
    for (let seq = 0; seq < left; seq++) {
      const isOutput = primary.log[seq]?.method === OUTPUT;
      if (isOutput && !this.#outputs.has(seq)) {
        throw new Breach(`output ${seq} of ${primary.name} never left`);
      }
    }
  }
}
