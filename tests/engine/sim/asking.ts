/**
 * What nodes ask each other outside of links: handshakes and probes.
 *
 * @module
 */
import { compareEpochs, type Epoch } from "../../../src/engine/epoch.ts";
import type {
  BackupAction,
  ConnectFailure,
  Link,
  MemberAnswer,
  PeerAnswer,
  PrimaryAction,
} from "../../../src/engine/events.ts";
import type { Failure } from "./network.ts";
import type { Node } from "./node.ts";
import { type Asking, RUN } from "./setup.ts";

type Welcome =
  | { kind: "welcome"; link: Link; epoch: Epoch }
  | { kind: "higher"; epoch: Epoch }
  | { kind: "not primary" };

/** A backup knocks at its primary's address. */
function connect(node: Node): void {
  const target = node.target as Node;
  const next = node.backup?.next ?? 0;
  const { epoch } = node;
  node.network.request<Welcome>(
    node,
    target,
    node.setup.timeoutMs / 4,
    (reply) => greet(target, node, next, epoch, reply),
    (answer) => welcomed(node, target, answer),
    (late) => {
      if (late.kind === "welcome") node.network.close(late.link, node);
    },
  );
}

/** A HELLO came in. */
function greet(
  node: Node,
  from: Node,
  next: number,
  epoch: Epoch | undefined,
  reply: (answer: Welcome) => void,
): void {
  const now = node.time;
  if (node.heir !== undefined && node.primary === undefined) {
    return reply({ kind: "higher", epoch: node.heir.epoch });
  }
  if (node.primary === undefined) return reply({ kind: "not primary" });
  const mine = node.epoch as Epoch;
  if (epoch !== undefined && compareEpochs(mine, epoch) > 0) {
    return reply({ kind: "higher", epoch: mine });
  }
  const link: Link = node.network.open(node, from, [
    () => broke(node, link, from),
    () => broke(from, link, node),
  ]);
  node.ends.set(link, from);
  from.ends.set(link, node);
  reply({ kind: "welcome", link, epoch: mine });
  const address = from.name;
  node.planPrimary(node.primary.on({
    kind: "connected",
    peer: from.id,
    link,
    address,
    next,
    epoch,
    now,
  }));
}

function broke(node: Node, link: Link, other: Node): void {
  const now = node.time;
  node.world.trace(() => `${node.name} lost link ${link} to ${other.name}`);
  if (node.primary !== undefined) {
    const peer = other.id;
    const event = { kind: "disconnected", peer, link, now } as const;
    node.planPrimary(node.primary.on(event));
  } else if (node.heir === undefined) {
    node.planBackup(node.backup?.on({ kind: "disconnected", link, now }) ?? []);
  }
}

function welcomed(node: Node, target: Node, answer: Welcome | Failure): void {
  if (node.backup === undefined || node.heir !== undefined) return;
  const now = node.time;
  if (typeof answer === "object" && answer.kind === "welcome") {
    const { link, epoch } = answer;
    if (node.link !== undefined) node.network.close(node.link, node);
    node.link = link;
    if (node.epoch === undefined) node.epoch = epoch;
    const address = target.name;
    const event = { kind: "connected", link, epoch, run: RUN, address, now };
    return node.planBackup(node.backup.on({ ...event, kind: "connected" }));
  }
  let how: ConnectFailure = { kind: "silent" };
  if (answer === "refused" || answer === "foreign") how = { kind: answer };
  else if (typeof answer === "object" && answer.kind === "higher") {
    how = { kind: "higher", epoch: answer.epoch, address: target.name };
  }
  if (careless(node, answer)) return;
  node.planBackup(node.backup.on({ kind: "connectFailed", how, now }));
}

/** Planted bugs: a takeover that the engine would not do. */
function careless(node: Node, answer: unknown): boolean {
  const { bug } = node.setup;
  const { backup, epoch } = node;
  if (answer !== "refused" || epoch === undefined || !backup) return false;
  const outOfSync = bug === "takeover-out-of-sync" && !backup.inSync;
  const unasked = bug === "members-unasked" && backup.inSync;
  if (!outOfSync && !unasked) return false;
  node.takeOver({
    kind: "takeOver",
    epoch: { number: epoch.number + 1, node: node.id },
    next: backup.next,
    left: node.left,
    former: [],
    members: [],
    ended: false,
    at: node.time,
    why: "refused",
  });
  return true;
}

/** A primary asks a peer. */
function ask(
  node: Node,
  { peer, id }: Extract<PrimaryAction, { kind: "probe" }>,
): void {
  const { nodes, timeoutMs, bug } = node.setup;
  const target = nodes.get(peer) as Node;
  const epoch = node.epoch as Epoch;
  node.network.request<PeerAnswer>(
    node,
    target,
    timeoutMs,
    (reply) => probed(target, node, epoch, reply),
    (given) => {
      let answer = typeof given === "string" ? failed(given) : given;
      const blind = bug === "probe-skipped" || bug === "epoch-unchecked";
      if (blind && answer.kind === "higher") answer = { kind: "same" };
      const now = node.time;
      const event = { kind: "probed", peer, id, answer, now } as const;
      node.planPrimary(node.primary?.on(event) ?? []);
    },
  );
}

function failed(failure: Failure): { kind: "refused" } | { kind: "silent" } {
  return { kind: failure === "silent" ? "silent" : "refused" };
}

/** A PROBE of a primary came in. */
function probed(
  node: Node,
  from: Node,
  epoch: Epoch,
  reply: (answer: PeerAnswer) => void,
): void {
  const mine = node.heir?.epoch ?? node.epoch;
  const higher = mine !== undefined && compareEpochs(mine, epoch) > 0;
  const address = node.name;
  reply(higher ? { kind: "higher", epoch: mine, address } : { kind: "same" });
  if (node.setup.bug !== "epoch-unchecked") hear(node, from, epoch);
}

function hear(node: Node, from: Node, epoch: Epoch): void {
  const event = {
    kind: "heard",
    node: from.id,
    epoch,
    address: from.name,
    now: node.time,
  } as const;
  if (node.primary !== undefined) node.planPrimary(node.primary.on(event));
  else if (node.heir === undefined) {
    node.planBackup(node.backup?.on(event) ?? []);
  }
}

/** A backup asks another member. */
function askMember(
  node: Node,
  action: Extract<BackupAction, { kind: "probe" }>,
): void {
  const { id } = action;
  const target = node.setup.nodes.get(action.node) as Node;
  const epoch = node.epoch as Epoch;
  node.network.request<MemberAnswer>(
    node,
    target,
    node.setup.timeoutMs,
    (reply) => questioned(target, node, epoch, reply),
    (given) => {
      if (node.heir !== undefined) return;
      const answer = typeof given === "string" ? failed(given) : given;
      const now = node.time;
      const event = { kind: "probed", node: action.node, id, answer, now };
      node.planBackup(node.backup?.on({ ...event, kind: "probed" }) ?? []);
    },
  );
}

/** A PROBE of another member came in. */
function questioned(
  node: Node,
  from: Node,
  epoch: Epoch,
  reply: (answer: MemberAnswer) => void,
): void {
  const { heir, primary, backup } = node;
  if (heir !== undefined || primary !== undefined) {
    const mine = heir?.epoch ?? node.epoch;
    const next = heir?.next ?? node.log.length;
    reply({
      kind: "status",
      status: { role: "primary", epoch: mine, members: [], next, heardMs: 0 },
    });
  } else if (backup !== undefined) {
    reply({ kind: "status", status: backup.answer(node.time) });
  }
  hear(node, from, epoch);
}

/** All ways to ask. */
export const ASKING: Asking<Node> = { connect, ask, askMember };
