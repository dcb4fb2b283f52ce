import { encode } from "cbor-x";
import { runTag, sameRun } from "../../engine/epoch.ts";
import { Control, MAX_DATA } from "../../engine/message.ts";
import { ReplrtError } from "../errors.ts";
import { bootMs } from "../host/clock.ts";
import { type Machine, newRunId } from "../host/machine.ts";
import { formatAddress } from "../options.ts";
import type { GuestConfig } from "../guest/config.ts";
import type { Core } from "./core.ts";
import { PrimaryDriver } from "./primary_driver.ts";
import { reachable, Server } from "./server.ts";
import { configOf } from "./solo.ts";

/** Starts a run: this node is its first primary. @throws {ReplrtError} when something it needs can't be had. */
export async function startPrimary(core: Core): Promise<void> {
  const { options, parts, say } = core;
  const { shared } = parts.directories;
  shared.refuseHeld(options.overwrite);
  core.run = newRunId();
  core.epoch = { number: 1, node: core.self };
  const moved = parts.state.claim(core.runText, options.overwrite);
  if (moved !== undefined) {
    say.event({ event: "moved", from: parts.state.path, to: moved });
  }
  await parts.directories.image(parts.state.path);
  const server = new Server(core);
  await server.listen();
  shared.claim(core.holder, options.overwrite);
  core.openLog();
  await core.prepareGuest(configOf(options), false);
  const { heartbeatMs, timeoutMs, output, degraded } = options;
  const driver = new PrimaryDriver(core, {
    ...{
      self: core.self,
      run: runTag(core.run),
      epoch: core.epoch,
      heartbeatMs,
      timeoutMs,
      output,
      degraded,
    },
    ...{ next: 0, lateJoin: core.log !== undefined, now: bootMs() },
  });
  serve(core, server, driver);
  driver.control(Control.processInit, initData(core));
  await driver.waitForBackups(options.waitBackups);
  parts.sockets.listen();
  say.event({
    event: "serving",
    role: "primary",
    bind: formatAddress(core.bind),
    listen: parts.sockets.texts,
  });
  core.guest.go();
  driver.pump();
}

/** DATA of PROCESS_INIT (CBOR): the configuration of the run, and what the directories held at its start. */
export interface InitData {
  readonly run: Uint8Array;
  /** SHA-256 of the module. */
  readonly module: string;
  readonly machine: Machine;
  readonly config: GuestConfig;
  /** Digest of each mirrored directory's manifest. */
  readonly digests: readonly string[];
  /** Where the module was, in a recording. */
  readonly path?: string;
}

/** DATA of PROCESS_INIT for a run. @throws {ReplrtError} when arguments and environment are longer than a message may be. */
export function encodeInit(data: InitData): Uint8Array {
  const bytes = new Uint8Array(encode(data));
  if (bytes.length <= MAX_DATA) return bytes;
  throw new ReplrtError(
    `cannot start: arguments and environment take ${bytes.length} bytes, of which a log holds ${MAX_DATA}`,
    "give the program less, or give it a file",
  );
}

function initData({ run, machine, config, parts }: Core): Uint8Array {
  const digests = parts.directories.images.map(({ manifest }) =>
    manifest.digest
  );
  const module = parts.loaded.hash;
  return encodeInit({ run, module, machine, config: config!, digests });
}

/** Lets a primary take those who come to `--bind`. */
export function serve(core: Core, server: Server, driver: PrimaryDriver): void {
  server.visitors = {
    probed: (frame, node, address) => driver.heard(node, frame.epoch, address),
    hello: (channel, hello, frame) => {
      if (sameRun(frame.run, runTag(core.run))) {
        driver.heard(
          hello.node,
          frame.epoch,
          reachable(hello.address, channel.remote),
        );
      }
      driver.admission.hello(channel, hello);
    },
  };
}
