import { compareEpochs, runTag, sameRun } from "../../engine/epoch.ts";
import type { ConnectFailure } from "../../engine/events.ts";
import type { Frame } from "../../engine/frame.ts";
import {
  type Answer,
  type Channel,
  nextFrame,
  openChannel,
} from "../channel.ts";
import { bootMs } from "../host/clock.ts";
import { type Address, formatAddress } from "../options.ts";
import type { Core } from "./core.ts";
import { checkRefuse, checkWelcome } from "./handshake.ts";
import { helloOf } from "./join.ts";

/** What came of asking for the log. */
export type LinkAttempt =
  | {
    readonly kind: "welcome";
    readonly channel: Channel;
    readonly frame: Frame;
  }
  | { readonly kind: "failed"; readonly how: ConnectFailure }
  /** The primary refuses this node for good. */
  | {
    readonly kind: "unfit";
    readonly reason: string;
    readonly next: string | undefined;
  };

/** How soon a connection that broke before the answer is tried again: a process that dies closes its sockets one by one. */
const AGAIN_MS = 5;

/** Asks the primary at `address` for the log from `next`, within the time-out. */
export async function openLink(
  core: Core,
  address: Address,
  next: number,
): Promise<LinkAttempt> {
  const deadline = bootMs() + core.options.timeoutMs;
  for (;;) {
    const attempt = await tryLink(core, address, next);
    if (attempt !== "broken") return attempt;
    if (bootMs() > deadline) return failed("silent");
    await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
  }
}

async function tryLink(
  core: Core,
  address: Address,
  next: number,
): Promise<LinkAttempt | "broken"> {
  const { timeoutMs } = core.options;
  const channel = await openChannel(address, timeoutMs, core.envelope);
  if (channel === "broken") return "broken";
  if (typeof channel === "string") return failed(channel);
  channel.send({ kind: "hello", value: helloOf(core, "follow", next) });
  const answer = await nextFrame(channel, timeoutMs);
  const attempt = answer.kind === "frame"
    ? attemptOf(core, channel, answer.frame, formatAddress(address))
    : failed(answer.kind);
  if (attempt.kind !== "welcome") channel.destroy();
  return answer.kind === "broken" ? "broken" : attempt;
}

/** Only a refused connection says that the process is gone. */
function failed(how: Exclude<Answer["kind"], "frame">): LinkAttempt {
  const kind = how === "refused" ? "refused" : "silent";
  return { kind: "failed", how: { kind } };
}

function attemptOf(
  core: Core,
  channel: Channel,
  frame: Frame,
  address: string,
): LinkAttempt {
  const { body, epoch, run } = frame;
  if (!sameRun(run, runTag(core.run))) {
    return { kind: "failed", how: { kind: "foreign" } };
  }
  if (compareEpochs(epoch, core.epoch) > 0) {
    return { kind: "failed", how: { kind: "higher", epoch, address } };
  }
  if (body.kind === "welcome" && checkWelcome(body.value) !== undefined) {
    return { kind: "welcome", channel, frame };
  }
  const refusal = body.kind === "refuse" ? checkRefuse(body.value) : undefined;
  return refusal?.code === "mismatch"
    ? { kind: "unfit", reason: refusal.reason, next: refusal.next }
    : { kind: "failed", how: { kind: "silent" } };
}
