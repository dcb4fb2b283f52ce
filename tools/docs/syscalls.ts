/** Prints docs/SYSCALLS.md from the syscall table. @module */
import { DIFFERENT } from "../../src/runtime/module/load.ts";
import { Control } from "../../src/engine/message.ts";
import { Right } from "../../src/wasi-intercept/rights.ts";
import {
  arity,
  type Effect,
  INTENT,
  type Param,
  type Syscall,
} from "../../src/wasi-intercept/syscall.ts";
import { TABLE } from "../../src/wasi-intercept/table.ts";
import { code, table } from "./markdown.ts";

const EFFECTS: Record<Effect, readonly [meaning: string, logged: string]> = {
  local: ["a function of replicated state alone", "nothing"],
  input: ["observes the world", "arguments, errno, the data it brought"],
  storage: [
    "works on a directory",
    "arguments, errno, metadata in full; contents as a digest, of a shared directory in full",
  ],
  output: [
    "leaves the node",
    "arguments, errno, how much was accepted; a digest of the bytes",
  ],
};

const PARKS: Record<NonNullable<Syscall["parks"]>, string> = {
  waits: "go on while it waits",
  yields: "go first",
  ends: "end",
};

/** The whole document. */
export function syscalls(): string {
  return [
    "# Syscalls",
    "Printed from `src/wasi-intercept/table.ts` by `deno task docs`. Do not edit.",
    `All ${TABLE.length} functions of ` +
    "`wasi_snapshot_preview1`. A module may import them from `wasi_unstable` " +
    `too, but for ${DIFFERENT.map(code).join(", ")}, which ` +
    "differ there or are not there at all.",
    "## Effects",
    table(
      ["effect", "what it is", "in the log"],
      Object.entries(EFFECTS).map(([effect, texts]) => [effect, ...texts]),
    ),
    "A row is named after its widest effect. What it does depends on its " +
    "descriptor: on a mirrored file `fd_read` and `fd_write` are storage. " +
    "An errno that follows from replicated state alone (a descriptor that is " +
    "not open, a pointer outside the memory) is not logged. `proc_exit` makes " +
    "the control message that ends the log.",
    "On a backup, a call of effect `local` is computed; every other one takes " +
    "its outcome from the log. A call that is mirrored is also done by the " +
    "backup, on its own copy, exactly as far as the log says it went, and " +
    "compared.",
    "In a shared directory, which all nodes mount, a backup does nothing. A call " +
    "that changes something there is logged as an intent first, a message whose " +
    `method is ${INTENT} higher; the primary acts when its backups hold it. A ` +
    "backup that becomes primary and finds an intent without an outcome does the " +
    "call again.",
    "A program with threads has one function more, `thread-spawn` of the module " +
    `\`wasi\`: it is the control message THREAD_CREATE (${Control.threadCreate}), ` +
    "not a row.",
    "## Functions",
    table(
      [
        ...["id", "name", "effect", "parameters", "rights"],
        ...["on a backup", "in a shared directory", "other threads"],
      ],
      TABLE.map(rowOf),
    ),
    "Parameters are as the wasm import has them: `u32` is an `i32`, `u64` an " +
    "`i64`, `path` two `i32` (pointer and length), `out N` an `i32` that " +
    "points to N bytes which the call writes. Ids are stable on the wire and " +
    "never used again.",
  ].join("\n\n");
}

function rowOf(row: Syscall): string[] {
  const { id, name, effect, params, needs = {}, intent, parks } = row;
  const texts = params.map(parameter).join(", ");
  return [
    `${id}`,
    code(name),
    effect,
    arity(row) === 0 ? "none" : texts,
    Object.values(needs).flat().map(rightNames).join(", "),
    onBackup(row),
    intent === undefined ? "" : "intent first",
    parks === undefined ? "" : PARKS[parks],
  ];
}

function rightNames(bits: number): string {
  return Object.entries(Right).filter(([, bit]) => bits & bit)
    .map(([name]) => code(name)).join(" or ");
}

function parameter([name, type, size]: Param): string {
  return type === "out" ? `${name}: out ${size}` : `${name}: ${type}`;
}

function onBackup({ effect, mirror }: Syscall): string {
  if (effect === "local") return "computed";
  return mirror === undefined
    ? "taken from the log"
    : "taken from the log, mirrored";
}
