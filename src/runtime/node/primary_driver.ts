import { type Batch, controlBatch } from "../../engine/batch.ts";
import type { Epoch, NodeId } from "../../engine/epoch.ts";
import type {
  Link,
  PrimaryAction,
  PrimaryEvent,
  PrimaryOptions,
  StopReason,
} from "../../engine/events.ts";
import { type Body, encodeFrame } from "../../engine/frame.ts";
import { Primary } from "../../engine/primary.ts";
import type { Channel } from "../channel.ts";
import { drain, type StreamSink } from "../drain.ts";
import { ReplrtError } from "../errors.ts";
import { exitCodeOf, type GuestEnd } from "../guest/end.ts";
import { StreamOp } from "../guest/local.ts";
import type { GuestReport } from "../guest/protocol.ts";
import { bootMs } from "../host/clock.ts";
import { formatAddress } from "../options.ts";
import { OutputQueues } from "../outputs.ts";
import { Permits } from "../permits.ts";
import { Admission } from "./admission.ts";
import type { Core } from "./core.ts";
import type { Hello } from "./handshake.ts";
import { askPeer } from "./probes.ts";
import { reachable } from "./server.ts";
import { endForFault } from "./faults.ts";
import type { Loss } from "./shared_locks.ts";
import { sayNote } from "./notes.ts";
import { Turns, type Untimed } from "./turns.ts";
import { breathe } from "./unhurried.ts";

/** How long an ending node waits for peers that take nothing, in ms. */
const LAST_BYTES_MS = 5000;

/** What a backup hands on when it becomes primary. */
export interface BeforeTakeover {
  readonly queues: OutputQueues;
  /** How its guest ended, if it has followed the log to its end. */
  readonly end: GuestEnd | undefined;
  /** Outputs below this are known to have left. */
  readonly left: number;
}

/** Makes the pure primary real: its events from guest, network and clock, its actions on disk, network and outputs. */
export class PrimaryDriver {
  readonly admission: Admission;
  readonly outputs: OutputQueues;
  readonly #core: Core;
  readonly #engine: Primary;
  readonly #turns: Turns<PrimaryEvent, PrimaryAction>;
  readonly #channels = new Map<Link, Channel>();
  readonly #ticker: ReturnType<typeof setInterval>;
  #links = 0;
  #released = 0;
  #held = 0;
  readonly #permits: Permits;
  readonly #sink: StreamSink;
  /** Outputs of messages below this may be reported as left: the guest has made all of them. */
  #leftLimit = Infinity;
  /** The frame of the batch that was stored last: the same bytes go to the peers. */
  #encoded: { readonly batch: Batch; readonly bytes: Uint8Array } | undefined;
  #end: GuestEnd | undefined;
  #watching = false;
  #onSynced: () => void = () => {};

  constructor(core: Core, options: PrimaryOptions, before?: BeforeTakeover) {
    this.#core = core;
    this.#engine = new Primary(options);
    this.#turns = new Turns(this.#engine, (action) => this.#perform(action));
    this.outputs = before?.queues ??
      new OutputQueues(core.guest.slots, () => core.guest.wake());
    this.#permits = new Permits(core.guest.slots, {
      looked: () => this.#lookAtShared(),
      may: () => this.#engine.mayRelease(bootMs()),
    });
    this.#sink = (seq, slot, op, bytes) =>
      op === StreamOp.permit
        ? this.#permits.ask(seq)
        : this.outputs.add(seq, slot, op, bytes);
    this.#end = before?.end;
    this.#leftLimit = before?.left ?? Infinity;
    this.outputs.mayRelease = () => this.#engine.mayRelease(bootMs());
    this.admission = new Admission(
      core,
      (channel, hello) => this.#follow(channel, hello),
      (next) => this.#engine.gives(next),
    );
    this.#ticker = setInterval(() => this.#tick(), options.heartbeatMs / 2);
    core.answer = () => this.#engine.answer();
    core.guest.onReport = (report) => this.#report(report);
    if (this.#end !== undefined) this.#caughtUp();
  }

  /** Numbers of members in sync. */
  get inSync(): number {
    return this.#engine.status().peers.filter(({ member }) => member).length;
  }

  /** Resolves when outputs may leave: after a takeover this node has made sure that it was not replaced meanwhile. */
  async mayServe(): Promise<void> {
    while (!this.#engine.mayRelease(bootMs())) await pause();
  }

  /** Writes this node's epoch to the shared directories. False: it may not, and ends. */
  takeShared(): boolean {
    const { parts, holder } = this.#core;
    return this.#keeps(parts.directories.shared.takeOver(holder));
  }

  /** Resolves when `count` backups are in sync. */
  async waitForBackups(count: number): Promise<void> {
    while (this.inSync < count) {
      this.#core.say.event({
        event: "waitingForBackups",
        bind: formatAddress(this.#core.bind),
        inSync: this.inSync,
        needed: count,
      });
      await new Promise<void>((resolve) => this.#onSynced = resolve);
    }
  }

  /** Logs a control message of the node's own and gives its bytes. */
  control(method: number, data: Uint8Array): Batch {
    const batch = controlBatch(method, this.#engine.next, data);
    this.#on({ kind: "append", batch });
    return batch;
  }

  /** Takes the guest's messages from now on. */
  async pump(): Promise<void> {
    const { guest } = this.#core;
    for (;;) {
      await guest.outbox.readable();
      while (!this.#engine.full && this.drain());
      await breathe();
    }
  }

  /** Takes what the guest has published; gives whether there was something. */
  drain(): boolean {
    const { batch, more } = drain(
      this.#core.guest.outbox,
      this.#engine.next,
      this.#sink,
    );
    if (batch !== undefined) this.#on({ kind: "append", batch });
    if (more) this.#release(this.#released, this.#held);
    return more;
  }

  /** Another node of this run showed its epoch. */
  heard(node: NodeId, epoch: Epoch, address: string): void {
    this.#on({ kind: "heard", node, epoch, address });
  }

  #on(event: Untimed<PrimaryEvent>): void {
    this.#turns.on(event);
  }

  #tick(): void {
    this.#on({ kind: "tick" });
    this.#watchShared();
    this.drain();
    this.outputs.retry();
    this.#release(this.#released, this.#held);
  }

  /** A primary that has nothing to do on the shared directories sees too that they were taken; storage that does not tell is no loss yet. */
  async #watchShared(): Promise<void> {
    if (this.#watching) return;
    this.#watching = true;
    const { shared } = this.#core.parts.directories;
    if (await shared.unchanged() === false) this.#keeps(shared.loss());
    this.#watching = false;
  }

  /** Whether the shared directories are this node's, which ends where they are not. */
  async #lookAtShared(): Promise<boolean> {
    const { shared } = this.#core.parts.directories;
    return await shared.unchanged() === true || this.#keeps(shared.loss());
  }

  /** Ends this node for a loss of its shared directories. */
  #keeps(loss: Loss | undefined): boolean {
    if (loss === undefined) return true;
    if (loss.kind === "deposed") this.#stop(loss);
    else {
      this.close();
      const where = formatAddress(this.#core.bind);
      const { reason, next } = loss;
      this.#core.end({
        error: new ReplrtError(
          `cannot go on as primary at ${where}: ${reason}`,
          next,
        ),
      });
    }
    return false;
  }

  #perform(action: PrimaryAction): void {
    switch (action.kind) {
      case "store":
        return this.#store(action.batch);
      case "send":
        return this.#send(action.link, action.frame);
      case "feed":
        return this.#feed(action.peer, action.from);
      case "release":
        return this.#release(action.next, action.held);
      case "probe":
        return void this.#probe(action.peer, action.id, action.address);
      case "drop":
        this.#channels.get(action.link)?.dismiss(this.#core.options.timeoutMs);
        return void this.#channels.delete(action.link);
      case "note":
        sayNote(this.#core.say, action.note, this.inSync);
        if (action.note.kind === "synced") this.#onSynced();
        if (action.note.kind === "ended") this.#ended();
        return;
      case "stop":
        return this.#stop(action.reason);
    }
  }

  async #probe(peer: NodeId, id: number, address: string): Promise<void> {
    const answer = await askPeer(this.#core, peer, address);
    this.#on({ kind: "probed", peer, id, answer });
  }

  #store(batch: Batch): void {
    const { log } = this.#core;
    if (log === undefined) return;
    const bytes = encodeFrame(this.#core.envelope(), {
      kind: "data",
      batch,
      released: this.#left(),
    });
    try {
      log.append(bytes, batch.first);
      this.#encoded = { batch, bytes };
    } catch (error) {
      if (!(error instanceof ReplrtError)) throw error;
      this.#core.giveUpLog(error.message);
      this.#on({ kind: "unlogged" });
    }
  }

  #send(link: Link, frame: Body): void {
    const channel = this.#channels.get(link);
    if (frame.kind === "data" && frame.batch === this.#encoded?.batch) {
      channel?.sendBytes(this.#encoded.bytes);
    } else channel?.send(frame);
  }

  #feed(peer: number, from: number): void {
    let batch: Batch | undefined;
    try {
      batch = this.#core.log?.read(from);
    } catch (error) {
      if (!(error instanceof ReplrtError)) throw error;
      this.#core.giveUpLog(error.message);
      this.#on({ kind: "unlogged" });
    }
    this.#on({ kind: "fed", peer, from, batch });
  }

  #release(next: number, held: number): void {
    this.#released = Math.max(this.#released, next);
    this.#held = Math.max(this.#held, held);
    this.#permits.give(this.#held);
    this.outputs.release(this.#released);
    this.#on({ kind: "left", next: this.#left() });
  }

  #left(): number {
    return Math.min(this.outputs.left(this.#released), this.#leftLimit);
  }

  #follow(channel: Channel, hello: Hello): void {
    const link = ++this.#links;
    this.#channels.set(link, channel);
    const peer = hello.node;
    const address = reachable(hello.address, channel.remote);
    this.#on({
      kind: "connected",
      peer,
      link,
      address,
      next: hello.next,
      epoch: hello.epoch,
    });
    channel.listen({
      frame: (frame) => this.#on({ kind: "received", peer, link, frame }),
      closed: () => {
        this.#channels.delete(link);
        this.#on({ kind: "disconnected", peer, link });
      },
    });
  }

  #report(report: GuestReport): void {
    switch (report.kind) {
      case "ready":
        return;
      case "live":
        return this.#caughtUp();
      case "ended":
        this.#end = report.end;
        return this.#caughtUp();
      default:
        this.close();
        return endForFault(this.#core, report, () => {});
    }
  }

  /** The guest is past the log that it followed: all it queued on its way is in the outbox, and counts from now on. */
  #caughtUp(): void {
    while (this.drain());
    this.#leftLimit = Infinity;
  }

  /** The log has ended, every member holds it, and all outputs on stdio have left. */
  async #ended(): Promise<void> {
    while (this.#end === undefined) await pause();
    const deadline = bootMs() + LAST_BYTES_MS;
    while (!this.outputs.idle && bootMs() < deadline) await pause();
    const end = this.#end;
    this.close();
    this.#core.parts.directories.shared.release(this.#core.holder);
    for (const channel of this.#channels.values()) channel.end();
    this.#core.say.end(end);
    this.#core.end({ code: exitCodeOf(end) });
  }

  #stop(reason: StopReason): void {
    this.close();
    const { say, bind, runText } = this.#core;
    if (reason.kind === "degraded") {
      const error = new ReplrtError(
        `cannot go on alone: backup ${reason.address} gives no answer, and --degraded stop was asked for`,
        "see whether it has taken over before you start this node again",
      );
      return this.#core.end({ error });
    }
    const { address, epoch } = reason;
    say.event({ event: "deposed", epoch: epoch.number, by: address ?? null });
    const error = new ReplrtError(
      `cannot go on as primary at ${formatAddress(bind)}: ${
        address ?? "another node"
      } took over run ${runText} in epoch ${epoch.number}`,
      `to follow it: replrt run … --role backup --join ${
        address ?? "HOST:PORT"
      }`,
    );
    this.#core.end({ error });
  }

  /** Stops the clockwork; nothing is released any more. */
  close(): void {
    clearInterval(this.#ticker);
    this.#turns.stop();
    this.outputs.close();
  }
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 5));
}
