/**
 * Who is in sync: a function of the log, so that every node that holds the same log names the same members (rule 1).
 *
 * @module
 */
import { encode } from "cbor-x";
import type { ControlMessage } from "./batch.ts";
import type { Epoch, NodeId } from "./epoch.ts";
import { decodeValue } from "./frame.ts";
import { Control } from "./message.ts";

/** A backup in sync. `order` counts the joins of an epoch from 0 and is never given twice in it. */
export interface Member {
  readonly node: NodeId;
  /** Where it answers probes: HOST:PORT. */
  readonly address: string;
  readonly order: number;
}

/** A node that a new primary knows from before its takeover. */
export interface Former {
  readonly node: NodeId;
  readonly address: string;
  /** It answered before the takeover: nothing leaves until it knows of the new epoch, so that it never takes over. */
  readonly mayTakeOver: boolean;
}

/** DATA of memberRemoved. */
export interface Removal {
  readonly node: NodeId;
  readonly reason: string;
}

/** What the engine needs of DATA of TAKEOVER; the driver adds what is its own. */
export interface TakeoverData {
  readonly epoch: Epoch;
}

/** DATA of memberJoined, memberRemoved and TAKEOVER (CBOR). */
export function encodeControl(
  value: Member | Removal | TakeoverData,
): Uint8Array {
  return new Uint8Array(encode(value));
}

/** The reverse of {@linkcode encodeControl}; `undefined` for bytes that are no CBOR. */
export function decodeControl<T>(data: Uint8Array): T | undefined {
  return decodeValue(data)?.value as T ?? undefined;
}

/** The members that a log names, in join order. Feed it every control message of the log in order. */
export class Membership {
  #members: readonly Member[] = [];
  readonly #joinedAt = new Map<NodeId, number>();
  #joins = 0;
  #removedAt = -1;
  #ended: boolean;

  /** @param ended PROCESS_EXIT is in the log before what is fed here */
  constructor(ended = false) {
    this.#ended = ended;
  }

  /** In join order. */
  get members(): readonly Member[] {
    return this.#members;
  }

  /** `order` of the next member of this epoch. */
  get joins(): number {
    return this.#joins;
  }

  /** Number of the last memberRemoved of this epoch; -1 when there is none. */
  get removedAt(): number {
    return this.#removedAt;
  }

  /** PROCESS_EXIT was seen. */
  get ended(): boolean {
    return this.#ended;
  }

  /** The member with this id, if it is one. */
  find(node: NodeId): Member | undefined {
    return this.#members.find((member) => member.node === node);
  }

  /** Number of a member's memberJoined; -1 when it is none. */
  joinedAt(node: NodeId): number {
    return this.#joinedAt.get(node) ?? -1;
  }

  /** Applies one message; methods that concern nobody's membership change nothing. */
  apply(message: ControlMessage): void {
    switch (message.method) {
      case Control.memberJoined: {
        const member = decodeControl<Member>(message.data);
        if (member === undefined) return;
        this.#remove(member.node);
        this.#members = [...this.#members, member];
        this.#joinedAt.set(member.node, message.seq);
        this.#joins = member.order + 1;
        return;
      }
      case Control.memberRemoved: {
        const removal = decodeControl<Removal>(message.data);
        if (removal !== undefined) this.#remove(removal.node);
        this.#removedAt = message.seq;
        return;
      }
      case Control.takeover:
        this.#members = [];
        this.#joinedAt.clear();
        this.#joins = 0;
        this.#removedAt = -1;
        return;
      case Control.processExit:
        this.#ended = true;
        return;
    }
  }

  #remove(node: NodeId): void {
    this.#joinedAt.delete(node);
    this.#members = this.#members.filter((member) => member.node !== node);
  }
}
