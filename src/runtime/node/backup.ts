import type { TakeOver } from "../../engine/events.ts";
import { runHook } from "../host/hook.ts";
import { type Address, formatAddress } from "../options.ts";
import { BackupDriver } from "./backup_driver.ts";
import type { Core } from "./core.ts";
import { joinRun } from "./join.ts";
import { serve } from "./primary.ts";
import type { PrimaryDriver } from "./primary_driver.ts";
import { refuse, Server } from "./server.ts";

/** Follows the primary at `address`, and becomes primary when that dies. @throws {ReplrtError} when it can't be joined. */
export async function startBackup(core: Core, address: Address): Promise<void> {
  const server = new Server(core);
  await server.listen();
  const old = formatAddress(address);
  core.primary = old;
  server.visitors = {
    probed: () => {},
    hello: (channel) =>
      refuse(channel, {
        code: "backup",
        reason: `this node follows ${old}`,
        next: undefined,
        address: old,
      }),
  };
  const welcome = await joinRun(core, address);
  core.openLog();
  await core.prepareGuest(welcome.config, true);
  const driver = new BackupDriver(
    core,
    address,
    (primary, takeOver) => {
      serve(core, server, primary);
      takeOverService(core, primary, takeOver, old, welcome.serving);
    },
  );
  server.visitors = {
    ...server.visitors,
    probed: (frame, node, from) => driver.heard(frame, node, from),
  };
}

/** Opens the guest's addresses to its clients, and tells the operator's tools. */
async function takeOverService(
  core: Core,
  primary: PrimaryDriver,
  takeOver: TakeOver,
  old: string,
  served: readonly string[],
): Promise<void> {
  const { options, parts, say } = core;
  primary.pump();
  await primary.mayServe();
  if (!takeOver.ended) parts.sockets.listen();
  say.event({
    event: "taken",
    bind: formatAddress(core.bind),
    listen: parts.sockets.texts,
  });
  if (options.onTakeover === undefined) return;
  const code = await runHook(options.onTakeover, {
    REPLRT_EPOCH: `${takeOver.epoch.number}`,
    REPLRT_RUN: core.runText,
    REPLRT_OLD_BIND: old,
    REPLRT_OLD_ADDRESS: served.join(" "),
    REPLRT_BIND: formatAddress(core.bind),
    REPLRT_ADDRESS: parts.sockets.texts.join(" "),
  });
  if (code !== 0) {
    say.event({ event: "hookFailed", command: options.onTakeover, code });
  }
}
