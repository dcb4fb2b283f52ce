import { type Epoch, type NodeId, runTag } from "../../engine/epoch.ts";
import type { Status } from "../../engine/events.ts";
import type { Envelope } from "../../engine/frame.ts";
import { NO_CLOCKS } from "../../engine/frame.ts";
import { stampBytes } from "../clocks.ts";
import type { ReplrtError } from "../errors.ts";
import type { GuestConfig } from "../guest/config.ts";
import { traceOf } from "../guest/trace_style.ts";
import { GuestClocks } from "../host/clock.ts";
import { type Machine, randomNodeId, thisMachine } from "../host/machine.ts";
import type { LoadedModule } from "../module/load.ts";
import { type Address, formatAddress, type RunOptions } from "../options.ts";
import type { Say } from "../say.ts";
import type { Directories } from "./directories.ts";
import { LogFile } from "./log_file.ts";
import type { Holder } from "./shared_locks.ts";
import type { GuestSockets } from "./sockets.ts";
import type { StateDir } from "./state_dir.ts";
import { GuestThread } from "./thread.ts";

/** What a node has whatever its role, and keeps through a takeover. */
export interface Parts {
  readonly options: RunOptions;
  readonly say: Say;
  readonly loaded: LoadedModule;
  readonly state: StateDir;
  readonly directories: Directories;
  readonly sockets: GuestSockets;
}

/** The value of a STATUS frame: the engine's, and what this node is. */
export interface NodeStatus extends Status {
  readonly node: NodeId;
  readonly module: string;
  /** Where it takes backups, or will. */
  readonly address: string;
  /** Of the primary that it follows. */
  readonly primary: string | undefined;
}

/** How a node ends: with an exit code, with what the operator has to know, or by a bug of ours. */
export type NodeEnd =
  | { readonly code: number }
  | { readonly error: ReplrtError }
  | { readonly bug: string };

/** A run's id as 32 hex digits. */
export function runText(run: Uint8Array): string {
  return [...run].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The node itself, in either role. */
export class Core {
  readonly self: NodeId = randomNodeId();
  readonly machine: Machine = thisMachine();
  readonly guest = new GuestThread();
  /** The run's 16 bytes; zeroes before this node has one. */
  run = new Uint8Array(16);
  epoch: Epoch = { number: 0, node: 0 };
  config: GuestConfig | undefined;
  /** The guest's clocks, once it is instantiated. */
  clocks: GuestClocks | undefined;
  log: LogFile | undefined;
  /** Why there is no log on disk. */
  unlogged = "it was started with --no-late-join";
  /** Where it takes backups; its port is known once it listens. */
  bind: Address;
  /** What this node answers to a PROBE. */
  answer: () => Status = () => ({
    role: "backup",
    epoch: undefined,
    members: [],
    next: 0,
    heardMs: 0,
  });
  /** The primary that it follows. */
  primary: string | undefined;
  /** Resolves when the node has ended. */
  readonly ended: Promise<NodeEnd>;
  readonly end: (end: NodeEnd) => void;

  constructor(readonly parts: Parts) {
    this.bind = parts.options.bind;
    this.guest.trace = traceOf(parts.options);
    const { promise, resolve } = Promise.withResolvers<NodeEnd>();
    this.ended = promise;
    this.end = resolve;
  }

  get options(): RunOptions {
    return this.parts.options;
  }

  get say(): Say {
    return this.parts.say;
  }

  /** The run's id, as 32 hex digits. */
  get runText(): string {
    return runText(this.run);
  }

  /** This node as a primary that has the shared directories. */
  get holder(): Holder {
    const { runText: run, epoch } = this;
    return { run, epoch, address: formatAddress(this.bind) };
  }

  /** What goes around every frame. */
  readonly envelope = (): Envelope => ({
    run: runTag(this.run),
    epoch: this.epoch,
    clocks: this.clocks === undefined
      ? NO_CLOCKS
      : stampBytes(this.clocks.stamp()),
  });

  /** The value of this node's STATUS frame. */
  status(): NodeStatus {
    const { loaded } = this.parts;
    return {
      ...this.answer(),
      node: this.self,
      module: loaded.hash,
      address: formatAddress(this.bind),
      primary: this.primary,
    };
  }

  /** Instantiates the guest; it waits for `guest.go()`. */
  async prepareGuest(config: GuestConfig, following: boolean): Promise<void> {
    const { directories, sockets, loaded } = this.parts;
    const handles = { dirs: directories.open(), listeners: sockets.handles };
    this.config = config;
    const tid = await this.guest.prepare(
      loaded.prepare(config.schedule),
      config,
      handles,
      following,
    );
    this.clocks = new GuestClocks(tid);
  }

  /** Starts the log on disk; a disk that does not take it is no reason to stop. */
  openLog(): void {
    if (this.options.lateJoin) {
      this.log = new LogFile(`${this.parts.state.path}/log`, this.run);
    }
  }

  /** Gives the log on disk up; the run goes on. */
  giveUpLog(reason: string): void {
    this.log?.close();
    this.log = undefined;
    this.unlogged = reason;
    this.say.event({ event: "lateJoinOff", reason });
  }
}
