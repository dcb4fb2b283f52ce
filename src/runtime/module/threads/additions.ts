import { leb, text, Type } from "../../../bytes/wasm.ts";
import { Op } from "../opcodes.ts";
import { SectionId } from "../sections.ts";
import { Exported, HOOKS } from "./abi.ts";
import { type Appended, FUNCTIONS, TYPES } from "./appended.ts";
import { helperBodies } from "./helpers.ts";
import type { Survey } from "./survey.ts";

const FUNCREF = 0x70;
const MUTABLE = 1;
/** Limits with a maximum. */
const EXACTLY = 1;
/** Kinds of exports. */
const Kind = { function: 0, table: 1, global: 3 } as const;

/** More elements of a section. */
export interface Addition {
  readonly id: number;
  readonly count: number;
  readonly contents: readonly number[];
}

/** What is added to a module, in the order of its sections. */
export function additionsTo(
  survey: Survey,
  to: Appended,
  fine: boolean,
): Addition[] {
  const functions = Object.values(FUNCTIONS);
  const bodies = helperBodies(to, fine);
  const names = Object.keys(FUNCTIONS) as (keyof typeof FUNCTIONS)[];
  return [
    addition(SectionId.types, Object.values(TYPES).map(functionType)),
    addition(SectionId.functions, functions.map((type) => leb(to.types[type]))),
    addition(SectionId.tables, [[FUNCREF, EXACTLY, HOOKS, HOOKS]]),
    addition(SectionId.globals, [
      [Type.i32, MUTABLE, Op.i32_const, 0, Op.end],
    ]),
    addition(SectionId.exports, exports(survey, to)),
    addition(SectionId.code, names.map((name) => sized(bodies[name]))),
  ];
}

function addition(id: number, items: readonly number[][]): Addition {
  return { id, count: items.length, contents: items.flat() };
}

function functionType(
  [params, results]: readonly [readonly number[], readonly number[]],
): number[] {
  return [Type.function, ...sized(params), ...sized(results)];
}

function exports(survey: Survey, { hooks, quantum }: Appended): number[][] {
  const found = [
    [...text(Exported.hooks), Kind.table, ...leb(hooks)],
    [...text(Exported.quantum), Kind.global, ...leb(quantum)],
  ];
  if (survey.start === undefined) return found;
  const start = [...text(Exported.start), Kind.function, ...leb(survey.start)];
  return [...found, start];
}

function sized(contents: readonly number[]): number[] {
  return [...leb(contents.length), ...contents];
}
