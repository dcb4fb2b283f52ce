/**
 * Nodes of replrt inside a program of your own: start one, watch it, ask it, stop it.
 *
 * @example
 * ```ts
 * import { startNode } from "replrt";
 *
 * const node = startNode({ module: "guests/dist/hello.wasm" });
 * const { code } = await node.exit;
 * if (code !== 0) throw new Error(`exit code ${code}`);
 * ```
 *
 * @module
 */

export type { NodeEvent } from "./embed/events.ts";
export type { NodeExit, NodeStatus, RunningNode } from "./embed/node.ts";
/** Starts a node as a child process, see there. */
export { startNode } from "./embed/node.ts";
export type { NodeOptions } from "./embed/options.ts";
/** What went wrong, and in `next` what to do about it. */
export { ReplrtError } from "./runtime/errors.ts";
