/** Prints docs/SYSCALLS.md from the syscall table. @module */
import {
  arity,
  type Effect,
  type Param,
  type Syscall,
} from "../../src/wasi-intercept/syscall.ts";
import { TABLE } from "../../src/wasi-intercept/table.ts";
import { code, table } from "./markdown.ts";

const EFFECTS: Record<Effect, readonly [meaning: string, logged: string]> = {
  local: ["a function of replicated state alone", "nothing"],
  input: ["observes the world", "arguments, errno, the data it brought"],
  storage: [
    "works on a mirrored directory",
    "arguments, errno, metadata in full, contents as a digest",
  ],
  output: [
    "leaves the node",
    "arguments, errno, how much was accepted; a digest of the bytes",
  ],
};

/** The whole document. */
export function syscalls(): string {
  const supported = TABLE.filter((row) => row.supported).length;
  return [
    "# Syscalls",
    "Printed from `src/wasi-intercept/table.ts` by `deno task docs`. Do not edit.",
    `Supported: ${supported} of ${TABLE.length} functions of ` +
    "`wasi_snapshot_preview1`. The others answer `nosys`, on every node alike.",
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
    "## Functions",
    table(
      ["id", "name", "effect", "parameters", "on a backup"],
      TABLE.map(rowOf),
    ),
    "Parameters are as the wasm import has them: `u32` is an `i32`, `u64` an " +
    "`i64`, `path` two `i32` (pointer and length), `out N` an `i32` that " +
    "points to N bytes which the call writes. Ids are stable on the wire and " +
    "never used again.",
  ].join("\n\n");
}

function rowOf(row: Syscall): string[] {
  const { id, name, effect, params, supported } = row;
  const texts = params.map(parameter).join(", ");
  return [
    `${id}`,
    code(name),
    supported ? effect : "",
    arity(row) === 0 ? "none" : texts,
    supported ? onBackup(row) : "`nosys`",
  ];
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
