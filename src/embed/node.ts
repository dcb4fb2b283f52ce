import { assert } from "../bytes/assert.ts";
import type { ErrorEvent } from "../cli/report.ts";
import type { ReplicatedStatus, StatusAnswer } from "../runtime/embedding.ts";
import { ReplrtError } from "../runtime/errors.ts";
import {
  type ChildEnd,
  type ChildNode,
  spawnNode,
} from "../runtime/host/child.ts";
import { EventLog, type NodeEvent } from "./events.ts";
import { type Checked, checkOptions, type NodeOptions } from "./options.ts";

/** How long a node that is stopped may clean up after itself, in ms; half of what `stop` promises. */
const CLEAN_MS = 50;

/**
 * What a node says of itself. A node that runs alone is busy with its program, so that this is all it can say.
 *
 * @example
 * ```ts
 * import { type NodeStatus, startNode } from "replrt";
 *
 * const node = startNode({ module: "guests/dist/spin.wasm", stdout: "null" });
 * const status: NodeStatus = await node.status();
 * if (status.role !== "solo") throw new Error(`epoch ${status.epoch}?`);
 * await node.stop();
 * ```
 */
export type NodeStatus = { readonly role: "solo" } | ReplicatedStatus;

/**
 * How a node ended.
 *
 * @example
 * ```ts
 * import { type NodeExit, startNode } from "replrt";
 *
 * const exit: NodeExit = await startNode({ module: "none.wasm" }).exit;
 * if (exit.code !== 125 || exit.error?.next === "") throw new Error("no error");
 * ```
 */
export type NodeExit = {
  /** As of `replrt run`: the program's own, or 123, 125, 134; after a signal 128 plus its number. */
  readonly code: number;
  /** The signal that ended it: SIGTERM or SIGKILL after `stop`. */
  readonly signal: Deno.Signal | null;
  /** Why it could not go on, and what to do next; undefined when the program just ended, or was killed. */
  readonly error: ReplrtError | undefined;
};

/**
 * A node as a process of its own, which {@linkcode startNode} gives.
 *
 * It never outlives the program that started it, nor the Worker of that program which did, however that ends; the program
 * goes on as long as its nodes do, unless it calls `Deno.exit`.
 *
 * @example
 * ```ts
 * import { type RunningNode, startNode } from "replrt";
 *
 * const node: RunningNode = startNode({
 *   module: "guests/dist/cat.wasm",
 *   stdin: "piped",
 *   stdout: "piped",
 * });
 * const { readable, writable } = new TextEncoderStream();
 * readable.pipeTo(node.stdin);
 * const writer = writable.getWriter();
 * await writer.write("through a sandbox\n");
 * await writer.close();
 * const text = await new Response(node.stdout).text();
 * if (text !== "through a sandbox\n") throw new Error(text);
 * ```
 */
export class RunningNode {
  /** The node's process; 0 when it could not be started. */
  readonly pid: number;
  /** Resolves when the process has ended; never rejects. */
  readonly exit: Promise<NodeExit>;
  readonly #solo: boolean;
  readonly #child: ChildNode;
  readonly #log = new EventLog();
  readonly #asking: PromiseWithResolvers<NodeStatus>[] = [];
  #error: ReplrtError | undefined;
  #ended = false;

  /** Starts it. */
  constructor({ argv, run }: Checked, options: NodeOptions) {
    const { stdin, stdout, stderr } = options;
    this.#solo = run.role === "solo";
    this.#child = spawnNode(
      argv,
      [stdin ?? "inherit", stdout ?? "inherit", stderr ?? "inherit"],
      (line) => this.#take(JSON.parse(line)),
    );
    this.pid = this.#child.pid;
    this.exit = this.#child.ended.then((end) => this.#finish(end));
  }

  /**
   * What the node says, until its end. Each iterator begins with the node's first event, whenever it is made, and has
   * nothing to do with others; of the past, the last 1,000 events are kept, and one that missed `n` gets
   * `{ event: "dropped", lines: n }`.
   */
  get events(): AsyncIterable<NodeEvent> {
    return this.#log;
  }

  /** The guest's stdin. @throws {ReplrtError} unless it is piped. */
  get stdin(): WritableStream<Uint8Array> {
    return this.#child.stdin ?? notPiped("stdin");
  }

  /** The guest's stdout. @throws {ReplrtError} unless it is piped. */
  get stdout(): ReadableStream<Uint8Array<ArrayBuffer>> {
    return this.#child.stdout ?? notPiped("stdout");
  }

  /** The guest's stderr, which status lines never mix with. @throws {ReplrtError} unless it is piped. */
  get stderr(): ReadableStream<Uint8Array<ArrayBuffer>> {
    return this.#child.stderr ?? notPiped("stderr");
  }

  /** Asks the node what it is now. @throws {ReplrtError} when it ends before it answers. */
  status(): Promise<NodeStatus> {
    if (this.#ended) return Promise.reject(noAnswer());
    if (this.#solo) return Promise.resolve({ role: "solo" });
    const asking = Promise.withResolvers<NodeStatus>();
    this.#asking.push(asking);
    this.#child.ask();
    return asking.promise;
  }

  /**
   * Stops the node within 100 ms, whatever its guest is doing; resolves to its exit, at once if it had ended.
   *
   * This ends the node, not its run: to its backups it is a death like any other, and one of them takes over.
   */
  async stop(): Promise<NodeExit> {
    this.#child.kill(this.#solo ? "SIGKILL" : "SIGTERM");
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), CLEAN_MS);
    const exit = await this.exit;
    clearTimeout(timer);
    return exit;
  }

  #take(line: NodeEvent | StatusAnswer): void {
    if ("status" in line) return this.#answer(line.status);
    if (line.event === "error") this.#error = errorOf(line);
    if (line.event === "dropped" && this.#asking.length > 0) this.#child.ask();
    this.#log.add(line);
  }

  /** Questions may be answered together, and an answer is good for all who asked before it. */
  #answer(status: ReplicatedStatus): void {
    for (const asking of this.#asking.splice(0)) asking.resolve(status);
  }

  #finish({ code, signal, failure }: ChildEnd): NodeExit {
    this.#ended = true;
    this.#log.end();
    for (const asking of this.#asking.splice(0)) asking.reject(noAnswer());
    return { code, signal, error: failure ?? this.#error };
  }
}

/**
 * Starts a node as a child process of this program, which needs `--allow-all`, or at least to run, read and know its
 * environment; the node itself runs with all permissions.
 *
 * @throws {ReplrtError} for wrong options, before a process is started. What goes wrong later is in the node's `exit`.
 *
 * @example
 * ```ts
 * import { startNode } from "replrt";
 *
 * const node = startNode({
 *   module: "guests/dist/kv.wasm",
 *   role: "primary",
 *   bind: "127.0.0.1:0",
 *   tcpListen: ["127.0.0.1:0"],
 *   stdout: "null",
 * });
 * for await (const event of node.events) {
 *   if (event.event === "serving") break;
 * }
 * console.log(await node.status());
 * const { signal } = await node.stop();
 * if (signal === null) throw new Error("it had ended by itself");
 * ```
 */
export function startNode(options: NodeOptions): RunningNode {
  return new RunningNode(checkOptions(options), options);
}

function errorOf({ message, next, exitCode }: ErrorEvent): ReplrtError {
  assert(message !== "", "an error has a message");
  return new ReplrtError(message, next ?? undefined, exitCode);
}

function noAnswer(): ReplrtError {
  return new ReplrtError(
    "cannot ask the node: it has ended",
    "see its exit for the reason",
  );
}

function notPiped(stream: "stdin" | "stdout" | "stderr"): never {
  throw new ReplrtError(
    `cannot use ${stream} of the node: it is not piped`,
    `start the node with ${stream}: "piped"`,
  );
}
