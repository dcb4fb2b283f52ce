import { Section, section, text, Type, WASM_HEAD } from "../../bytes/wasm.ts";
import { TABLE } from "../../wasi-intercept/table.ts";

/**
 * Gives JavaScript functions the wasm types of their rows.
 *
 * A function of JavaScript has no type, so that an engine links a guest that imports it with any, and fails at the call. Exported by a module
 * that imports it with the spec's type, it has that one, and the engine compares it at instantiation.
 */
export function typedImports(
  imports: Readonly<Record<string, WebAssembly.ImportValue>>,
): Record<string, WebAssembly.ExportValue> {
  const { exports } = new WebAssembly.Instance(MODULE, { w: imports });
  return exports;
}

/** A module that imports each row's function from `w` and exports it. */
const MODULE = new WebAssembly.Module(
  new Uint8Array([
    ...WASM_HEAD,
    ...section(
      Section.types,
      TABLE.map(({ name, params }) => {
        const wasm = params.flatMap(([, type]) =>
          type === "path"
            ? [Type.i32, Type.i32]
            : [type === "u64" ? Type.i64 : Type.i32]
        );
        const results = name === "proc_exit" ? [] : [Type.i32];
        return [
          Type.function,
          wasm.length,
          ...wasm,
          results.length,
          ...results,
        ];
      }),
    ),
    ...section(
      Section.imports,
      TABLE.map(({ name }, i) => [...text("w"), ...text(name), 0, i]),
    ),
    ...section(
      Section.exports,
      TABLE.map(({ name }, i) => [...text(name), 0, i]),
    ),
  ]),
);
