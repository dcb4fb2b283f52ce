/**
 * Runs and epochs: which application run a frame is of, and which primary's generation (rules 2 and 4).
 *
 * @module
 */

/** A node's id: a u32, drawn by each process at its start. */
export type NodeId = number;

/** Generation of the primary; compared by number, then by node. */
export interface Epoch {
  readonly number: number;
  readonly node: NodeId;
}

/** The first 8 bytes of the 16-byte run id as two little-endian u32, as in every frame. */
export interface RunTag {
  readonly low: number;
  readonly high: number;
}

/** Below 0 when `a` is older than `b`, 0 when they are the same, above 0 when `a` is newer. */
export function compareEpochs(a: Epoch, b: Epoch): number {
  return a.number - b.number || a.node - b.node;
}

/** The tag of a run, from its 16-byte id. */
export function runTag(run: Uint8Array): RunTag {
  const view = new DataView(run.buffer, run.byteOffset, run.byteLength);
  return { low: view.getUint32(0, true), high: view.getUint32(4, true) };
}

/** Whether two tags are of one run. */
export function sameRun(a: RunTag, b: RunTag): boolean {
  return a.low === b.low && a.high === b.high;
}
