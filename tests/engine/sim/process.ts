/**
 * A process of the model: it handles one thing after the other, and can freeze or die between any two steps.
 *
 * @module
 */
import type { Host, Network } from "./network.ts";
import type { World } from "./world.ts";

/** What hits a process, and at which of its coming steps. */
export interface Blow {
  readonly kind: "crash" | "machine" | "freeze";
  steps: number;
  /** Length of a freeze. */
  readonly ms: number;
}

/** Tasks and steps; subclasses say what a step does. */
export abstract class Process<Step> implements Host {
  readonly id: number;
  readonly name: string;
  readonly world: World;
  readonly network: Network;
  down = false;
  dark = false;
  replaced = false;
  /** Why it ended, when it ended by itself. */
  reason: string | undefined;
  frozenUntil = 0;
  /** Virtual time spent frozen. */
  frozenMs = 0;
  /** Called when a blow is about to fall; false spares the process. */
  mayFall: (blow: Blow) => boolean = () => true;
  #blow: Blow | undefined;
  #tasks: (() => void)[] = [];
  #steps: Step[] = [];
  #running = false;
  #ticking = false;
  #unsettled = false;

  constructor(id: number, name: string, world: World, network: Network) {
    this.id = id;
    this.name = name;
    this.world = world;
    this.network = network;
  }

  /** Handles nothing now. */
  get frozen(): boolean {
    return this.frozenUntil > this.world.now;
  }

  /** Its own clock, which differs from the others'. */
  get clock(): number {
    return this.world.now + 1000 * this.id;
  }

  deliver(task: () => void): void {
    if (this.down) return;
    this.#tasks.push(task);
    this.#run();
  }

  /** Queues steps behind those that are not done yet. */
  plan(steps: readonly Step[]): void {
    for (const step of steps) this.#steps.push(step);
    if (steps.length > 0) this.#run();
  }

  /** Ticks from now on. */
  startTicking(everyMs: number, tick: () => void): void {
    const again = () => {
      if (this.down) return;
      if (!this.#ticking) {
        this.#ticking = true;
        this.deliver(() => {
          this.#ticking = false;
          tick();
        });
      }
      this.world.after(everyMs * this.world.random.real(0.8, 1.2), again);
    };
    this.world.after(this.world.random.real(0, everyMs), again);
  }

  /** Lets a blow fall at a coming step. */
  strike(blow: Blow): void {
    this.#blow = blow;
    if (blow.steps === 0) this.#fall(blow);
  }

  /** Ends by itself. */
  exit(reason: string): void {
    if (this.down) return;
    this.world.trace(() => `${this.name} ends: ${reason}`);
    this.reason = reason;
    this.down = true;
    this.network.vanish(this, false);
  }

  #fall(blow: Blow): void {
    this.#blow = undefined;
    if (this.down || !this.mayFall(blow)) return;
    this.world.trace(() => `${this.name} ${blow.kind} ${blow.ms.toFixed(0)}`);
    if (blow.kind === "freeze") {
      this.frozenUntil = Math.max(this.frozenUntil, this.world.now + blow.ms);
      this.frozenMs += blow.ms;
      this.world.at(this.frozenUntil, () => this.#run());
    } else {
      this.down = true;
      this.dark = blow.kind === "machine";
      this.network.vanish(this, this.world.random.chance(0.5));
    }
  }

  /** Does one step. */
  protected abstract step(step: Step): void;

  /** Called when a task and all its steps are done; may plan more. */
  protected abstract settle(): void;

  #run(): void {
    if (this.#running) return;
    this.#running = true;
    while (!this.down && !this.frozen) {
      if (this.#steps.length > 0) {
        if (this.#blow !== undefined && --this.#blow.steps <= 0) {
          this.#fall(this.#blow);
          continue;
        }
        this.step(this.#steps.shift() as Step);
      } else if (this.#unsettled) {
        this.#unsettled = false;
        this.settle();
      } else {
        const task = this.#tasks.shift();
        if (task === undefined) break;
        this.#unsettled = true;
        task();
      }
    }
    this.#running = false;
  }
}
