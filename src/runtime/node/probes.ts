import { compareEpochs, runTag, sameRun } from "../../engine/epoch.ts";
import type { MemberAnswer, PeerAnswer } from "../../engine/events.ts";
import type { Frame } from "../../engine/frame.ts";
import { type Answer, ask } from "../channel.ts";
import { type Address, formatAddress } from "../options.ts";
import type { Core, NodeStatus } from "./core.ts";

/** An address in the form HOST:PORT that came over the wire. */
export function parseAddress(text: string): Address | undefined {
  const [, v6, v4, port] =
    /^(?:\[([0-9a-fA-F:]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text) ?? [];
  const host = v6 ?? v4;
  return host === undefined || Number(port) > 65535
    ? undefined
    : { host, port: Number(port) };
}

/** Asks the node at `address` what it is; the probe is a sign of life of this node, and says where it is reached. */
export function probe(core: Core, address: string): Promise<Answer> {
  const target = parseAddress(address);
  if (target === undefined) return Promise.resolve({ kind: "refused" });
  const value = { node: core.self, address: formatAddress(core.bind) };
  return ask(target, core.options.timeoutMs, core.envelope, {
    kind: "probe",
    value,
  });
}

/** The value of a STATUS frame if it has the form of one. */
export function statusOf(frame: Frame): NodeStatus | undefined {
  if (frame.body.kind !== "status") return undefined;
  const status = frame.body.value as NodeStatus;
  const whole = typeof status === "object" && status !== null &&
    (status.role === "primary" || status.role === "backup") &&
    Array.isArray(status.members) && Number.isSafeInteger(status.next) &&
    typeof status.module === "string" &&
    typeof status.address === "string";
  return whole ? status : undefined;
}

/** What a primary makes of a peer's answer. Another run at its address means that its process is gone. */
export async function askPeer(
  core: Core,
  address: string,
): Promise<PeerAnswer> {
  const answer = await probe(core, address);
  if (answer.kind !== "frame") {
    return { kind: answer.kind === "silent" ? "silent" : "refused" };
  }
  const { frame } = answer;
  if (statusOf(frame) === undefined || !sameRun(frame.run, runTag(core.run))) {
    return { kind: "refused" };
  }
  if (compareEpochs(frame.epoch, core.epoch) <= 0) return { kind: "same" };
  return { kind: "higher", epoch: frame.epoch, address };
}

/** What a backup makes of another member's answer. */
export async function askMember(
  core: Core,
  address: string,
): Promise<MemberAnswer> {
  const answer = await probe(core, address);
  if (answer.kind !== "frame") {
    return { kind: answer.kind === "silent" ? "silent" : "refused" };
  }
  const status = statusOf(answer.frame);
  if (status === undefined || !sameRun(answer.frame.run, runTag(core.run))) {
    return { kind: "refused" };
  }
  return { kind: "status", status: { ...status, epoch: answer.frame.epoch } };
}
