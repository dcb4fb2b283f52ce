import { FLAGS } from "../cli/flags.ts";
import { runOptionsOf } from "../cli/options.ts";
import { ReplrtError } from "../runtime/errors.ts";
import type { Stdio } from "../runtime/host/child.ts";
import type { RunOptions } from "../runtime/options.ts";

/** Fields of `RunOptions` that are options of the command line which an embedding program may give. */
type Named = Exclude<keyof RunOptions, "module" | "args" | "quiet" | "json">;

/** How a value is written: lists, numbers and switches as themselves, all else as the command line has it. */
type Written<T> = T extends undefined ? never
  : T extends string | number | boolean ? T
  : T extends readonly unknown[] ? readonly string[]
  : string;

/** The option that each field is; a field of `RunOptions` without one does not compile. */
export const NAMES: { readonly [K in Named]: string } = {
  env: "--env",
  dirs: "--dir",
  tcpListen: "--tcplisten",
  quantum: "--quantum",
  scheduleSeed: "--schedule-seed",
  role: "--role",
  bind: "--bind",
  join: "--join",
  joinTimeoutMs: "--join-timeout",
  peer: "--peer",
  output: "--output",
  degraded: "--degraded",
  waitBackups: "--wait-backups",
  heartbeatMs: "--heartbeat",
  timeoutMs: "--timeout",
  stateDir: "--state-dir",
  sync: "--sync",
  onLogError: "--on-log-error",
  overwrite: "--overwrite",
  lateJoin: "--no-late-join",
  onTakeover: "--on-takeover",
  trace: "--trace",
  insecure: "--insecure",
};

/**
 * What a node is started with: the options of `replrt run`, with its defaults and its checks.
 *
 * Addresses are `HOST:PORT`, directories `HOST::GUEST`, variables `NAME=VALUE`, or `NAME` for this program's own value;
 * what is undefined counts as not given. `replrt run --help` says what each is for.
 *
 * @example
 * ```ts
 * import { type NodeOptions, startNode } from "replrt";
 *
 * const options: NodeOptions = {
 *   module: "guests/dist/args.wasm",
 *   args: ["2"],
 *   env: ["MODE=test"],
 *   stdout: "null",
 * };
 * const { code } = await startNode(options).exit;
 * if (code !== 2) throw new Error(`exit code ${code}`);
 * ```
 */
export type NodeOptions =
  & {
    readonly [K in keyof RunOptions as K & Named]?:
      | Written<RunOptions[K]>
      | undefined;
  }
  & {
    /** Path of the WebAssembly module. */
    readonly module: string;
    /** The guest's arguments after the program name. */
    readonly args?: readonly string[] | undefined;
    /** The guest's stdin, as `stdout` and `stderr` inherited by default. */
    readonly stdin?: Stdio | undefined;
    readonly stdout?: Stdio | undefined;
    readonly stderr?: Stdio | undefined;
  };

const OTHERS = ["module", "args", "stdin", "stdout", "stderr"];

/** A command line that is known to be good. */
export interface Checked {
  /** What follows `replrt`. */
  readonly argv: readonly string[];
  readonly run: RunOptions;
}

/** Checks options as `replrt run` does. @throws {ReplrtError} as that, and for a field that is no option. */
export function checkOptions(options: NodeOptions): Checked {
  const { module, args = [] } = options;
  const given = new Map<string, readonly string[]>();
  for (const [field, value] of Object.entries(options)) {
    if (value === undefined || OTHERS.includes(field)) continue;
    const name = (NAMES as Readonly<Record<string, string>>)[field];
    if (name === undefined) throw unknownField(field);
    const isGiven = field === "lateJoin" ? value === false : value !== false;
    if (isGiven) given.set(name, Array.isArray(value) ? value : [`${value}`]);
  }
  const run = runOptionsOf(
    given,
    [module, ...args],
    (name) => Deno.env.get(name),
  );
  const tokens = [...given].flatMap(([name, values]) =>
    isSwitch(name) ? [name] : values.map((value) => `${name}=${value}`)
  );
  const argv = ["run", "--json", ...tokens, "--", module, ...args];
  return { argv, run };
}

function isSwitch(name: string): boolean {
  return FLAGS.find((flag) => flag.name === name)?.value === undefined;
}

function unknownField(field: string): ReplrtError {
  const fields = [...OTHERS, ...Object.keys(NAMES)].join(", ");
  return new ReplrtError(
    `cannot use ${field}: no such option`,
    `choose from ${fields}`,
  );
}
