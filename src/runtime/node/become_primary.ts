import { encode } from "cbor-x";
import { runTag } from "../../engine/epoch.ts";
import type { TakeOver } from "../../engine/events.ts";
import { Control } from "../../engine/message.ts";
import { offsetsAfter, stampBytes } from "../clocks.ts";
import { liveRecord } from "../guest/ring_messages.ts";
import {
  bootMs,
  type GuestClocks,
  NO_OFFSETS,
  type Stamp,
} from "../host/clock.ts";
import type { Core } from "./core.ts";
import type { InboxFeeder } from "./inbox.ts";
import { type BeforeTakeover, PrimaryDriver } from "./primary_driver.ts";

/** What a backup knew of its primary and hands on to itself as one. */
export interface Inheritance extends BeforeTakeover {
  /** The guest's inbox, which still holds what the guest has not followed. */
  readonly inbox: InboxFeeder;
  /** The newest stamp of the old primary's guest clocks, and when it came in. */
  readonly stamp: { readonly clocks: Stamp; readonly at: number } | undefined;
  /** The old primary's address. */
  readonly old: string;
}

/** Makes a backup that decided to take over the primary: its first message is TAKEOVER, behind which the guest waits for {@linkcode goLive}. */
export function becomePrimary(
  core: Core,
  action: TakeOver,
  before: Inheritance,
): PrimaryDriver {
  const { heartbeatMs, timeoutMs, output, degraded } = core.options;
  const { epoch, next, left, former, ended, at } = action;
  const heardAt = before.stamp?.at ?? at;
  const ms = Math.round(bootMs() - heardAt);
  core.say.event({
    event: "takeover",
    epoch: epoch.number,
    old: before.old,
    seq: next,
    ms,
  });
  core.epoch = epoch;
  core.primary = undefined;
  const clocks = core.clocks as GuestClocks;
  const offsets = before.stamp === undefined ? NO_OFFSETS : offsetsAfter(
    before.stamp.clocks,
    BigInt(Math.round((bootMs() - heardAt) * 1e6)),
    clocks.stamp(),
  );
  const timing = { heartbeatMs, timeoutMs, output, degraded, now: at };
  const log = { next, left, former, ended, lateJoin: core.log !== undefined };
  const driver = new PrimaryDriver(core, {
    self: core.self,
    run: runTag(core.run),
    epoch,
    ...timing,
    ...log,
  }, before);
  if (ended) return driver;
  clocks.offsets = offsets;
  const data = new Uint8Array(encode({ epoch, offsets: stampBytes(offsets) }));
  before.inbox.push(driver.control(Control.takeover, data), false);
  return driver;
}

/** Lets the guest go on live once it has followed the log to its end; its listening sockets take connections by then. */
export function goLive(inbox: InboxFeeder): void {
  inbox.close(liveRecord());
}
