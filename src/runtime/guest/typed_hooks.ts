import { Section, section, text, Type, WASM_HEAD } from "../../bytes/wasm.ts";
import { suspending } from "./jspi.ts";

/** What the code calls that the rewriter puts into a module with threads. */
export interface Hooks {
  /** The quantum is used up; gives the next one. */
  yield(): number | Promise<number>;
  /** Parks the thread until the word at `address` is notified, for `timeoutNs` (negative: for ever). */
  wait(address: number, timeoutNs: bigint): number | Promise<number>;
  /** Wakes up to `count` threads; gives how many. */
  notify(address: number, count: number): number;
  /** The memory has grown. */
  grown(): void;
}

/** A function that a table takes. */
type WasmFunction = (...args: never[]) => unknown;

const { i32, i64 } = Type;

/** In the order of the table `replrt:hooks`. */
const SIGNATURES = [
  ["yield", [], [i32]],
  ["wait", [i32, i64], [i32]],
  ["notify", [i32, i32], [i32]],
  ["grown", [], []],
] as const;

/** The hooks with the types that the module calls them by, in the order of its table. */
export function typedHooks(hooks: Hooks): WasmFunction[] {
  const w = {
    yield: suspending(() => hooks.yield()),
    wait: suspending((address: number, timeoutNs: bigint) =>
      hooks.wait(address >>> 0, timeoutNs)
    ),
    notify: (address: number, count: number) =>
      hooks.notify(address >>> 0, count >>> 0),
    grown: () => hooks.grown(),
  };
  const { exports } = new WebAssembly.Instance(MODULE, { w });
  return SIGNATURES.map(([name]) => exports[name] as WasmFunction);
}

const MODULE = new WebAssembly.Module(
  new Uint8Array([
    ...WASM_HEAD,
    ...section(
      Section.types,
      SIGNATURES.map(([, params, results]) => [
        ...[Type.function, params.length, ...params],
        ...[results.length, ...results],
      ]),
    ),
    ...section(
      Section.imports,
      SIGNATURES.map(([name], i) => [...text("w"), ...text(name), 0, i]),
    ),
    ...section(
      Section.exports,
      SIGNATURES.map(([name], i) => [...text(name), 0, i]),
    ),
  ]),
);
