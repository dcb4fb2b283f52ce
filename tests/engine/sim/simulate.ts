/**
 * Runs one seed: builds the cluster, lets the faults fall, and looks at what is left.
 *
 * @module
 */
import { ASKING } from "./asking.ts";
import type { Bug } from "./bugs.ts";
import { Network } from "./network.ts";
import { Node } from "./node.ts";
import type { Blow } from "./process.ts";
import type { Setup } from "./setup.ts";
import { Outside } from "./outside.ts";
import {
  END_MS,
  type Fault,
  type Scenario,
  scenarioOf,
  TIMEOUT_MS,
} from "./scenario.ts";
import { Breach, World } from "./world.ts";

/** What came of a seed. */
export interface Outcome {
  readonly seed: number;
  readonly scenario: Scenario;
  /** The rule that did not hold. */
  readonly breach: string | undefined;
  readonly outputs: number;
  readonly takeovers: number;
  /** The trace; empty unless it was asked for. */
  readonly lines: readonly string[];
}

/** Runs the scenario of a seed. */
export function simulate(
  seed: number,
  bug?: Bug,
  tracing = false,
): Outcome {
  const scenario = scenarioOf(seed, bug);
  const world = new World(seed ^ 0x5eed, tracing);
  const cluster = new Cluster(scenario, world);
  let breach: string | undefined;
  try {
    cluster.run();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    breach = error instanceof Breach ? error.message : `${error.stack}`;
  }
  return {
    seed,
    scenario,
    breach,
    outputs: cluster.outside.outputs.size,
    takeovers: cluster.takeovers,
    lines: world.lines,
  };
}

/** All nodes of a scenario. */
class Cluster {
  readonly outside: Outside;
  readonly #scenario: Scenario;
  readonly #world: World;
  readonly #setup: Setup<Node>;
  readonly #nodes: Node[] = [];
  /** Until then nobody else may be struck: a node that could be primary was frozen for long. */
  #spared = -Infinity;

  constructor(scenario: Scenario, world: World) {
    this.#scenario = scenario;
    this.#world = world;
    const nodes = new Map<number, Node>();
    const { decidable, output } = scenario;
    const commit = output === "commit";
    this.outside = new Outside({ decidable, commit }, nodes);
    this.#setup = {
      ...scenario,
      asking: ASKING,
      world,
      network: new Network(world, scenario.conditions),
      outside: this.outside,
      nodes,
      timeoutMs: TIMEOUT_MS,
      heartbeatMs: TIMEOUT_MS / 5,
    };
  }

  /** Nodes that went live beyond the first. */
  get takeovers(): number {
    return this.#nodes.filter(({ primary }) => primary !== undefined).length -
      1;
  }

  run(): void {
    const world = this.#world;
    const first = new Node(1, "A", this.#setup);
    this.#nodes.push(first);
    first.startPrimary();
    this.#scenario.backups.forEach((at, i) => {
      const node = new Node(i + 2, "BCDE"[i] as string, this.#setup);
      this.#nodes.push(node);
      world.at(at, () => node.startBackup(this.#primary() ?? first));
    });
    for (const fault of this.#scenario.faults) {
      world.at(fault.at, () => this.#fall(fault));
    }
    world.run(END_MS);
    this.#judge();
  }

  #primary(): Node | undefined {
    return this.#nodes.findLast((node) =>
      node.primary !== undefined && !node.down
    );
  }

  #fall(fault: Fault): void {
    switch (fault.kind) {
      case "blow":
        return this.#strike(this.#nodes[fault.node] as Node, fault);
      case "cut": {
        const { network } = this.#setup;
        const a = this.#nodes[fault.a] as Node;
        const b = this.#nodes[fault.b] as Node;
        this.#world.trace(() => `cut ${a.name}-${b.name} ${fault.ms}`);
        return network.cut(a, b, this.#world.now + fault.ms, fault.reset);
      }
      case "disk":
        return this.#primary()?.breakDisk();
      case "restart":
        return this.#restart(this.#nodes[fault.node] as Node);
      case "end":
        if (this.#world.now < this.#spared) return;
        return this.#primary()?.endGuest();
    }
  }

  #strike(node: Node, { blow }: Extract<Fault, { kind: "blow" }>): void {
    node.mayFall = (falling) => {
      const now = this.#world.now;
      if (now < this.#spared && this.#spares(falling)) return false;
      const long = falling.ms > TIMEOUT_MS / 2;
      if (long) this.#spared = now + falling.ms + 4 * TIMEOUT_MS;
      return true;
    };
    node.strike({ ...blow });
  }

  /**
   * After a long freeze of a node that was primary, its backups must be alive to say that they took over, and while one
   * node is frozen no other is: else nobody can know. Not in chaos, where that is let happen.
   */
  #spares(blow: Blow): boolean {
    const { flavour, decidable } = this.#scenario;
    const led = this.#nodes.some((node) =>
      node.frozenMs > 0 && node.backup === undefined
    );
    if (flavour === "freezes") return blow.kind === "freeze" || led;
    return flavour === "chaos" && decidable && blow.kind !== "freeze";
  }

  /** A supervisor starts a new run where a process died. */
  #restart(dead: Node): void {
    if (!dead.down || dead.dark) return;
    this.#world.trace(() => `${dead.name} is started again`);
    dead.replaced = true;
  }

  /** When the faults are over, the run goes on, or all have ended with a reason. */
  #judge(): void {
    const alive = this.#nodes.filter((node) => !node.down);
    const primaries = alive.filter((node) => node.primary !== undefined);
    if (!this.#scenario.decidable) return;
    if (primaries.length > 1) throw new Breach("two primaries are left");
    const [primary] = primaries;
    if (primary === undefined) return this.#judgeDead(alive);
    const { next, releasable } = primary.primary?.status() ?? {
      next: 0,
      releasable: 0,
    };
    this.outside.complete(primary, primary.left);
    const recent = primary.lengthAt(END_MS - TIMEOUT_MS);
    if (primary.left < recent) {
      throw new Breach(
        `${primary.name} released ${primary.left} of ${next} (may ${releasable})`,
      );
    }
    for (const node of alive) this.#judgeBackup(node, primary);
  }

  #judgeBackup(node: Node, primary: Node): void {
    const { backup } = node;
    if (backup === undefined || !this.#scenario.lateJoin) return;
    if (node.target !== primary || primary.diskBroken) return;
    if (!backup.inSync) throw new Breach(`${node.name} never got in sync`);
  }

  #judgeDead(alive: readonly Node[]): void {
    for (const node of alive) {
      if (node.backup?.inSync) {
        throw new Breach(`${node.name} is in sync and does not take over`);
      }
      if (node.heir !== undefined) {
        throw new Breach(`${node.name} never finishes its takeover`);
      }
    }
  }
}

/** When a failing seed is named: the command that shows it. */
export function replayCommand(seed: number, bug?: Bug): string {
  const flag = bug === undefined ? "" : ` --bug ${bug}`;
  return `replay with: deno task sim ${seed}${flag}`;
}
