/**
 * What a seed stands for: a cluster, a network, and the faults that hit them.
 *
 * Four flavours. "crashes": processes and machines die, links break and heal quickly. "freezes": one node at a time is
 * stopped for short or long. "cutoff": one of several backups is cut off from the primary, for as long as it takes, but
 * not from the others; then the primary dies. In these every node can know what it must, and all rules are held. "chaos": freezes and
 * partitions of any length. There two sides can't always know (README: what a partition can lose), so only what every
 * node can hold alone is checked; but with one backup and `--degraded stop` all rules hold even there.
 *
 * @module
 */
import type { Bug } from "./bugs.ts";
import type { Conditions } from "./network.ts";
import type { Blow } from "./process.ts";
import { Random } from "./random.ts";

/** Time-out of all nodes; the other times are in proportion to it. */
export const TIMEOUT_MS = 100;
/** Faults fall until then. */
export const FAULTS_MS = 600;
/** The end; by then everything must have settled. */
export const END_MS = 1500;

/** One fault. Nodes are named by their place: 0 is the first primary. */
export type Fault =
  & { readonly at: number }
  & (
    | { readonly kind: "blow"; readonly node: number; readonly blow: Blow }
    | {
      readonly kind: "cut";
      readonly a: number;
      readonly b: number;
      readonly ms: number;
      readonly reset: boolean;
    }
    | { readonly kind: "disk" }
    | { readonly kind: "restart"; readonly node: number }
    | { readonly kind: "end" }
  );

/** A whole scenario. */
export interface Scenario {
  readonly seed: number;
  readonly bug: Bug | undefined;
  readonly flavour: "crashes" | "freezes" | "cutoff" | "chaos";
  /** When each backup starts. */
  readonly backups: readonly number[];
  readonly conditions: Conditions;
  readonly output: "commit" | "async";
  readonly degraded: "run" | "stop";
  readonly lateJoin: boolean;
  readonly tight: boolean;
  readonly encoded: boolean;
  readonly diskMs: number;
  readonly drain: number;
  readonly guestMs: number;
  readonly faults: readonly Fault[];
  /** All rules hold. */
  readonly decidable: boolean;
}

/** The scenario of a seed. */
export function scenarioOf(seed: number, bug?: Bug): Scenario {
  const random = new Random(seed);
  const flavour = random.pick(
    ["crashes", "crashes", "freezes", "freezes", "cutoff", "chaos"] as const,
  );
  const count = random.pick(flavour === "cutoff" ? [2, 3] : [1, 1, 2, 2, 3]);
  const late = flavour !== "cutoff" && random.chance(0.3);
  const backups = Array.from(
    { length: count },
    (_, i) => late && i > 0 ? random.real(50, 400) : random.real(0, 20),
  );
  const datagrams = random.chance(0.25);
  const tight = random.chance(0.4);
  const degraded = random.chance(0.75) ? "run" : "stop";
  const faults = faultsOf(flavour, count + 1, random);
  return {
    seed,
    bug,
    flavour,
    backups,
    conditions: {
      delayMs: random.pick([[0.05, 0.3], [0.1, 2], [1, 4]] as const),
      datagrams,
      loss: random.pick([0, 0.02, 0.1]),
      doubling: 0.1,
    },
    output: random.chance(0.9) ? "commit" : "async",
    degraded,
    lateJoin: flavour === "cutoff" || random.chance(0.9),
    tight,
    encoded: random.chance(0.05),
    diskMs: random.pick([0.5, 5]),
    drain: random.pick([1, 4, 1000]),
    guestMs: tight ? 30 : random.pick([3, 10, 30]),
    faults,
    decidable: flavour !== "chaos" || (count === 1 && degraded === "stop"),
  };
}

function faultsOf(
  flavour: Scenario["flavour"],
  nodes: number,
  random: Random,
): Fault[] {
  const faults: Fault[] = [];
  const any = () => random.chance(0.5) ? 0 : random.int(0, nodes - 1);
  const at = () => random.real(30, FAULTS_MS);
  const crash = (): Blow => ({
    kind: random.chance(0.8) ? "crash" : "machine",
    steps: random.chance(0.6) ? random.int(1, 12) : 0,
    ms: 0,
  });
  const freeze = (ms: number): Blow => ({
    kind: "freeze",
    steps: random.chance(0.6) ? random.int(1, 12) : 0,
    ms,
  });
  const cut = (ms: number): Fault => {
    const a = any();
    const b = (a + random.int(1, nodes - 1)) % nodes;
    return { kind: "cut", a, b, ms, reset: random.chance(0.7), at: at() };
  };
  const blow = (blow: Blow): Fault => ({
    kind: "blow",
    node: any(),
    blow,
    at: at(),
  });
  if (flavour === "crashes") {
    for (let i = random.int(0, 4); i > 0; i--) {
      faults.push(cut(random.real(0, TIMEOUT_MS / 8)));
    }
  }
  if (flavour === "freezes") {
    for (let i = random.int(1, 2); i > 0; i--) {
      faults.push(blow(freeze(random.real(0.05, 4) * TIMEOUT_MS)));
    }
  }
  if (flavour === "cutoff") return cutOff(nodes, random);
  if (flavour === "freezes" && random.chance(0.3)) {
    return overslept(nodes, random);
  }
  if (flavour === "chaos") {
    for (let i = random.int(1, 3); i > 0; i--) {
      faults.push(blow(freeze(random.real(0.05, 4) * TIMEOUT_MS)));
      faults.push(cut(random.real(0, 4) * TIMEOUT_MS));
    }
  }
  for (let i = random.int(0, 2); i > 0; i--) {
    const hit = blow(crash());
    faults.push(hit);
    if (hit.kind === "blow" && random.chance(0.3)) {
      faults.push({
        kind: "restart",
        node: hit.node,
        at: hit.at + random.real(1, 60),
      });
    }
  }
  if (random.chance(0.1)) faults.push({ kind: "disk", at: at() });
  if (flavour !== "freezes" && random.chance(0.15)) {
    faults.push({ kind: "end", at: at() });
  }
  return faults;
}

/** A backup is frozen until it is removed, and the primary dies before the backup knows. */
function overslept(nodes: number, random: Random): Fault[] {
  const at = random.real(60, 150);
  const ms = random.real(2.5, 4) * TIMEOUT_MS;
  const node = random.int(1, nodes - 1);
  const freeze: Blow = { kind: "freeze", steps: 0, ms };
  const crash: Blow = { kind: "crash", steps: random.int(0, 5), ms: 0 };
  return [
    { kind: "blow", node, blow: freeze, at },
    {
      kind: "blow",
      node: 0,
      blow: crash,
      at: at + random.real(2, 4.1) * TIMEOUT_MS,
    },
  ];
}

/** A backup can't reach the primary any more, which dies a while later. */
function cutOff(nodes: number, random: Random): Fault[] {
  const at = random.real(60, 150);
  const b = random.int(1, nodes - 1);
  const ms = random.real(1, 8) * TIMEOUT_MS;
  const cut: Fault = {
    kind: "cut",
    a: 0,
    b,
    ms,
    reset: random.chance(0.5),
    at,
  };
  const crash: Blow = { kind: "crash", steps: random.int(0, 8), ms: 0 };
  const dies = at + random.real(0, 4.5) * TIMEOUT_MS;
  return random.chance(0.8)
    ? [cut, { kind: "blow", node: 0, blow: crash, at: dies }]
    : [cut];
}
