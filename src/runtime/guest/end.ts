import { encode } from "cbor-x";
import { decodeControl } from "../../engine/membership.ts";
import { GuestExit } from "../../wasi-intercept/kernel.ts";
import { Deadlock } from "../../wasi-intercept/threads/deadlock.ts";

/** How a guest ended: an outcome like any other, DATA of PROCESS_EXIT. */
export type GuestEnd =
  | { readonly kind: "exit"; readonly code: number }
  /** `frames` are the guest's functions, innermost first, as `name (offset)`. */
  | {
    readonly kind: "trap";
    readonly reason: string;
    readonly frames: readonly string[];
  };

/** Exit code of a node whose guest trapped. */
export const EXIT_TRAP = 134;

/** DATA of PROCESS_EXIT. */
export function encodeEnd(end: GuestEnd): Uint8Array {
  return new Uint8Array(encode(end));
}

/** The reverse of {@linkcode encodeEnd}; undefined for bytes that it does not make. */
export function decodeEnd(data: Uint8Array): GuestEnd | undefined {
  const end = decodeControl<Partial<GuestEnd>>(data);
  return isEnd(end) ? end : undefined;
}

function isEnd(end: Partial<GuestEnd> | undefined): end is GuestEnd {
  if (end?.kind === "exit") return Number.isInteger(end.code);
  return end?.kind === "trap" && typeof end.reason === "string" &&
    Array.isArray(end.frames) &&
    end.frames.every((frame) => typeof frame === "string");
}

/** The exit code of a node whose guest ended so. */
export function exitCodeOf(end: GuestEnd): number {
  return end.kind === "exit" ? end.code & 0xff : EXIT_TRAP;
}

/** Whether two nodes' guests ended alike; a trap's frames may be inlined differently. */
export function sameEnd(a: GuestEnd, b: GuestEnd): boolean {
  if (a.kind === "exit") return b.kind === "exit" && a.code === b.code;
  return b.kind === "trap" && a.reason === b.reason;
}

/** What `_start` left: its return, its exit, or its trap; `undefined` for an exception that is not the guest's. */
export function endOf(error: unknown): GuestEnd | undefined {
  if (error === undefined) return { kind: "exit", code: 0 };
  if (error instanceof GuestExit) return { kind: "exit", code: error.code };
  if (error instanceof Deadlock) return deadlock(error);
  if (error instanceof WebAssembly.RuntimeError) {
    return trap(error, error.message);
  }
  if (
    Object.prototype.toString.call(error) === "[object WebAssembly.Exception]"
  ) {
    return trap(error as Error, "uncaught exception");
  }
  const overflow = error instanceof RangeError &&
    /call stack/.test(error.message);
  return overflow ? trap(error, "call stack exhausted") : undefined;
}

const FRAME =
  /^\s*at (?:(.*?) )?\(?wasm:\/\/.*?:wasm-function\[(\d+)\]:0x([0-9a-f]+)\)?$/;

function trap(error: Error, reason: string): GuestEnd {
  return { kind: "trap", reason, frames: framesOf(error) };
}

/** The innermost frame of each thread is the hook that it waits in. */
function deadlock({ message, traps }: Deadlock): GuestEnd {
  const threads = [...traps].sort(([one], [other]) => one - other);
  const frames = threads.flatMap(([tid, error]) =>
    framesOf(error).slice(1).map((frame) => `thread ${tid}: ${frame}`)
  );
  return { kind: "trap", reason: message, frames };
}

function framesOf(error: Error): string[] {
  return (error.stack ?? "").split("\n").flatMap((line) => {
    const [, name, index, offset] = FRAME.exec(line) ?? [];
    if (index === undefined) return [];
    const [, own = `function ${index}`] =
      /(?:.*\.)?([^.]+)$/.exec(name ?? "") ?? [];
    return [`${own} (0x${offset})`];
  });
}

/** A trap as text for the operator, one line each. */
export function trapLines(end: GuestEnd & { readonly kind: "trap" }): string[] {
  return [
    `error: the program trapped: ${end.reason}`,
    ...end.frames.map((frame, i) => `  ${String(i).padStart(3)}: ${frame}`),
  ];
}
