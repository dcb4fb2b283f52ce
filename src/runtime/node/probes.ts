import {
  compareEpochs,
  type NodeId,
  runTag,
  sameRun,
} from "../../engine/epoch.ts";
import type { MemberAnswer, PeerAnswer } from "../../engine/events.ts";
import type { Envelope, Frame } from "../../engine/frame.ts";
import { type Answer, ask } from "../channel.ts";
import { bootMs } from "../host/clock.ts";
import { type Address, formatAddress, type RunOptions } from "../options.ts";
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

/** Who asks. */
export interface Asker {
  readonly self: NodeId;
  /** Where it is reached. */
  readonly bind: Address;
  readonly options: RunOptions;
  readonly envelope: () => Envelope;
}

/**
 * Asks the node at `address` what it is; the probe is a sign of life of this node, and says where it is reached. A connection
 * that breaks is no answer: it asks again, until the time-out.
 */
export async function probe(
  asker: Asker,
  address: string,
): Promise<Answer> {
  const target = parseAddress(address);
  if (target === undefined) return { kind: "silent" };
  const { timeoutMs, heartbeatMs } = asker.options;
  const value = { node: asker.self, address: formatAddress(asker.bind) };
  const deadline = bootMs() + timeoutMs;
  for (let left = timeoutMs; left > 0; left = deadline - bootMs()) {
    const answer = await ask(target, left, asker.envelope, {
      kind: "probe",
      value,
    });
    if (answer.kind !== "broken") return answer;
    await new Promise((resolve) => setTimeout(resolve, heartbeatMs / 2));
  }
  return { kind: "silent" };
}

/** The value of a STATUS frame if it has the form of one. */
export function statusOf(frame: Frame): NodeStatus | undefined {
  if (frame.body.kind !== "status") return undefined;
  const status = frame.body.value as NodeStatus;
  const whole = typeof status === "object" && status !== null &&
    (status.role === "primary" || status.role === "backup") &&
    Array.isArray(status.members) && Number.isSafeInteger(status.next) &&
    typeof status.node === "number" && typeof status.module === "string" &&
    typeof status.address === "string";
  return whole ? status : undefined;
}

/**
 * The status of the node of this run at `address`. Another run there means that the process which had the address is gone, as
 * "refused" does; what is no status, or this node itself, is no answer.
 */
async function askRun(
  core: Core,
  address: string,
): Promise<
  | { readonly kind: "refused" | "silent" }
  | {
    readonly kind: "status";
    readonly frame: Frame;
    readonly status: NodeStatus;
  }
> {
  const answer = await probe(core, address);
  if (answer.kind === "refused") return { kind: "refused" };
  if (answer.kind !== "frame") return { kind: "silent" };
  const { frame } = answer;
  const status = statusOf(frame);
  if (status === undefined || status.node === core.self) {
    return { kind: "silent" };
  }
  if (!sameRun(frame.run, runTag(core.run))) return { kind: "refused" };
  return { kind: "status", frame, status };
}

/** What a primary makes of the answer of peer `node`; another node at its address means that its process is gone. */
export async function askPeer(
  core: Core,
  node: NodeId,
  address: string,
): Promise<PeerAnswer> {
  const answer = await askRun(core, address);
  if (answer.kind !== "status") return answer;
  const { epoch } = answer.frame;
  if (compareEpochs(epoch, core.epoch) > 0) {
    return { kind: "higher", epoch, address };
  }
  return { kind: answer.status.node === node ? "same" : "refused" };
}

/** What a backup makes of the answer of another member, `node`. */
export async function askMember(
  core: Core,
  node: NodeId,
  address: string,
): Promise<MemberAnswer> {
  const answer = await askRun(core, address);
  if (answer.kind !== "status") return answer;
  const { frame, status } = answer;
  const higher = compareEpochs(frame.epoch, core.epoch) > 0;
  if (status.node !== node && !higher) return { kind: "refused" };
  return { kind: "status", status: { ...status, epoch: frame.epoch } };
}
