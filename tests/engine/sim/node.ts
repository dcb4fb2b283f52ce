/**
 * A model node: the driver that turns actions of the engines into what happens in the world.
 *
 * @module
 */
import { Backup } from "../../../src/engine/backup.ts";
import { type Batch, nextOf } from "../../../src/engine/batch.ts";
import { decodeFrame } from "../../../src/engine/decode.ts";
import { compareEpochs, type Epoch } from "../../../src/engine/epoch.ts";
import type {
  BackupAction,
  ConnectFailure,
  Link,
  MemberAnswer,
  PeerAnswer,
  PrimaryAction,
  TakeOver,
} from "../../../src/engine/events.ts";
import {
  type Body,
  encodeFrame,
  type Frame,
  NO_CLOCKS,
} from "../../../src/engine/frame.ts";
import { Control } from "../../../src/engine/message.ts";
import { Primary } from "../../../src/engine/primary.ts";
import type { Bug } from "./bugs.ts";
import { type Content, contentsOf, Guest, OUTPUT } from "./guest.ts";
import type { Network } from "./network.ts";
import type { Holder, Outside } from "./outside.ts";
import { Process } from "./process.ts";
import type { World } from "./world.ts";

/** What all nodes of a scenario have in common. */
export interface Setup {
  readonly world: World;
  readonly network: Network;
  readonly outside: Outside;
  readonly nodes: Map<number, Node>;
  readonly timeoutMs: number;
  readonly heartbeatMs: number;
  readonly output: "commit" | "async";
  readonly degraded: "run" | "stop";
  readonly lateJoin: boolean;
  /** Small windows: peers are fed from the disk. */
  readonly tight: boolean;
  /** Frames are encoded and decoded. */
  readonly encoded: boolean;
  readonly diskMs: number;
  /** Outputs that stdout takes at once. */
  readonly drain: number;
  readonly guestMs: number;
  readonly bug: Bug | undefined;
}

type Step =
  | { readonly of: "primary"; readonly action: PrimaryAction }
  | { readonly of: "backup"; readonly action: BackupAction };

type Welcome =
  | { kind: "welcome"; link: Link; epoch: Epoch; run: number }
  | { kind: "higher"; epoch: Epoch }
  | { kind: "not primary" };

/** One process that runs the guest, as primary or backup. */
export class Node extends Process<Step> implements Holder {
  readonly setup: Setup;
  readonly run: number;
  readonly log: Content[] = [];
  primary: Primary | undefined;
  backup: Backup | undefined;
  /** The takeover that was decided and is not done yet. */
  heir: TakeOver | undefined;
  epoch: Epoch | undefined;
  left = 0;
  /** Outputs left when the last one of them left. */
  ended = false;
  /** The guest makes no more messages. */
  quiet = false;
  #target: Node | undefined;
  #link: Link | undefined;
  #disk: Batch[] = [];
  #diskWorks = true;
  #guest = new Guest();
  #releasable = 0;
  #out = 0;

  constructor(id: number, name: string, setup: Setup, run = 1) {
    super(id, name, setup.world, setup.network);
    this.setup = setup;
    this.run = run;
    setup.nodes.set(id, this);
  }

  /** Milliseconds as this node sees them; a careless backup's clock stops in a freeze. */
  get time(): number {
    const careless = this.setup.bug === "takeover-unconfirmed" &&
      this.backup !== undefined;
    return this.clock - (careless ? this.frozenMs : 0);
  }

  /** Its own primary or backup works. */
  get live(): boolean {
    return !this.down && this.reason === undefined;
  }

  /** Starts as the primary of a new run. */
  startPrimary(): void {
    this.#goLive({ number: 1, node: this.id }, 0, Control.processInit);
  }

  /** Starts as a backup of a node. */
  startBackup(target: Node): void {
    const { heartbeatMs, timeoutMs } = this.setup;
    const self = this.id;
    this.#target = target;
    this.backup = new Backup({
      self,
      heartbeatMs,
      timeoutMs,
      next: 0,
      now: this.time,
    });
    this.startTicking(heartbeatMs / 2, () => this.#tick());
  }

  #tick(): void {
    const now = this.time;
    if (this.primary !== undefined) {
      this.#primary(this.primary.on({ kind: "tick", now }));
    } else if (this.heir === undefined) {
      this.#backup(this.backup?.on({ kind: "tick", now }) ?? []);
    }
  }

  /** The disk fails: nothing more is logged there. */
  breakDisk(): void {
    this.deliver(() => {
      this.#diskWorks = false;
      const now = this.time;
      this.#primary(this.primary?.on({ kind: "unlogged", now }) ?? []);
    });
  }

  #primary(actions: readonly PrimaryAction[]): void {
    this.plan(actions.map((action) => ({ of: "primary", action })));
  }

  #backup(actions: readonly BackupAction[]): void {
    const { bug } = this.setup;
    let list = [...actions];
    if (bug === "ack-before-store") {
      const isSend = (action: BackupAction) => action.kind === "send";
      list = [
        ...list.filter(isSend),
        ...list.filter((action) => !isSend(action)),
      ];
    }
    this.plan(list.map((action) => ({ of: "backup", action })));
  }

  // ---- going live

  #goLive(epoch: Epoch, next: number, first: number, takeOver?: TakeOver) {
    const { setup } = this;
    this.epoch = epoch;
    this.setup.outside.began(this, epoch);
    this.#out = this.#releasable = this.left = takeOver?.left ?? 0;
    this.primary = new Primary({
      self: this.id,
      run: { low: this.run, high: 0 },
      epoch,
      heartbeatMs: setup.heartbeatMs,
      timeoutMs: setup.timeoutMs,
      output: setup.output,
      degraded: setup.degraded,
      ...(setup.tight ? { windowBytes: 400, memoryBytes: 1500 } : {}),
      next,
      left: this.left,
      lateJoin: setup.lateJoin,
      former: takeOver?.former ?? [],
      ended: takeOver?.ended ?? false,
      now: takeOver?.at ?? this.time,
    });
    if (takeOver === undefined) {
      this.startTicking(setup.heartbeatMs / 2, () => this.#tick());
    }
    this.#append(this.#guest.make(next, [], first));
    this.#work();
  }

  #work(): void {
    const { world, guestMs } = this.setup;
    world.after(world.random.real(0.1, 2 * guestMs), () => {
      if (this.down) return;
      if (!this.frozen) this.deliver(() => this.#make());
      this.#work();
    });
  }

  #make(): void {
    const { primary } = this;
    const { random } = this.world;
    if (primary === undefined || primary.full || this.quiet) return;
    if (this.#guest.ended || this.reason !== undefined) return;
    const inputs = Array.from(
      { length: random.int(1, 4) },
      () => random.chance(0.5) ? random.u32() : undefined,
    );
    this.#append(this.#guest.make(primary.next, inputs));
  }

  /** Lets the guest end. */
  endGuest(): void {
    this.deliver(() => {
      if (this.primary === undefined || this.#guest.ended) return;
      const { next } = this.primary;
      this.#append(this.#guest.make(next, [undefined], Control.processExit));
    });
  }

  #append(batch: Batch): void {
    const now = this.time;
    this.#primary(this.primary?.on({ kind: "append", batch, now }) ?? []);
  }

  // ---- actions

  protected override step(step: Step): void {
    if (step.of === "primary") this.#doPrimary(step.action);
    else this.#doBackup(step.action);
  }

  #doPrimary(action: PrimaryAction): void {
    switch (action.kind) {
      case "store":
        this.setup.outside.made(this, this.epoch as Epoch, action.batch);
        return this.#store(action.batch);
      case "send":
        return this.#send(action.link, action.frame);
      case "feed":
        return this.#feed(action.peer, action.from);
      case "release":
        this.#releasable = action.next;
        return;
      case "probe":
        return this.#ask(action);
      case "drop":
        return this.network.close(action.link, this);
      case "stop":
        return this.exit(`stop: ${action.reason.kind}`);
      case "note":
        this.world.trace(() => `${this.name}: ${JSON.stringify(action.note)}`);
        if (action.note.kind === "ended") {
          this.ended = true;
          this.exit("ended");
        }
    }
  }

  #doBackup(action: BackupAction): void {
    switch (action.kind) {
      case "store":
        this.setup.outside.stored(this, this.epoch as Epoch, action.batch);
        contentsOf(action.batch).forEach((content, i) =>
          this.#guest.follow(action.batch.first + i, content)
        );
        return this.#store(action.batch);
      case "send":
        return this.#send(action.link, action.frame);
      case "connect":
        return this.#connect();
      case "probe":
        return this.#askMember(action);
      case "released":
        this.left = action.next;
        return;
      case "takeOver":
        return this.#takeOver(action);
      case "leave":
        this.ended = action.reason.kind === "ended";
        return this.exit(`leave: ${action.reason.kind}`);
      case "note":
        this.world.trace(() => `${this.name}: ${JSON.stringify(action.note)}`);
    }
  }

  #store(batch: Batch): void {
    this.world.trace(() => `${this.name} stores ${batch.first}+${batch.count}`);
    for (const content of contentsOf(batch)) this.log.push(content);
    if (this.#diskWorks) this.#disk.push(batch);
  }

  #takeOver(action: TakeOver): void {
    this.world.trace(() => `${this.name} takes over at ${action.next}`);
    this.heir = action;
    if (this.#link !== undefined) this.network.close(this.#link, this);
    const ms = this.world.random.pick([0, 1, 20]);
    this.world.after(ms, () =>
      this.deliver(() => {
        this.backup = undefined;
        this.#goLive(action.epoch, action.next, Control.takeover, action);
      }));
  }

  #send(link: Link, body: Body): void {
    const frame: Frame = {
      run: { low: this.run, high: 0 },
      epoch: this.epoch ?? { number: 0, node: 0 },
      clocks: undefined,
      body,
    };
    const other = this.#ends.get(link);
    if (other === undefined) return;
    this.world.trace(() =>
      `${this.name} -> ${other.name} ${body.kind} ${numberOf(body)}`
    );
    if (!this.setup.encoded) {
      return this.network.send(link, this, () => other.received(link, this, frame));
    }
    const bytes = encodeFrame({ ...frame, clocks: NO_CLOCKS }, body);
    this.network.send(link, this, () => {
      const decoded = decodeFrame(bytes);
      if (typeof decoded === "string") throw new Error(decoded);
      other.received(link, this, decoded);
    });
  }

  readonly #ends = new Map<Link, Node>();

  /** A frame came in. */
  received(link: Link, from: Node, frame: Frame): void {
    const now = this.time;
    const { bug } = this.setup;
    let seen = frame;
    if (bug === "epoch-unchecked" && this.epoch !== undefined) {
      seen = { ...frame, epoch: this.epoch };
    }
    if (this.primary !== undefined) {
      const peer = from.id;
      const event = { kind: "received", peer, link, frame: seen, now } as const;
      return this.#primary(this.primary.on(event));
    }
    if (this.backup === undefined || this.heir !== undefined) return;
    const { body } = seen;
    if (
      bug === "gap-of-one" && body.kind === "data" &&
      body.batch.first === this.backup.next + 1
    ) {
      const batch = { ...body.batch, first: body.batch.first - 1 };
      seen = { ...seen, body: { ...body, batch } };
    }
    const event = { kind: "received", link, frame: seen, now } as const;
    this.#backup(this.backup.on(event));
  }

  #feed(peer: number, from: number): void {
    const batch = this.#disk.find((piece) =>
      piece.first <= from && nextOf(piece) > from
    );
    const ms = this.world.random.real(0, this.setup.diskMs);
    this.world.after(ms, () =>
      this.deliver(() => {
        const now = this.time;
        const event = { kind: "fed", peer, from, batch, now } as const;
        this.#primary(this.primary?.on(event) ?? []);
      }));
  }

  // ---- outputs

  protected override settle(): void {
    if (this.primary === undefined || this.reason !== undefined) return;
    const before = this.#out;
    let budget = this.setup.drain;
    const early = this.setup.bug === "release-before-ack";
    const end = early ? this.log.length : this.#releasable;
    while (this.#out < end) {
      const content = this.log[this.#out] as Content;
      if (content.method === OUTPUT) {
        if (budget-- <= 0 || !this.#mayRelease()) break;
        this.setup.outside.output(this, this.epoch as Epoch, this.#out, content);
        this.world.trace(() => `${this.name} releases ${this.#out}`);
      }
      this.#out++;
    }
    if (this.#out === before) return;
    this.left = this.#out;
    const now = this.time;
    this.#primary(this.primary.on({ kind: "left", next: this.left, now }));
    if (this.#out < end) this.world.after(1, () => this.deliver(() => {}));
  }

  #mayRelease(): boolean {
    const { bug } = this.setup;
    if (bug === "lease-ignored") return true;
    return this.primary?.mayRelease(this.time) ?? false;
  }

  // ---- asking others

  #connect(): void {
    const target = this.#target as Node;
    const next = this.backup?.next ?? 0;
    const { epoch } = this;
    this.network.request<Welcome>(
      this,
      target,
      this.setup.timeoutMs / 4,
      (reply) => target.greet(this, next, epoch, reply),
      (answer) => this.#welcomed(target, answer),
      (late) => {
        if (late.kind === "welcome") this.network.close(late.link, this);
      },
    );
  }

  /** A HELLO came in. */
  greet(
    from: Node,
    next: number,
    epoch: Epoch | undefined,
    reply: (answer: Welcome) => void,
  ): void {
    const now = this.time;
    if (this.heir !== undefined && this.primary === undefined) {
      return reply({ kind: "higher", epoch: this.heir.epoch });
    }
    if (this.primary === undefined) return reply({ kind: "not primary" });
    const mine = this.epoch as Epoch;
    if (from.run !== this.run && epoch !== undefined) {
      return reply({ kind: "welcome", link: -1, epoch: mine, run: this.run });
    }
    if (epoch !== undefined && compareEpochs(mine, epoch) > 0) {
      return reply({ kind: "higher", epoch: mine });
    }
    const link: Link = this.network.open(this, from, [
      () => this.#broke(link, from),
      () => from.#broke(link, this),
    ]);
    this.#ends.set(link, from);
    from.#ends.set(link, this);
    reply({ kind: "welcome", link, epoch: mine, run: this.run });
    const address = from.name;
    this.#primary(this.primary.on({
      kind: "connected",
      peer: from.id,
      link,
      address,
      next,
      epoch,
      now,
    }));
  }

  #broke(link: Link, other: Node): void {
    const now = this.time;
    this.world.trace(() => `${this.name} lost link ${link} to ${other.name}`);
    if (this.primary !== undefined) {
      const peer = other.id;
      const event = { kind: "disconnected", peer, link, now } as const;
      this.#primary(this.primary.on(event));
    } else if (this.heir === undefined) {
      this.#backup(this.backup?.on({ kind: "disconnected", link, now }) ?? []);
    }
  }

  #welcomed(target: Node, answer: Welcome | "refused" | "silent"): void {
    if (this.backup === undefined || this.heir !== undefined) return;
    const now = this.time;
    if (typeof answer === "object" && answer.kind === "welcome") {
      if (this.#link !== undefined) this.network.close(this.#link, this);
      this.#link = answer.link;
      if (this.epoch === undefined) this.epoch = answer.epoch;
      const event = {
        kind: "connected",
        link: answer.link,
        epoch: answer.epoch,
        run: { low: answer.run, high: 0 },
        address: target.name,
        now,
      } as const;
      return this.#backup(this.backup.on(event));
    }
    let how: ConnectFailure = { kind: "silent" };
    if (answer === "refused") how = { kind: "refused" };
    else if (typeof answer === "object" && answer.kind === "higher") {
      how = { kind: "higher", epoch: answer.epoch, address: target.name };
    }
    if (this.#careless(answer)) return;
    this.#backup(this.backup.on({ kind: "connectFailed", how, now }));
  }

  /** Planted bugs: a takeover that the engine would not do. */
  #careless(answer: unknown): boolean {
    const { bug } = this.setup;
    const { backup, epoch } = this;
    if (answer !== "refused" || epoch === undefined || !backup) return false;
    const outOfSync = bug === "takeover-out-of-sync" && !backup.inSync;
    const unasked = bug === "members-unasked" && backup.inSync;
    if (!outOfSync && !unasked) return false;
    this.#takeOver({
      kind: "takeOver",
      epoch: { number: epoch.number + 1, node: this.id },
      next: backup.next,
      left: this.left,
      former: [],
      members: [],
      ended: false,
      at: this.time,
      why: "refused",
    });
    return true;
  }

  #ask({ peer, id }: Extract<PrimaryAction, { kind: "probe" }>): void {
    const { nodes, timeoutMs, bug } = this.setup;
    const target = nodes.get(peer) as Node;
    const epoch = this.epoch as Epoch;
    this.network.request<PeerAnswer>(
      this,
      target,
      timeoutMs,
      (reply) => target.probed(this, epoch, reply),
      (answer) => {
        let real: PeerAnswer = typeof answer === "string"
          ? { kind: answer }
          : answer;
        const careless = bug === "probe-skipped" || bug === "epoch-unchecked";
        if (careless && real.kind === "higher") real = { kind: "same" };
        const now = this.time;
        const event = { kind: "probed", peer, id, answer: real, now } as const;
        this.#primary(this.primary?.on(event) ?? []);
      },
    );
  }

  /** A PROBE of a primary came in. */
  probed(
    from: Node,
    epoch: Epoch,
    reply: (answer: PeerAnswer) => void,
  ): void {
    const mine = this.heir?.epoch ?? this.epoch;
    const higher = mine !== undefined && compareEpochs(mine, epoch) > 0;
    reply(
      higher ? { kind: "higher", epoch: mine, address: this.name } : {
        kind: "same",
      },
    );
    if (this.setup.bug === "epoch-unchecked") return;
    this.#hear(from, epoch);
  }

  #hear(from: Node, epoch: Epoch): void {
    const event = {
      kind: "heard",
      node: from.id,
      epoch,
      address: from.name,
      now: this.time,
    } as const;
    if (this.primary !== undefined) this.#primary(this.primary.on(event));
    else if (this.heir === undefined) {
      this.#backup(this.backup?.on(event) ?? []);
    }
  }

  #askMember({ node, id }: Extract<BackupAction, { kind: "probe" }>): void {
    const target = this.setup.nodes.get(node) as Node;
    const epoch = this.epoch as Epoch;
    this.network.request<MemberAnswer>(
      this,
      target,
      this.setup.timeoutMs,
      (reply) => target.questioned(this, epoch, reply),
      (answer) => {
        if (this.heir !== undefined) return;
        const real: MemberAnswer = typeof answer === "string"
          ? { kind: answer }
          : answer;
        const now = this.time;
        const event = { kind: "probed", node, id, answer: real, now } as const;
        this.#backup(this.backup?.on(event) ?? []);
      },
    );
  }

  /** A PROBE of another member came in. */
  questioned(
    from: Node,
    epoch: Epoch,
    reply: (answer: MemberAnswer) => void,
  ): void {
    const now = this.time;
    const { heir, primary, backup } = this;
    if (heir !== undefined || primary !== undefined) {
      const mine = heir?.epoch ?? this.epoch;
      const next = heir?.next ?? this.log.length;
      reply({
        kind: "status",
        status: { role: "primary", epoch: mine, members: [], next, heardMs: 0 },
      });
    } else if (backup !== undefined) {
      reply({ kind: "status", status: backup.answer(now) });
    }
    this.#hear(from, epoch);
  }
}

function numberOf(body: Body): string {
  switch (body.kind) {
    case "data":
      return `${body.batch.first}+${body.batch.count}`;
    case "heartbeat":
    case "ack":
    case "nak":
    case "bye":
      return `${body.next}`;
    default:
      return "";
  }
}
