/**
 * A model node: the driver that turns actions of the engines into what happens in the world.
 *
 * @module
 */
import { Backup } from "../../../src/engine/backup.ts";
import { type Batch, nextOf } from "../../../src/engine/batch.ts";
import { decodeFrame } from "../../../src/engine/decode.ts";
import type { Epoch } from "../../../src/engine/epoch.ts";
import type {
  BackupAction,
  Link,
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
import { type Content, contentsOf, Guest, OUTPUT } from "./guest.ts";
import type { Holder } from "./outside.ts";
import { Process } from "./process.ts";
import { numberOf, RUN, type Setup } from "./setup.ts";

type Step =
  | { readonly of: "primary"; readonly action: PrimaryAction }
  | { readonly of: "backup"; readonly action: BackupAction };

/** One process that runs the guest, as primary or backup. */
export class Node extends Process<Step> implements Holder {
  readonly setup: Setup<Node>;
  readonly log: Content[] = [];
  primary: Primary | undefined;
  backup: Backup | undefined;
  /** The takeover that was decided and is not done yet. */
  heir: TakeOver | undefined;
  epoch: Epoch | undefined;
  left = 0;
  /** It ended because the guest did. */
  ended = false;
  /** The node it follows. */
  target: Node | undefined;
  diskBroken = false;
  readonly #lengths: [at: number, length: number][] = [];
  /** The link to the node it follows. */
  link: Link | undefined;
  #disk: Batch[] = [];
  #guest = new Guest();
  #releasable = 0;
  #out = 0;

  constructor(id: number, name: string, setup: Setup<Node>) {
    super(id, name, setup.world, setup.network);
    this.setup = setup;
    setup.nodes.set(id, this);
  }

  /** Milliseconds as this node sees them; a careless backup's clock stops in a freeze. */
  get time(): number {
    const careless = this.setup.bug === "takeover-unconfirmed" &&
      this.backup !== undefined;
    return this.clock - (careless ? this.frozenMs : 0);
  }

  /** Starts as the primary of a new run. */
  startPrimary(): void {
    this.#goLive({ number: 1, node: this.id }, 0, Control.processInit);
  }

  /** Starts as a backup of a node. */
  startBackup(target: Node): void {
    const { heartbeatMs, timeoutMs } = this.setup;
    const self = this.id;
    this.target = target;
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
      this.planPrimary(this.primary.on({ kind: "tick", now }));
    } else if (this.heir === undefined) {
      this.planBackup(this.backup?.on({ kind: "tick", now }) ?? []);
    }
  }

  /** The disk fails: nothing more is logged there. */
  breakDisk(): void {
    this.deliver(() => {
      this.diskBroken = true;
      const now = this.time;
      this.planPrimary(this.primary?.on({ kind: "unlogged", now }) ?? []);
    });
  }

  /** Queues what the primary wants done. */
  planPrimary(actions: readonly PrimaryAction[]): void {
    this.plan(actions.map((action) => ({ of: "primary", action })));
  }

  /** Queues what the backup wants done. */
  planBackup(actions: readonly BackupAction[]): void {
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

  /** How long its log was at a time. */
  lengthAt(time: number): number {
    return this.#lengths.findLast(([at]) => at <= time)?.[1] ?? 0;
  }

  // ---- going live

  #goLive(epoch: Epoch, next: number, first: number, takeOver?: TakeOver) {
    const { setup } = this;
    this.epoch = epoch;
    this.setup.outside.began(this, epoch);
    this.#out = this.#releasable = this.left = takeOver?.left ?? 0;
    this.primary = new Primary({
      self: this.id,
      run: RUN,
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
    if (primary === undefined || primary.full) return;
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
    this.planPrimary(this.primary?.on({ kind: "append", batch, now }) ?? []);
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
        return this.setup.asking.ask(this, action);
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
        return this.setup.asking.connect(this);
      case "probe":
        return this.setup.asking.askMember(this, action);
      case "released":
        this.left = action.next;
        return;
      case "takeOver":
        return this.takeOver(action);
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
    this.#lengths.push([this.world.now, this.log.length]);
    if (!this.diskBroken) this.#disk.push(batch);
  }

  /** Becomes primary, after its guest has finished the log. */
  takeOver(action: TakeOver): void {
    this.world.trace(() => `${this.name} takes over at ${action.next}`);
    this.heir = action;
    if (this.link !== undefined) this.network.close(this.link, this);
    const ms = this.world.random.pick([0, 1, 20]);
    this.world.after(ms, () =>
      this.deliver(() => {
        this.backup = undefined;
        this.#goLive(action.epoch, action.next, Control.takeover, action);
      }));
  }

  #send(link: Link, body: Body): void {
    const frame: Frame = {
      run: RUN,
      epoch: this.epoch ?? { number: 0, node: 0 },
      clocks: undefined,
      body,
    };
    const other = this.ends.get(link);
    if (other === undefined) return;
    this.world.trace(() =>
      `${this.name} -> ${other.name} ${body.kind} ${numberOf(body)}`
    );
    if (!this.setup.encoded) {
      return this.network.send(
        link,
        this,
        () => other.received(link, this, frame),
      );
    }
    const bytes = encodeFrame({ ...frame, clocks: NO_CLOCKS }, body);
    this.network.send(link, this, () => {
      const decoded = decodeFrame(bytes);
      if (typeof decoded === "string") throw new Error(decoded);
      other.received(link, this, decoded);
    });
  }

  /** The other end of each link. */
  readonly ends = new Map<Link, Node>();

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
      return this.planPrimary(this.primary.on(event));
    }
    if (this.backup === undefined || this.heir !== undefined) return;
    const { body } = seen;
    if (bug === "takeover-unconfirmed" && body.kind === "leave") return;
    if (
      bug === "gap-of-one" && body.kind === "data" &&
      body.batch.first === this.backup.next + 1
    ) {
      const batch = { ...body.batch, first: body.batch.first - 1 };
      seen = { ...seen, body: { ...body, batch } };
    }
    const event = { kind: "received", link, frame: seen, now } as const;
    this.planBackup(this.backup.on(event));
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
        this.planPrimary(this.primary?.on(event) ?? []);
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
        this.setup.outside.output(
          this,
          this.epoch as Epoch,
          this.#out,
          content,
        );
        this.world.trace(() => `${this.name} releases ${this.#out}`);
      }
      this.#out++;
    }
    if (this.#out === before) return;
    this.left = this.#out;
    const now = this.time;
    this.planPrimary(this.primary.on({ kind: "left", next: this.left, now }));
    if (this.#out < end) this.world.after(1, () => this.deliver(() => {}));
  }

  #mayRelease(): boolean {
    const { bug } = this.setup;
    if (bug === "lease-ignored") return true;
    return this.primary?.mayRelease(this.time) ?? false;
  }
}
