/** What guests of the bench import, over a memory that threads share. @module */
import { SPAWN } from "../../src/runtime/module/threads/abi.ts";
import { Errno } from "../../src/wasi-intercept/errno.ts";

type Call = (...args: never[]) => number;

const encoder = new TextEncoder();
const OUTPUTS = [undefined, Deno.stdout, Deno.stderr];
/** Words of a vector: where it begins, and its length. */
const VECTOR_BYTES = 8;

/** The imports of an instance: its memory, the few calls of WASI that it makes, and how it starts a thread. */
export function plainImports(
  memory: WebAssembly.Memory,
  args: readonly string[],
  spawn: (argument: number) => number,
): WebAssembly.Imports {
  const calls = {
    ...argumentCalls(memory, args),
    ...streamCalls(memory),
    ...otherCalls(memory),
  };
  const wasi = new Proxy<Record<string, Call>>(calls, {
    get: (known, name) => known[name as string] ?? (() => Errno.nosys),
  });
  return {
    env: { memory },
    wasi_snapshot_preview1: wasi,
    [SPAWN.module]: { [SPAWN.name]: spawn },
  };
}

function otherCalls(memory: WebAssembly.Memory): Record<string, Call> {
  const view = () => new DataView(memory.buffer);
  return {
    environ_sizes_get: (count: number, size: number) => {
      view().setUint32(count, 0, true);
      view().setUint32(size, 0, true);
      return Errno.success;
    },
    environ_get: () => Errno.success,
    fd_prestat_get: () => Errno.badf,
    clock_time_get: (_id: number, _precision: bigint, into: number) => {
      const ns = BigInt(Math.round(performance.now() * 1e6));
      view().setBigUint64(into, ns, true);
      return Errno.success;
    },
    sched_yield: () => Errno.success,
    proc_exit: (code: number) => Deno.exit(code),
  };
}

function argumentCalls(
  memory: WebAssembly.Memory,
  args: readonly string[],
): Record<string, Call> {
  const texts = args.map((text) => encoder.encode(`${text}\0`));
  const size = texts.reduce((sum, { length }) => sum + length, 0);
  return {
    args_sizes_get: (countAt: number, sizeAt: number) => {
      const view = new DataView(memory.buffer);
      view.setUint32(countAt, texts.length, true);
      view.setUint32(sizeAt, size, true);
      return Errno.success;
    },
    args_get: (pointers: number, at: number) => {
      const view = new DataView(memory.buffer);
      for (const [i, text] of texts.entries()) {
        view.setUint32(pointers + 4 * i, at, true);
        new Uint8Array(memory.buffer).set(text, at);
        at += text.length;
      }
      return Errno.success;
    },
  };
}

function streamCalls(memory: WebAssembly.Memory): Record<string, Call> {
  const vector = (at: number) => {
    const view = new DataView(memory.buffer);
    const start = view.getUint32(at, true);
    return new Uint8Array(memory.buffer, start, view.getUint32(at + 4, true));
  };
  return {
    fd_read: (_fd: number, at: number, _count: number, gotAt: number) => {
      const room = vector(at);
      const bytes = new Uint8Array(room.length);
      const got = Deno.stdin.readSync(bytes) ?? 0;
      room.set(bytes.subarray(0, got));
      new DataView(memory.buffer).setUint32(gotAt, got, true);
      return Errno.success;
    },
    fd_write: (fd: number, at: number, count: number, wroteAt: number) => {
      let wrote = 0;
      for (let i = 0; i < count; i++) {
        const bytes = vector(at + VECTOR_BYTES * i).slice();
        OUTPUTS[fd]!.writeSync(bytes);
        wrote += bytes.length;
      }
      new DataView(memory.buffer).setUint32(wroteAt, wrote, true);
      return Errno.success;
    },
    fd_fdstat_get: (fd: number, at: number) => {
      if (fd > 2) return Errno.badf;
      new Uint8Array(memory.buffer, at, 24).fill(0);
      return Errno.success;
    },
  };
}
