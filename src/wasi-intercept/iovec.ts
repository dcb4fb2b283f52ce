import { Errno } from "./errno.ts";
import type { GuestMemory } from "./memory.ts";

/** Most iovecs of one call (IOV_MAX of Linux). */
export const MAX_IOVECS = 1024;

/** Most bytes that the iovecs of one call span: their count is an `i32` of preview1. */
export const MAX_SPAN = 0x7fff_ffff;

/** Bytes that `count` iovecs at `iovs` span; `-Errno.inval` for too many, `-Errno.fault` where one leaves memory. */
export function spanOf(
  memory: GuestMemory,
  iovs: number,
  count: number,
): number {
  if (count > MAX_IOVECS) return -Errno.inval;
  if (!memory.fits(iovs, 8 * count)) return -Errno.fault;
  let total = 0;
  for (let i = 0; i < count; i++) {
    const size = memory.u32(iovs + 8 * i + 4);
    if (!memory.fits(memory.u32(iovs + 8 * i), size)) return -Errno.fault;
    total += size;
  }
  return total > MAX_SPAN ? -Errno.inval : total;
}

/** Folds the first `limit` bytes that the iovecs span into a digest; iovecs that are wrong add nothing. */
export function mixIovecs(
  memory: GuestMemory,
  digest: number,
  iovs: number,
  count: number,
  limit = MAX_SPAN,
): number {
  if (spanOf(memory, iovs, count) < 0) return digest;
  let left = limit;
  for (let i = 0; i < count && left > 0; i++) {
    const size = Math.min(left, memory.u32(iovs + 8 * i + 4));
    digest = memory.mix(digest, memory.u32(iovs + 8 * i), size);
    left -= size;
  }
  return digest;
}

/** Addresses and sizes of the buffers that `scatter` fills. */
const buffers = new Uint32Array(2 * MAX_IOVECS);

/** Copies `bytes` into the buffers that the iovecs span, in order. The iovecs are read first, since a buffer may lie over them. */
export function scatter(
  memory: GuestMemory,
  iovs: number,
  bytes: Uint8Array,
): void {
  let count = 0;
  for (let left = bytes.length; left > 0; count++) {
    const size = Math.min(left, memory.u32(iovs + 8 * count + 4));
    buffers[2 * count] = memory.u32(iovs + 8 * count);
    buffers[2 * count + 1] = size;
    left -= size;
  }
  for (let i = 0, done = 0; i < count; i++) {
    const size = buffers[2 * i + 1]!;
    memory.write(buffers[2 * i]!, bytes.subarray(done, done + size));
    done += size;
  }
}

/** Copies the first `size` bytes that the iovecs span into `target`. */
export function collect(
  memory: GuestMemory,
  iovs: number,
  size: number,
  target: Uint8Array,
): void {
  let done = 0;
  for (let i = 0; done < size; i++) {
    const part = Math.min(size - done, memory.u32(iovs + 8 * i + 4));
    target.set(memory.slice(memory.u32(iovs + 8 * i), part), done);
    done += part;
  }
}
