/** Nodes of the guest `shared`, which does as many steps as it is told on stdin. @module */
import type { RunningNode } from "../../kit/node.ts";
import { Proxy } from "../../nodes/kit/proxy.ts";
import { launch, startPrimary } from "./cluster.ts";

/** A node whose guest can be told how far to go. */
export class Told {
  readonly node: RunningNode;
  /** Where it takes backups; of a backup unknown until it is in sync. */
  bind: string;
  readonly #stdin: Stdin;

  private constructor(node: RunningNode, bind: string, stdin: Stdin) {
    this.node = node;
    this.bind = bind;
    this.#stdin = stdin;
  }

  /** A primary that serves. */
  static async primary(options: readonly string[]): Promise<Told> {
    const stdin = new Stdin();
    const { node, bind } = await startPrimary("shared", {
      options,
      stdin: stdin.stream,
    });
    return new Told(node, bind, stdin);
  }

  /** A backup of whoever is primary behind `address`, now or later. */
  static backup(address: string, options: readonly string[]): Told {
    const stdin = new Stdin();
    const all = ["--role", "backup", "--join", address, ...options];
    const node = launch("shared", { options: all, stdin: stdin.stream });
    return new Told(node, "", stdin);
  }

  /** The guest is to do all steps below `goal`, if it has not yet. */
  goOn(goal: number): void {
    this.#stdin.say(`${goal}\n`);
  }

  /** The guest ends when it has done what it was told. */
  end(): void {
    this.#stdin.end();
  }

  /** Resolves when the node has printed that `step` is done. */
  async did(step: number): Promise<void> {
    await this.node.waitForOutput(new RegExp(`^step ${step} `, "m"));
  }
}

/** A pipe into a node. */
class Stdin {
  #controller!: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>;
  readonly stream = new ReadableStream<Uint8Array<ArrayBuffer>>({
    start: (controller) => void (this.#controller = controller),
    cancel: () => {},
  });

  say(text: string): void {
    this.#controller.enqueue(new TextEncoder().encode(text));
  }

  end(): void {
    this.#controller.close();
  }
}

/** A primary, a backup in sync behind a proxy, and one more backup that waits for that one to be primary. */
export interface Chain {
  readonly primary: Told;
  readonly proxy: Proxy;
  readonly backup: Told;
  readonly spare: { readonly proxy: Proxy; readonly node: Told };
}

function behindProxy(bind: string, options: readonly string[]) {
  const proxy = new Proxy(bind);
  return { proxy, node: Told.backup(proxy.address, options) };
}

/** Waits until `backup` follows `primary`, and starts the next backup. */
export async function chain(
  primary: Told,
  { proxy, node: backup }: Chain["spare"],
  options: readonly string[],
): Promise<Chain> {
  await backup.node.waitForEvent("following");
  backup.bind = (await primary.node.waitForEvent("synced")).peer;
  return { primary, proxy, backup, spare: behindProxy(backup.bind, options) };
}

/** A new run. */
export async function startChain(options: readonly string[]): Promise<Chain> {
  const primary = await Told.primary(options);
  return await chain(primary, behindProxy(primary.bind, options), options);
}
