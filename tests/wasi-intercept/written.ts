/** Where a call may write. @module */
import type { GuestMemory } from "../../src/wasi-intercept/memory.ts";
import type { HostileCall } from "./hostile.ts";

/** `size` bytes at `at` of a guest's memory. */
export type Region = readonly [at: number, size: number];

/** Bytes of the rig's arguments and of its environment, with their pointers. */
const ARGUMENTS: readonly number[] = [8, 16], ENVIRONMENT = [8, 32];
const EVENT_SIZE = 32;

/** What a call writes into besides its results: in order, as much of it as one of the results says. */
interface Filled {
  readonly buffers: readonly Region[];
  /** The result that counts, and the bytes that each counted thing has; all may be filled without it. */
  readonly counted?: readonly [name: string, each: number];
}

function filledBy(call: HostileCall, memory: GuestMemory): Filled {
  const at = (name: string) => argument(call, name);
  switch (call.row.name) {
    case "args_get":
    case "environ_get": {
      const sizes = call.row.name === "args_get" ? ARGUMENTS : ENVIRONMENT;
      return { buffers: sizes.map((size, i) => [Number(call.args[i]), size]) };
    }
    case "fd_prestat_dir_name":
      return { buffers: [[at("path"), at("path_len")]] };
    case "fd_readdir":
    case "path_readlink":
      return {
        buffers: [[at("buf"), at("buf_len")]],
        counted: ["bufused", 1],
      };
    case "random_get":
      return { buffers: [[at("buf"), at("buf_len")]] };
    case "poll_oneoff":
      return {
        buffers: [[at("out"), EVENT_SIZE * at("nsubscriptions")]],
        counted: ["nevents", EVENT_SIZE],
      };
    case "fd_read":
    case "fd_pread":
      return { buffers: iovecsOf(call, memory), counted: ["nread", 1] };
    case "sock_recv":
      return { buffers: iovecsOf(call, memory), counted: ["ro_datalen", 1] };
  }
  return { buffers: [] };
}

function argument({ row, args }: HostileCall, wanted: string): number {
  let i = 0;
  for (const [name, type] of row.params) {
    if (name === wanted) return Number(args[i]) >>> 0;
    i += type === "path" ? 2 : 1;
  }
  throw new Error(`${row.name} has no ${wanted}`);
}

function iovecsOf(call: HostileCall, memory: GuestMemory): Region[] {
  const [at, count] = [argument(call, "iovs"), argument(call, "iovs_len")];
  if (count > 1024 || !memory.fits(at, 8 * count)) return [];
  return Array.from(
    { length: count },
    (_, i) => [memory.u32(at + 8 * i), memory.u32(at + 8 * i + 4)],
  );
}

/**
 * Where a call may write if it succeeds; to be asked before the call. The function that it gives, asked after the call, leaves
 * out what lies beyond the count in its result.
 */
export function writtenBy(
  call: HostileCall,
  memory: GuestMemory,
): () => Region[] {
  const { buffers, counted } = filledBy(call, memory);
  const results: Region[] = call.row.params.flatMap((param) =>
    param[1] === "out" ? [[argument(call, param[0]), param[2]] as const] : []
  );
  if (counted === undefined) return () => [...results, ...buffers];
  const [name, each] = counted;
  const count = argument(call, name);
  // A result that lies over the count has the last word.
  const hidden = results.some(([at]) =>
    at !== count && Math.abs(at - count) < 4
  );
  return () => {
    if (hidden) return [...results, ...buffers];
    return [...results, ...first(buffers, each * memory.u32(count))];
  };
}

/** The first `size` bytes of some buffers. */
function first(buffers: readonly Region[], size: number): Region[] {
  let left = size;
  return buffers.map(([at, length]) => {
    const part = Math.min(left, length);
    left -= part;
    return [at, part];
  });
}
