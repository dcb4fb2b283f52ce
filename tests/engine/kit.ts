/**
 * Hands for driving one engine by hand: events are short calls, actions are read by what they mean.
 *
 * @module
 */
import { Backup } from "../../src/engine/backup.ts";
import {
  type Batch,
  controlBatch,
  controlsOf,
} from "../../src/engine/batch.ts";
import type { Epoch } from "../../src/engine/epoch.ts";
import type {
  BackupAction,
  BackupEvent,
  MemberAnswer,
  PeerAnswer,
  PrimaryAction,
  PrimaryEvent,
  PrimaryOptions,
} from "../../src/engine/events.ts";
import type { Body, Frame } from "../../src/engine/frame.ts";
import { encodeControl, type Member } from "../../src/engine/membership.ts";
import { Control } from "../../src/engine/message.ts";
import { Primary } from "../../src/engine/primary.ts";

/** The run of all tests. */
export const RUN = { low: 1, high: 2 };
/** Another run. */
export const OTHER_RUN = { low: 3, high: 4 };
/** The epoch of the primary, node 1. */
export const EPOCH: Epoch = { number: 1, node: 1 };
/** Time-out of all tests, in ms. */
export const TIMEOUT = 500;
/** Interval of heartbeats, in ms. */
export const HEARTBEAT = 100;

/** `count` messages of a guest. */
export function batch(first: number, count: number, dataSize = 8): Batch {
  const pieces = Array.from(
    { length: count },
    (_, i) => controlBatch(300, first + i, new Uint8Array(dataSize)).bytes,
  );
  const size = pieces.reduce((sum, { byteLength }) => sum + byteLength, 0);
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.byteLength;
  }
  return { first, count, bytes };
}

/** A frame as it comes in. */
export function frame(body: Body, epoch = EPOCH, run = RUN): Frame {
  return { run, epoch, clocks: undefined, body };
}

type Given<T> = T extends unknown ? Omit<T, "now"> : never;

/** A primary in hand. Node ids are also its peers' ports; link ids count up. */
export class PrimaryHand {
  readonly engine: Primary;
  now = 1000;
  actions: PrimaryAction[] = [];
  readonly links = new Map<number, number>();
  #links = 0;

  constructor(options: Partial<PrimaryOptions> = {}) {
    this.engine = new Primary({
      self: 1,
      run: RUN,
      epoch: EPOCH,
      heartbeatMs: HEARTBEAT,
      timeoutMs: TIMEOUT,
      output: "commit",
      degraded: "run",
      next: 0,
      lateJoin: true,
      now: this.now,
      ...options,
    });
  }

  /** Gives an event at the present time; the actions are kept in `actions`. */
  on(event: Given<PrimaryEvent>): PrimaryAction[] {
    const whole = { ...event, now: this.now } as PrimaryEvent;
    return this.actions = this.engine.on(whole);
  }

  /** The guest makes messages. */
  append(count: number): PrimaryAction[] {
    return this.on({ kind: "append", batch: batch(this.engine.next, count) });
  }

  /** A peer's handshake is good. */
  connect(peer: number, next = 0, epoch: Epoch | undefined = undefined) {
    const link = ++this.#links;
    this.links.set(peer, link);
    const address = `host:${peer}`;
    return this.on({ kind: "connected", peer, link, address, next, epoch });
  }

  /** A peer's frame comes in. */
  receive(peer: number, body: Body, epoch = EPOCH, run = RUN): PrimaryAction[] {
    const link = this.links.get(peer) ?? 0;
    return this.on({
      kind: "received",
      peer,
      link,
      frame: frame(body, epoch, run),
    });
  }

  /** A peer acks up to `next` and has heard the heartbeat of this moment. */
  ack(peer: number, next = this.engine.next): PrimaryAction[] {
    const heard = Math.floor(this.now);
    return this.receive(peer, { kind: "ack", next, heard });
  }

  /** A peer's link breaks. */
  disconnect(peer: number): PrimaryAction[] {
    const link = this.links.get(peer) ?? 0;
    return this.on({ kind: "disconnected", peer, link });
  }

  /** The newest question about a peer is answered. */
  answer(peer: number, answer: PeerAnswer): PrimaryAction[] {
    return this.on({
      kind: "probed",
      peer,
      id: this.#ids.get(peer) ?? -1,
      answer,
    });
  }

  readonly #ids = new Map<number, number>();

  /** Peers asked in the last actions; their questions can be answered from then on. */
  asked(): number[] {
    return this.actions.flatMap((action) => {
      if (action.kind !== "probe") return [];
      this.#ids.set(action.peer, action.id);
      return [action.peer];
    });
  }

  /** Time passes in steps of a tick; `alive` members ack all they have each time. Gives all actions. */
  pass(ms: number, alive: readonly number[] = []): PrimaryAction[] {
    const all: PrimaryAction[] = [];
    for (const end = this.now + ms; this.now < end;) {
      this.now = Math.min(end, this.now + HEARTBEAT / 2);
      all.push(...this.on({ kind: "tick" }));
      for (const peer of alive) all.push(...this.ack(peer));
    }
    this.actions = all;
    return all;
  }

  /** A primary with message 0 and these members, who hold everything. */
  static withMembers(
    members: readonly number[],
    options: Partial<PrimaryOptions> = {},
  ): PrimaryHand {
    const hand = new PrimaryHand(options);
    hand.append(1);
    for (const member of members) {
      hand.connect(member);
      hand.ack(member);
    }
    for (const member of members) hand.ack(member);
    return hand;
  }

  /** What was released so far. */
  get releasable(): number {
    return this.engine.status().releasable;
  }

  /** Ids of the members. */
  get members(): readonly number[] {
    return this.engine.answer().members;
  }
}

/** The actions of one kind. */
export function only<A extends { kind: string }, K extends A["kind"]>(
  actions: readonly A[],
  kind: K,
): Extract<A, { kind: K }>[] {
  return actions.filter((action) => action.kind === kind) as Extract<
    A,
    { kind: K }
  >[];
}

/** The bodies of one kind that were sent. */
export function sent<K extends Body["kind"]>(
  actions: readonly (PrimaryAction | BackupAction)[],
  kind: K,
): (Body & { kind: K })[] {
  return only(actions, "send").map(({ frame }) => frame)
    .filter((body) => body.kind === kind) as (Body & { kind: K })[];
}

/** Kinds of the notes among actions. */
export function notes(
  actions: readonly (PrimaryAction | BackupAction)[],
): string[] {
  return only(actions, "note").map(({ note }) => note.kind);
}

/** Control messages stored by a primary: method and node. */
export function controls(actions: readonly PrimaryAction[]) {
  return only(actions, "store").flatMap(({ batch }) => controlsOf(batch))
    .map(({ method }) => method);
}

/** A memberJoined or memberRemoved as it comes to a backup. */
export function joined(seq: number, member: Member): Batch {
  return controlBatch(Control.memberJoined, seq, encodeControl(member));
}

/** The message that removes a member. */
export function removed(seq: number, node: number): Batch {
  const data = encodeControl({ node, reason: "a test" });
  return controlBatch(Control.memberRemoved, seq, data);
}

/** A backup in hand: node 2, whose primary is node 1 at `host:1`. */
export class BackupHand {
  readonly engine: Backup;
  now = 5000;
  actions: BackupAction[] = [];
  link = 0;

  constructor() {
    this.engine = new Backup({
      self: 2,
      heartbeatMs: HEARTBEAT,
      timeoutMs: TIMEOUT,
      next: 0,
      now: this.now,
    });
  }

  /** Gives an event at the present time. */
  on(event: Given<BackupEvent>): BackupAction[] {
    const whole = { ...event, now: this.now } as BackupEvent;
    return this.actions = this.engine.on(whole);
  }

  /** The primary welcomes us. */
  connect(epoch = EPOCH, run = RUN): BackupAction[] {
    const link = ++this.link;
    return this.on({ kind: "connected", link, epoch, run, address: "host:1" });
  }

  /** A frame comes in. */
  receive(body: Body, epoch = EPOCH, run = RUN): BackupAction[] {
    return this.on({
      kind: "received",
      link: this.link,
      frame: frame(body, epoch, run),
    });
  }

  /** A batch comes in. */
  data(batch: Batch): BackupAction[] {
    return this.receive({ kind: "data", batch, released: 0 });
  }

  /** A heartbeat comes in that says everything was sent. */
  heartbeat(next = this.engine.next): BackupAction[] {
    const sent = Math.floor(this.now);
    return this.receive({
      kind: "heartbeat",
      next,
      end: next,
      released: 0,
      sent,
    });
  }

  /** An attempt to connect fails. */
  fail(kind: "refused" | "silent" | "foreign"): BackupAction[] {
    return this.on({ kind: "connectFailed", how: { kind } });
  }

  readonly #ids = new Map<number, number>();

  /** Members asked in the last actions; their questions can be answered from then on. */
  asked(): number[] {
    return this.actions.flatMap((action) => {
      if (action.kind !== "probe") return [];
      this.#ids.set(action.node, action.id);
      return [action.node];
    });
  }

  /** The newest question about a member is answered. */
  answer(node: number, answer: MemberAnswer): BackupAction[] {
    return this.on({
      kind: "probed",
      node,
      id: this.#ids.get(node) ?? -1,
      answer,
    });
  }

  /** Time passes in ticks, with or without heartbeats of the primary. */
  pass(ms: number, heartbeats = false): BackupAction[] {
    const all: BackupAction[] = [];
    for (const end = this.now + ms; this.now < end;) {
      this.now = Math.min(end, this.now + HEARTBEAT / 2);
      all.push(...this.on({ kind: "tick" }));
      if (heartbeats) all.push(...this.heartbeat());
    }
    this.actions = all;
    return all;
  }

  /** A backup in sync; the members are nodes in join order, itself (2) among them. */
  static inSync(members: readonly number[] = [2]): BackupHand {
    const hand = new BackupHand();
    hand.connect();
    hand.data(batch(0, 1));
    members.forEach((node, order) => {
      hand.data(joined(order + 1, { node, address: `host:${node}`, order }));
    });
    return hand;
  }
}
