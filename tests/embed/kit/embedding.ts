/** Nodes that a test embeds itself, and the events that it waits for. @module */
import {
  type NodeEvent,
  type NodeOptions,
  type RunningNode,
  startNode,
} from "replrt";
import { guest, PATIENCE_MS } from "../../kit/node.ts";

type EventOf<N extends NodeEvent["event"]> = Extract<NodeEvent, { event: N }>;

/** What every node of a test with others is started with: a starved machine is not to be mistaken for a freeze. */
export const REPLICATED = { bind: "127.0.0.1:0", timeoutMs: 8000 } as const;

/** What a primary of a test is started with, beside its guest. */
export const PRIMARY = { role: "primary", ...REPLICATED } as const;

const nodes = new Set<RunningNode>();

/** Starts a node with the built guest of that name, silent unless `options` say otherwise. */
export function embed(
  name: string,
  options: Partial<NodeOptions> = {},
): RunningNode {
  const node = startNode({
    module: guest(name),
    stdin: "null",
    stdout: "null",
    stderr: "null",
    ...options,
  });
  nodes.add(node);
  return node;
}

/** Stops all nodes that a test left, for `test.after`. */
export async function stopNodes(): Promise<void> {
  await Promise.all([...nodes].map((node) => node.stop()));
  nodes.clear();
}

/** The first event of that name. @throws {Error} when the node ends or the deadline passes before. */
export async function eventOf<N extends NodeEvent["event"]>(
  node: RunningNode,
  name: N,
): Promise<EventOf<N>> {
  const seen: NodeEvent[] = [];
  const found = async () => {
    for await (const event of node.events) {
      seen.push(event);
      if (event.event === name) return event as EventOf<N>;
    }
    return undefined;
  };
  const event = await soon(found());
  if (event !== undefined) return event;
  throw new Error(`cannot see ${name}: ${JSON.stringify(seen)}`);
}

/** What a promise gives, or undefined when that takes longer than a test waits. */
export async function soon<T>(promise: Promise<T>): Promise<T | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), PATIENCE_MS);
  });
  const first = await Promise.race([promise, late]);
  clearTimeout(timer);
  return first;
}

/** A primary that serves, and a backup that follows it. */
export async function embedPair(
  name: string,
  options: Partial<NodeOptions> = {},
): Promise<{ primary: RunningNode; backup: RunningNode }> {
  const primary = embed(name, { ...options, ...PRIMARY });
  const { bind } = await eventOf(primary, "serving");
  const { args: _, ...own } = options;
  const backup = embed(name, {
    ...own,
    role: "backup",
    ...REPLICATED,
    join: bind as string,
  });
  await eventOf(backup, "following");
  return { primary, backup };
}
