import type { Command } from "commander";
import { ReplrtError } from "../runtime/errors.ts";
import {
  type Address,
  DEGRADED_POLICIES,
  type GuestDir,
  LOG_ERROR_POLICIES,
  OUTPUT_POLICIES,
  type Role,
  ROLES,
  RUN_DEFAULTS,
  type RunOptions,
} from "../runtime/options.ts";
import { AUDIENCES, suits } from "./audience.ts";
import { checkTogether } from "./checks.ts";
import { FLAGS } from "./flags.ts";
import * as read from "./values.ts";

/** Environment of the shell, for `--env NAME`. */
export type LookUp = (name: string) => string | undefined;

/** Raw values by option name; only what was given. Switches are lists of length 1. */
export type Given = ReadonlyMap<string, readonly string[]>;

/**
 * Checks what a parsed command was given and fills in the defaults.
 *
 * @throws {ReplrtError} for a bad value, options that do not suit the role, and options that
 * contradict each other.
 */
export function readRunOptions(command: Command, lookUp: LookUp): RunOptions {
  return runOptionsOf(collect(command), command.args, lookUp);
}

/** As {@linkcode readRunOptions}, for values that were collected already; `words` are the module and its arguments. */
export function runOptionsOf(
  given: Given,
  words: readonly string[],
  lookUp: LookUp,
): RunOptions {
  const [module = "", ...args] = words;
  const one = <T>(
    flag: string,
    fallback: T,
    parse: (flag: string, text: string) => T,
  ): T => {
    const text = given.get(flag)?.at(-1);
    return text === undefined ? fallback : parse(flag, text);
  };
  const number = (least: number) => (flag: string, text: string) =>
    read.parseNumber(flag, text, least);
  const word =
    <W extends string>(words: readonly W[]) => (flag: string, text: string) =>
      read.parseWord(flag, text, words);
  const D = RUN_DEFAULTS;

  const role = one("--role", D.role, word(ROLES));
  checkAudience(given, role);
  const options: RunOptions = {
    module,
    args,
    role,
    env: readEnv(given, lookUp),
    dirs: readDirs(given),
    tcpListen: (given.get("--tcplisten") ?? []).map((text) =>
      read.parseAddress("--tcplisten", text)
    ),
    quantum: one<number | undefined>("--quantum", D.quantum, number(1)),
    scheduleSeed: one<number | undefined>(
      "--schedule-seed",
      D.scheduleSeed,
      number(0),
    ),
    bind: one("--bind", D.bind, read.parseAddress),
    join: one<Address | undefined>("--join", D.join, read.parseRemote),
    joinTimeoutMs: one("--join-timeout", D.joinTimeoutMs, number(1)),
    peer: one<Address | undefined>("--peer", D.peer, read.parseRemote),
    output: one("--output", D.output, word(OUTPUT_POLICIES)),
    degraded: one("--degraded", D.degraded, word(DEGRADED_POLICIES)),
    waitBackups: one("--wait-backups", D.waitBackups, number(0)),
    heartbeatMs: one("--heartbeat", D.heartbeatMs, number(1)),
    timeoutMs: one("--timeout", D.timeoutMs, number(1)),
    stateDir: one<string | undefined>(
      "--state-dir",
      D.stateDir,
      read.parseText,
    ),
    sync: given.has("--sync"),
    onLogError: one("--on-log-error", D.onLogError, word(LOG_ERROR_POLICIES)),
    overwrite: given.has("--overwrite"),
    lateJoin: !given.has("--no-late-join"),
    onTakeover: one<string | undefined>(
      "--on-takeover",
      D.onTakeover,
      read.parseText,
    ),
    trace: given.has("--trace"),
    quiet: given.has("--quiet"),
    json: given.has("--json"),
    insecure: given.has("--insecure"),
  };
  checkTogether(options);
  return options;
}

function collect(command: Command): Given {
  const given = new Map<string, readonly string[]>();
  for (const option of command.options) {
    const key = option.attributeName();
    if (
      option.long === undefined || command.getOptionValueSource(key) !== "cli"
    ) continue;
    const value: unknown = command.getOptionValue(key);
    given.set(
      option.long,
      Array.isArray(value) ? value.map(String) : [String(value)],
    );
  }
  return given;
}

function checkAudience(given: Given, role: Role): void {
  for (const flag of FLAGS) {
    const { audience } = flag;
    if (!given.has(flag.name) || audience === "all" || audience === "run") {
      continue;
    }
    if (suits(audience, role, given.has("--peer"))) continue;
    const { whom, say } = AUDIENCES[audience];
    throw new ReplrtError(
      `cannot use ${flag.name} with --role ${role}: it is for ${whom}`,
      `say ${say}, or leave ${flag.name} out`,
    );
  }
  if (role === "backup" && !given.has("--join")) {
    throw new ReplrtError(
      "cannot start a backup: it does not know its primary",
      `add --join HOST:PORT, the --bind address of the primary`,
    );
  }
}

function readEnv(given: Given, lookUp: LookUp): string[] {
  const texts = given.get("--env") ?? [];
  const values = new Map(
    texts.map((text) => read.parseEnv("--env", text, lookUp)),
  );
  if (values.has("REPLRT_LISTEN_FD") && given.has("--tcplisten")) {
    throw new ReplrtError(
      "cannot use --env REPLRT_LISTEN_FD: --tcplisten sets it",
      "leave this --env out",
    );
  }
  return [...values].map(([name, value]) => `${name}=${value}`);
}

function readDirs(given: Given): GuestDir[] {
  const dirs = (given.get("--dir") ?? []).map((text) =>
    read.parseDir("--dir", text)
  );
  const seen = new Set<string>();
  for (const { host, guest } of dirs) {
    const name = guest.replace(/(?<=.)\/+$/, "");
    if (seen.has(name)) {
      throw new ReplrtError(
        `cannot use --dir ${host}::${guest}: the program has another directory of that name`,
        `give it another name: --dir ${host}::NAME`,
      );
    }
    seen.add(name);
  }
  return dirs;
}
