/**
 * The backup: holds the log, and finds out when it is to take over.
 *
 * @module
 */
import { assert, unreachable } from "../bytes/assert.ts";
import type { Batch } from "./batch.ts";
import {
  compareEpochs,
  type Epoch,
  type NodeId,
  type RunTag,
  sameRun,
} from "./epoch.ts";
import type {
  BackupAction,
  BackupEvent,
  BackupNote,
  BackupOptions,
  ConnectFailure,
  DeathCause,
  LeaveReason,
  Link,
  MemberAnswer,
  Status,
} from "./events.ts";
import type { Body, Frame } from "./frame.ts";
import { Holding } from "./holding.ts";
import type { Member } from "./membership.ts";
import { raisedEpoch, Succession, takeOver } from "./succession.ts";

/** A snapshot for status lines. */
export interface BackupStatus {
  readonly epoch: Epoch | undefined;
  readonly address: string;
  readonly linked: boolean;
  readonly inSync: boolean;
  /** The primary has confirmed that we are a member since our last freeze. */
  readonly confirmed: boolean;
  readonly next: number;
  /** End of the primary's log, as far as it told. */
  readonly end: number;
  readonly released: number;
  readonly members: readonly Member[];
}

/** Events in, actions out; see events.ts for both. */
export class Backup {
  readonly #options: BackupOptions;
  readonly #holding: Holding;
  #out: BackupAction[] = [];
  #now: number;
  #done = false;

  #link: Link | undefined;
  #connecting = false;
  #connectAt = -Infinity;
  #waiting = false;
  #epoch: Epoch | undefined;
  #run: RunTag | undefined;
  #address = "";

  #heardAt: number;
  /** `sent` of the newest heartbeat. */
  #echo = 0;
  #ackAt = -Infinity;
  #askAt = -Infinity;
  #nakAt = -Infinity;
  #bye: number | undefined;

  #confirmed = true;
  #nonce = 0;
  #probes = 0;
  #succession: Succession | undefined;

  constructor(options: BackupOptions) {
    this.#options = options;
    this.#holding = new Holding(options.self, options.next);
    this.#now = options.now;
    this.#heardAt = options.now;
  }

  /** The first number it lacks. */
  get next(): number {
    return this.#holding.next;
  }

  /** The log it holds names it as a member. */
  get inSync(): boolean {
    return this.#holding.inSync;
  }

  /** What this node answers to a PROBE at `now`. */
  answer(now: number): Status {
    return {
      role: "backup",
      epoch: this.#epoch,
      members: this.#holding.membership.members.map(({ node }) => node),
      next: this.next,
      heardMs: now - this.#heardAt,
    };
  }

  /** A snapshot for status lines. */
  status(): BackupStatus {
    return {
      epoch: this.#epoch,
      address: this.#address,
      linked: this.#link !== undefined,
      inSync: this.inSync,
      confirmed: this.#confirmed,
      next: this.next,
      end: this.#holding.end,
      released: this.#holding.released,
      members: this.#holding.membership.members,
    };
  }

  /** Takes one event; the actions are to be performed in their order. After `takeOver` and `leave` there are none. */
  on(event: BackupEvent): BackupAction[] {
    if (this.#done) return [];
    this.#out = [];
    this.#pass(event.now);
    if (!this.#done) this.#handle(event);
    return this.#out;
  }

  #handle(event: BackupEvent): void {
    switch (event.kind) {
      case "connected":
        return this.#connected(event);
      case "connectFailed":
        return this.#connectFailed(event.how);
      case "disconnected":
        return this.#disconnected(event.link);
      case "received":
        return this.#received(event.link, event.frame);
      case "tick":
        return this.#tick();
      case "probed":
        return this.#probed(event.node, event.id, event.answer);
      case "heard":
        return this.#heard(event.node, event.epoch, event.address);
      default:
        return unreachable(event);
    }
  }

  #note(note: BackupNote): void {
    this.#out.push({ kind: "note", note });
  }

  #send(frame: Body): void {
    if (this.#link === undefined) return;
    this.#out.push({ kind: "send", link: this.#link, frame });
  }

  #leave(reason: LeaveReason): void {
    if (reason.kind !== "ended") {
      this.#send({ kind: "leave", reason: reason.kind });
    }
    this.#done = true;
    this.#out.push({ kind: "leave", reason });
  }

  #supersede(epoch: Epoch, address: string): void {
    this.#leave({ kind: "superseded", node: epoch.node, address });
  }

  #connect(): void {
    if (this.#connecting) return;
    this.#connecting = true;
    this.#connectAt = this.#now;
    this.#out.push({ kind: "connect" });
  }

  /** Sees time pass; after a gap we may have been removed, and the primary gets a fresh time-out. */
  #pass(now: number): void {
    const gap = now - this.#now;
    this.#now = Math.max(now, this.#now);
    if (gap <= this.#options.timeoutMs / 2) return;
    this.#confirmed = false;
    this.#nonce++;
    this.#note({ kind: "frozen", ms: gap });
    if (this.#succession !== undefined) return this.#unable();
    this.#heardAt = this.#now;
    this.#ask();
  }

  #unable(): void {
    if (this.#done) return;
    const why = "the primary died before it confirmed us after a freeze";
    this.#leave({ kind: "out of sync", why });
  }

  #ask(): void {
    this.#askAt = this.#now;
    if (!this.#confirmed) this.#send({ kind: "ping", nonce: this.#nonce });
  }

  #alive(): void {
    this.#heardAt = this.#now;
    if (this.#succession === undefined) return;
    this.#succession = undefined;
    this.#note({ kind: "primaryAlive" });
  }

  #connected(event: Extract<BackupEvent, { kind: "connected" }>): void {
    const { link, epoch, run, address } = event;
    this.#connecting = false;
    if (this.#run !== undefined && !sameRun(run, this.#run)) {
      return this.#died("foreign");
    }
    const order = this.#epoch === undefined
      ? 0
      : compareEpochs(epoch, this.#epoch);
    if (order > 0) return this.#supersede(epoch, address);
    if (order < 0) return;
    const resumed = this.#epoch !== undefined;
    this.#run = run;
    this.#epoch = epoch;
    this.#address = address;
    this.#link = link;
    this.#waiting = false;
    this.#alive();
    this.#note({ kind: "connected", address, resumed });
    this.#ack();
    this.#ask();
  }

  #connectFailed(how: ConnectFailure): void {
    this.#connecting = false;
    if (how.kind === "higher") {
      if (this.#epoch === undefined) return;
      return this.#supersede(how.epoch, how.address);
    }
    if (!this.#waiting) {
      this.#waiting = true;
      this.#note({ kind: "waiting", how: how.kind });
    }
    if (how.kind !== "silent") this.#died(how.kind);
  }

  #disconnected(link: Link): void {
    if (link !== this.#link) return;
    this.#link = undefined;
    this.#note({ kind: "disconnected" });
    if (this.#bye !== undefined) {
      const why = "the run ended before all of its log came";
      return this.#leave({ kind: "out of sync", why });
    }
    this.#connect();
  }

  #received(link: Link, frame: Frame): void {
    if (link !== this.#link || this.#epoch === undefined) return;
    if (this.#run === undefined || !sameRun(frame.run, this.#run)) return;
    const order = compareEpochs(frame.epoch, this.#epoch);
    if (order > 0) return this.#supersede(frame.epoch, "");
    if (order < 0) return;
    this.#alive();
    const { body } = frame;
    switch (body.kind) {
      case "data":
        this.#holding.release(body.released, this.#out);
        return this.#take(body.batch);
      case "heartbeat":
        this.#echo = Math.max(this.#echo, body.sent);
        this.#holding.end = Math.max(this.#holding.end, body.end);
        this.#holding.release(body.released, this.#out);
        this.#lack(body.next);
        return this.#ack();
      case "pong":
        if (body.nonce !== this.#nonce || this.#confirmed) return;
        this.#confirmed = true;
        return this.#note({ kind: "confirmed" });
      case "bye":
        this.#bye = body.next;
        this.#lack(body.next);
        return this.#mayEnd();
      case "leave":
        return this.#leave({ kind: "removed", node: this.#epoch.node });
      default:
        return;
    }
  }

  #take(batch: Batch): void {
    const before = this.inSync;
    this.#holding.take(batch, this.#out);
    if (this.inSync && !before) this.#ask();
    if (this.#holding.gap) this.#lack(batch.first);
    this.#ack();
    this.#mayEnd();
  }

  /** Asks again for what was sent and is not here. */
  #lack(sent: number): void {
    if (sent <= this.next) return;
    if (this.#now - this.#nakAt < this.#options.heartbeatMs / 4) return;
    this.#nakAt = this.#now;
    this.#send({ kind: "nak", next: this.next });
  }

  #ack(): void {
    this.#ackAt = this.#now;
    this.#send({ kind: "ack", next: this.next, heard: this.#echo });
  }

  #mayEnd(): void {
    if (this.#done || this.#bye === undefined || this.next < this.#bye) return;
    this.#leave({ kind: "ended", next: this.#bye });
  }

  #tick(): void {
    const { heartbeatMs, timeoutMs } = this.#options;
    const silentMs = this.#now - this.#heardAt;
    if (this.#now - this.#ackAt >= heartbeatMs) this.#ack();
    if (this.#now - this.#askAt >= heartbeatMs) this.#ask();
    if (this.#done || this.#succession !== undefined) return;
    if (silentMs > timeoutMs && this.inSync) return this.#died("silent");
    const lost = this.#link === undefined || silentMs > timeoutMs / 2;
    if (lost && this.#now - this.#connectAt >= heartbeatMs) this.#connect();
  }

  /** A PROBE came in: our own primary lives, a higher epoch supersedes us, and others say nothing. */
  #heard(node: NodeId, epoch: Epoch, address: string): void {
    if (this.#epoch === undefined) return;
    const order = compareEpochs(epoch, this.#epoch);
    if (order > 0) return this.#supersede(epoch, address);
    const primary = order === 0 && node === this.#epoch.node;
    if (primary && this.#succession?.why !== "refused") this.#alive();
  }

  /** Nobody will go on as our primary. A joiner goes on trying; a member takes over, if it may. */
  #died(why: DeathCause): void {
    if (this.#done || this.#succession !== undefined) return;
    const self = this.#holding.membership.find(this.#options.self);
    if (self === undefined || this.#epoch === undefined) return;
    this.#note({ kind: "primaryDead", why });
    if (!this.#confirmed) return this.#unable();
    const asked = this.#holding.membership.members
      .filter((member) => member !== self)
      .map((member) => ({ member, id: ++this.#probes }));
    const { timeoutMs } = this.#options;
    const joinedAt = this.#holding.membership.joinedAt(self.node);
    const us = { member: self, joinedAt, epoch: this.#epoch };
    this.#succession = new Succession(why, us, timeoutMs, asked);
    for (const { member, id } of asked) {
      const { node, address } = member;
      this.#out.push({ kind: "probe", node, address, id });
    }
    this.#mayTakeOver();
  }

  #probed(node: NodeId, id: number, answer: MemberAnswer): void {
    const finding = this.#succession?.answered(node, id, answer);
    switch (finding?.kind) {
      case "leave":
        return this.#leave(finding.reason);
      case "alive":
        this.#alive();
        this.#heardAt = this.#now - finding.heardMs;
        return this.#connect();
      default:
        return this.#mayTakeOver();
    }
  }

  #mayTakeOver(): void {
    const succession = this.#succession;
    if (succession === undefined || !succession.settled) return;
    if (succession.heir !== undefined) {
      const { node, address } = succession.heir;
      return this.#leave({ kind: "superseded", node, address });
    }
    const self = this.#holding.membership.find(this.#options.self);
    assert(
      self !== undefined && this.#epoch !== undefined && this.#confirmed,
      "a takeover without sync",
    );
    this.#done = true;
    const old = { node: this.#epoch.node, address: this.#address };
    const epoch = raisedEpoch(this.#epoch, self);
    this.#out.push(takeOver(succession, this.#holding, old, epoch, this.#now));
  }
}
