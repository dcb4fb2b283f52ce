import { NO_CLOCKS } from "../engine/frame.ts";
import { decodeControl } from "../engine/membership.ts";
import type { TakeoverExtra } from "./guest/protocol.ts";
import type { Stamp } from "./host/clock.ts";

/** A stamp as frames and TAKEOVER carry it: realtime, monotonic, CPU time, 3 × i64 in ns. */
export function stampBytes(
  { realtime, monotonic, cputime }: Stamp,
): Uint8Array<ArrayBuffer> {
  return new Uint8Array(
    new BigInt64Array([realtime, monotonic, cputime]).buffer,
  );
}

/** The reverse of {@linkcode stampBytes}. */
export function stampOf(bytes: Uint8Array): Stamp {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return {
    realtime: view.getBigInt64(0, true),
    monotonic: view.getBigInt64(8, true),
    cputime: view.getBigInt64(16, true),
  };
}

/** The offsets in DATA of TAKEOVER; undefined where there are none. */
export function offsetsIn(data: Uint8Array): Stamp | undefined {
  const offsets = decodeControl<Partial<TakeoverExtra>>(data)?.offsets;
  return offsets instanceof Uint8Array && offsets.length === NO_CLOCKS.length
    ? stampOf(offsets)
    : undefined;
}

/**
 * The offsets that a new primary adds to its own clocks (rule 5).
 *
 * Monotonic and CPU clocks go on from the newest stamp, the monotonic one plus the time since, so that they don't jump back;
 * realtime is this node's own, but never below what was delivered.
 *
 * @param stamp the old primary's guest clocks, as last heard.
 * @param sinceNs time since then, in ns.
 * @param own this node's clocks now, without offsets.
 */
export function offsetsAfter(stamp: Stamp, sinceNs: bigint, own: Stamp): Stamp {
  const behind = stamp.realtime - own.realtime;
  return {
    realtime: behind > 0n ? behind : 0n,
    monotonic: stamp.monotonic + sinceNs - own.monotonic,
    cputime: stamp.cputime - own.cputime,
  };
}
