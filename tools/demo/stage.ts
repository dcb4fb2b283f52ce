import { DemoNode, type Place } from "./node.ts";

/** All that has to be gone at the end: processes and files. */
export class Stage {
  readonly #dir = Deno.makeTempDirSync({ prefix: "replrt-demo-" });
  readonly #nodes: DemoNode[] = [];
  #cleared: Promise<void> | undefined;

  /** A path of the demo's own. */
  path(name: string): string {
    return `${this.#dir}/${name}`;
  }

  /** Starts a node; `role` are its options beside its place. */
  start(place: Place, ...role: string[]): DemoNode {
    const node = new DemoNode(place, role);
    this.#nodes.push(node);
    return node;
  }

  /** Ends what still runs and removes what is on disk, once. */
  clear(): Promise<void> {
    return this.#cleared ??= this.#clear();
  }

  async #clear(): Promise<void> {
    for (const node of this.#nodes) node.kill();
    await Promise.all(this.#nodes.map(({ ended }) => ended));
    Deno.removeSync(this.#dir, { recursive: true });
  }
}
