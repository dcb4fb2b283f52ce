import { type Batch, controlsOf, cutFrom } from "../../engine/batch.ts";
import { Backup } from "../../engine/backup.ts";
import type {
  BackupAction,
  BackupEvent,
  LeaveReason,
  Link,
  TakeOver,
} from "../../engine/events.ts";
import { encodeFrame, type Frame } from "../../engine/frame.ts";
import { decodeControl } from "../../engine/membership.ts";
import { Control } from "../../engine/message.ts";
import type { InitData } from "./primary.ts";
import type { Channel } from "../channel.ts";
import { stampOf } from "../clocks.ts";
import { drain } from "../drain.ts";
import { ReplrtError } from "../errors.ts";
import { exitCodeOf, type GuestEnd } from "../guest/end.ts";
import type { GuestReport } from "../guest/protocol.ts";
import { bootMs, type Stamp } from "../host/clock.ts";
import { type Address, formatAddress } from "../options.ts";
import { OutputQueues } from "../outputs.ts";
import { becomePrimary, goLive } from "./become_primary.ts";
import type { Core } from "./core.ts";
import { endForFault } from "./faults.ts";
import { InboxFeeder } from "./inbox.ts";
import { sayBackupNote } from "./notes.ts";
import { leavingError } from "./leaving.ts";
import type { PrimaryDriver } from "./primary_driver.ts";
import { openLink } from "./primary_link.ts";
import { askMember } from "./probes.ts";
import { Turns, type Untimed } from "./turns.ts";
import { breathe } from "./unhurried.ts";

/** Gets the primary that a backup becomes, and what lets its guest go live. */
export type OnTakeOver = (
  driver: PrimaryDriver,
  takeOver: TakeOver,
  goLive: () => void,
) => void;

/** Makes the pure backup real: its events from the network and clock, its actions on disk, network and the guest's inbox. */
export class BackupDriver {
  readonly #core: Core;
  readonly #engine: Backup;
  readonly #turns: Turns<BackupEvent, BackupAction>;
  readonly #address: Address;
  readonly #outputs: OutputQueues;
  readonly #inbox: InboxFeeder;
  readonly #ticker: ReturnType<typeof setInterval>;
  readonly #onTakeOver: OnTakeOver;
  #links = 0;
  #channel: { readonly link: Link; readonly channel: Channel } | undefined;
  #connecting = false;
  #stamp: { readonly clocks: Stamp; readonly at: number } | undefined;
  #joinDeadline: number | undefined;
  #guestEnd: GuestEnd | undefined;
  #logEnded = false;
  #over = false;

  /** `address` is its primary's. */
  constructor(
    core: Core,
    address: Address,
    onTakeOver: OnTakeOver,
  ) {
    const { options, guest } = core;
    const { heartbeatMs, timeoutMs } = options;
    this.#core = core;
    this.#address = address;
    this.#onTakeOver = onTakeOver;
    this.#engine = new Backup({
      self: core.self,
      heartbeatMs,
      timeoutMs,
      next: 0,
      now: bootMs(),
    });
    this.#turns = new Turns(this.#engine, (action) => this.#perform(action));
    this.#outputs = new OutputQueues(guest.slots, () => guest.wake());
    this.#inbox = new InboxFeeder(
      guest.inbox,
      (from) => core.log?.read(from),
      () =>
        this.#report({
          kind: "storage",
          reason: "the log on disk can't be read",
        }),
    );
    this.#joinDeadline = bootMs() + options.joinTimeoutMs;
    this.#ticker = setInterval(() => this.#tick(), heartbeatMs / 2);
    core.answer = () => this.#engine.answer(bootMs());
    core.primary = formatAddress(address);
    guest.onReport = (report) => this.#report(report);
    this.#connect();
    this.#pump();
  }

  /** A PROBE of this run came in. */
  heard(frame: Frame, node: number, address: string): void {
    this.#on({ kind: "heard", node, epoch: frame.epoch, address });
  }

  #on(event: Untimed<BackupEvent>): void {
    this.#turns.on(event);
  }

  #tick(): void {
    this.#on({ kind: "tick" });
    if (
      this.#over || this.#joinDeadline === undefined ||
      bootMs() < this.#joinDeadline
    ) return;
    const where = formatAddress(this.#address);
    this.#fail(
      new ReplrtError(
        `cannot join ${where}: not in sync within ${this.#core.options.joinTimeoutMs} ms`,
        "give more time with --join-timeout",
      ),
    );
  }

  /** Takes what the guest queued on its way, until it goes live. */
  async #pump(): Promise<void> {
    const { outbox } = this.#core.guest;
    while (!this.#over) {
      await outbox.readable();
      while (!this.#over && drain(outbox, 0, this.#outputs.add).more);
      await breathe();
    }
  }

  #perform(action: BackupAction): void {
    switch (action.kind) {
      case "store":
        return this.#store(action.batch);
      case "send":
        if (this.#channel?.link === action.link) {
          this.#channel.channel.send(action.frame);
        }
        return;
      case "connect":
        return void this.#connect();
      case "probe": {
        const { node, id, address } = action;
        return void askMember(this.#core, node, address).then((answer) =>
          this.#on({ kind: "probed", node, id, answer })
        );
      }
      case "released":
        return this.#outputs.forget(action.next);
      case "note":
        if (action.note.kind === "synced") this.#joinDeadline = undefined;
        if (action.note.kind === "removed") {
          this.#joinDeadline = bootMs() + this.#core.options.joinTimeoutMs;
        }
        return sayBackupNote(
          this.#core.say,
          action.note,
          formatAddress(this.#address),
        );
      case "leave":
        return this.#leave(action.reason);
      case "takeOver":
        return this.#takeOver(action);
    }
  }

  #store(batch: Batch): void {
    const { log } = this.#core;
    if (log !== undefined) {
      try {
        log.append(
          encodeFrame(this.#core.envelope(), {
            kind: "data",
            batch,
            released: 0,
          }),
          batch.first,
        );
      } catch (error) {
        if (!(error instanceof ReplrtError)) throw error;
        this.#core.giveUpLog(error.message);
      }
    }
    if (batch.first === 0) this.#begin(batch);
    if (batch.first > 0) this.#inbox.push(batch, this.#core.log !== undefined);
    else if (batch.count > 1) {
      this.#inbox.push(cutFrom(batch, 1), this.#core.log !== undefined);
    }
  }

  /** Starts the guest at message 0, whose configuration must be the one of the welcome. */
  #begin(batch: Batch): void {
    const [init] = controlsOf(batch);
    const { config } =
      decodeControl<InitData>(init?.data ?? new Uint8Array()) ?? {};
    if (
      init?.method === Control.processInit &&
      JSON.stringify(config) === JSON.stringify(this.#core.config)
    ) {
      return this.#core.guest.go();
    }
    this.#fail(
      new ReplrtError(
        `cannot follow ${
          formatAddress(this.#address)
        }: its log starts with another configuration than it named`,
        "use the same version of replrt on both nodes",
      ),
    );
  }

  async #connect(): Promise<void> {
    if (this.#connecting || this.#over) return;
    this.#connecting = true;
    const attempt = await openLink(
      this.#core,
      this.#address,
      this.#engine.next,
    );
    this.#connecting = false;
    if (attempt.kind === "welcome") {
      return this.#connected(attempt.channel, attempt.frame);
    }
    if (attempt.kind === "failed") {
      return this.#on({ kind: "connectFailed", how: attempt.how });
    }
    const { reason, next } = attempt;
    this.#fail(
      new ReplrtError(
        `cannot join ${formatAddress(this.#address)}: ${reason}`,
        next,
      ),
    );
  }

  #connected(channel: Channel, { epoch, run }: Frame): void {
    this.#channel?.channel.destroy();
    const link = ++this.#links;
    this.#channel = { link, channel };
    this.#on({
      kind: "connected",
      link,
      epoch,
      run,
      address: formatAddress(this.#address),
    });
    channel.listen({
      frame: (frame) => this.#received(link, frame),
      closed: () => {
        if (this.#channel?.link === link) this.#channel = undefined;
        this.#on({ kind: "disconnected", link });
      },
    });
  }

  #received(link: Link, frame: Frame): void {
    if (frame.clocks !== undefined) {
      const clocks = stampOf(frame.clocks);
      if (
        this.#stamp === undefined ||
        clocks.monotonic >= this.#stamp.clocks.monotonic
      ) this.#stamp = { clocks, at: bootMs() };
    }
    this.#on({ kind: "received", link, frame });
  }

  #report(report: GuestReport): void {
    switch (report.kind) {
      case "ready":
      case "live":
        return;
      case "ended":
        this.#guestEnd = report.end;
        return this.#mayEnd();
      default:
        this.#close();
        return endForFault(this.#core, report, (reason) => {
          this.#channel?.channel.send({ kind: "leave", reason });
          this.#channel?.channel.end();
        });
    }
  }

  #leave(reason: LeaveReason): void {
    if (reason.kind !== "ended") {
      return this.#fail(leavingError(reason, formatAddress(this.#address)));
    }
    this.#logEnded = true;
    this.#mayEnd();
  }

  #mayEnd(): void {
    if (!this.#logEnded || this.#guestEnd === undefined) return;
    this.#close();
    this.#core.say.end(this.#guestEnd);
    this.#channel?.channel.end();
    this.#core.end({ code: exitCodeOf(this.#guestEnd) });
  }

  #fail(error: ReplrtError): void {
    this.#close();
    this.#channel?.channel.destroy();
    this.#core.end({ error });
  }

  #close(): void {
    this.#over = true;
    clearInterval(this.#ticker);
    this.#turns.stop();
  }

  #takeOver(action: TakeOver): void {
    this.#close();
    this.#channel?.channel.destroy();
    const driver = becomePrimary(this.#core, action, {
      queues: this.#outputs,
      end: this.#guestEnd,
      left: action.left,
      inbox: this.#inbox,
      stamp: this.#stamp,
      old: formatAddress(this.#address),
    });
    this.#onTakeOver(driver, action, () => goLive(this.#inbox));
  }
}
