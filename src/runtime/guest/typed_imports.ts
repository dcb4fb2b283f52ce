import type { Import } from "../../wasi-intercept/specialise.ts";
import { TABLE } from "../../wasi-intercept/table.ts";

const I32 = 0x7f, I64 = 0x7e, FUNCTION = 0x60;
const TYPES = 1, IMPORTS = 2, EXPORTS = 7;

/**
 * Gives JavaScript functions the wasm types of their rows.
 *
 * A function of JavaScript has no type, so that an engine links a guest that imports it with any, and fails at the call. Exported by a module
 * that imports it with the spec's type, it has that one, and the engine compares it at instantiation.
 */
export function typedImports(
  imports: Readonly<Record<string, Import>>,
): Record<string, WebAssembly.ExportValue> {
  const { exports } = new WebAssembly.Instance(MODULE, { w: imports });
  return exports;
}

function leb(n: number): number[] {
  return n < 0x80 ? [n] : [(n & 0x7f) | 0x80, ...leb(n >>> 7)];
}

function section(id: number, items: readonly number[][]): number[] {
  const body = [...leb(items.length), ...items.flat()];
  return [id, ...leb(body.length), ...body];
}

function text(name: string): number[] {
  return [name.length, ...new TextEncoder().encode(name)];
}

/** A module that imports each row's function from `w` and exports it. */
const MODULE = new WebAssembly.Module(
  new Uint8Array([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(
      TYPES,
      TABLE.map(({ name, params }) => {
        const wasm = params.flatMap(([, type]) =>
          type === "path" ? [I32, I32] : type === "u64" ? [I64] : [I32]
        );
        const results = name === "proc_exit" ? [] : [I32];
        return [FUNCTION, wasm.length, ...wasm, results.length, ...results];
      }),
    ),
    ...section(
      IMPORTS,
      TABLE.map(({ name }, i) => [...text("w"), ...text(name), 0, i]),
    ),
    ...section(EXPORTS, TABLE.map(({ name }, i) => [...text(name), 0, i])),
  ]),
);
