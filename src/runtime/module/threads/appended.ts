import { Type } from "../../../bytes/wasm.ts";
import type { Survey } from "./survey.ts";

const { i32, i64 } = Type;

/** The appended types, as parameters and results: those of the hooks and of the appended functions. */
export const TYPES = {
  nothing: [[], []],
  number: [[], [i32]],
  grow: [[i32], [i32]],
  address: [[i32, i32], [i32]],
  park: [[i32, i64], [i32]],
  notify: [[i32, i32, i32], [i32]],
  wait32: [[i32, i32, i64, i32], [i32]],
  wait64: [[i32, i64, i64, i32], [i32]],
} as const;

/** The appended functions and their types; `helpers.ts` says what each does. */
export const FUNCTIONS = {
  tick: "number",
  spend: "nothing",
  address: "address",
  wait32: "wait32",
  wait64: "wait64",
  notify: "notify",
  grow: "grow",
} as const satisfies Record<string, keyof typeof TYPES>;

/** Indices of what is appended to a module, each at the end of its index space. */
export interface Appended {
  /** The global {@linkcode Exported.quantum}. */
  readonly quantum: number;
  /** The table {@linkcode Exported.hooks}. */
  readonly hooks: number;
  readonly types: Readonly<Record<keyof typeof TYPES, number>>;
  readonly functions: Readonly<Record<keyof typeof FUNCTIONS, number>>;
}

/** Where everything goes that is appended to a module. */
export function appendedTo(survey: Survey): Appended {
  return {
    quantum: survey.globals,
    hooks: survey.tables,
    types: numbered(TYPES, survey.params.length),
    functions: numbered(FUNCTIONS, survey.imported + survey.functions.length),
  };
}

function numbered<Name extends string>(
  items: Readonly<Record<Name, unknown>>,
  first: number,
): Record<Name, number> {
  const names = Object.keys(items) as Name[];
  const entries = names.map((name, i) => [name, first + i] as const);
  return Object.fromEntries(entries) as Record<Name, number>;
}
