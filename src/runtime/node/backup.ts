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
    (primary, takeOver, goLive) => {
      serve(core, server, primary);
      takeOverService(core, primary, takeOver, goLive).then(async (serves) => {
        if (serves) {
          await runTakeoverHook(core, takeOver, old, welcome.serving);
        }
      });
    },
  );
  server.visitors = {
    ...server.visitors,
    probed: (frame, node, from) => driver.heard(frame, node, from),
  };
}

/** Takes the shared directories, opens the guest's addresses to its clients, then lets it go live. Gives whether it could. */
async function takeOverService(
  core: Core,
  primary: PrimaryDriver,
  takeOver: TakeOver,
  goLive: () => void,
): Promise<boolean> {
  const { sockets } = core.parts;
  primary.pump();
  await primary.mayServe();
  if (!takeOver.ended) {
    if (!primary.takeShared()) return false;
    sockets.listen();
    goLive();
  }
  const bind = formatAddress(core.bind);
  core.say.event({ event: "taken", bind, listen: sockets.texts });
  return true;
}

/** Tells the operator's tools, by `--on-takeover`; `old` and `served` are the dead primary's addresses. */
async function runTakeoverHook(
  core: Core,
  { epoch }: TakeOver,
  old: string,
  served: readonly string[],
): Promise<void> {
  const { options, parts, say } = core;
  if (options.onTakeover === undefined) return;
  const code = await runHook(options.onTakeover, {
    REPLRT_EPOCH: `${epoch.number}`,
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
