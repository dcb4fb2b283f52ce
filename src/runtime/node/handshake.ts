import { type Epoch, type NodeId } from "../../engine/epoch.ts";
import { isSchedule } from "../../wasi-intercept/threads/schedule.ts";
import type { GuestConfig } from "../guest/config.ts";
import type { Machine } from "../host/machine.ts";

/** Value of a HELLO frame: who asks to follow, and what it has. */
export interface Hello {
  /** `join`: asks for run, configuration and images; `follow`: asks for the log from `next`. */
  readonly phase: "join" | "follow";
  readonly node: NodeId;
  /** Where it answers probes: HOST:PORT. */
  readonly address: string;
  /** The run it holds, 16 bytes; undefined before it has one. */
  readonly run: Uint8Array | undefined;
  readonly epoch: Epoch | undefined;
  readonly next: number;
  /** SHA-256 of the module. */
  readonly module: string;
  readonly machine: Machine;
  /** What the operator repeated of the guest's configuration. */
  readonly args: readonly string[];
  readonly env: readonly string[];
  readonly dirs: readonly NamedDirectory[];
  readonly listeners: number;
}

/** A directory as the handshake names it. */
export interface NamedDirectory {
  /** The guest's name. */
  readonly guest: string;
  /** Whether all nodes mount it. */
  readonly shared: boolean;
  /** Machine, device and inode. */
  readonly identity: string;
}

/** Value of a WELCOME frame. */
export interface Welcome {
  readonly run: Uint8Array;
  readonly node: NodeId;
  readonly config: GuestConfig;
  /** Where the guest is served now, for `--on-takeover`. */
  readonly serving: readonly string[];
}

/** Value of a REFUSE frame. */
export interface Refuse {
  /** `mismatch`: can't follow, ever; `backup`: follows itself; `busy`: try again. */
  readonly code: "mismatch" | "backup" | "busy";
  readonly reason: string;
  readonly next: string | undefined;
  /** Of the primary, where the refusing node knows it. */
  readonly address: string | undefined;
}

/** What a primary compares a HELLO with. */
export interface Own {
  readonly module: string;
  readonly machine: Machine;
  readonly config: GuestConfig;
  readonly dirs: readonly NamedDirectory[];
}

/** Why a node can't follow, and what to do about it. */
export interface Problem {
  readonly reason: string;
  readonly next: string;
}

/** Why the node that says `hello` can't follow; both values are named. */
export function mismatch(hello: Hello, own: Own): Problem | undefined {
  const rows: [what: string, theirs: string, ours: string, next: string][] = [
    ["module", hello.module, own.module, "give both nodes the same file"],
    [
      "engine",
      hello.machine.engine,
      own.machine.engine,
      "run the same version of Deno on both nodes",
    ],
    [
      "architecture",
      hello.machine.arch,
      own.machine.arch,
      "use machines of one architecture",
    ],
    [
      "directories",
      directoryNames(hello.dirs),
      directoryNames(own.dirs),
      "give the same guest directories with --dir, in the same order, and the same of them with ::shared",
    ],
    [
      "listening sockets",
      `${hello.listeners}`,
      `${own.config.listeners}`,
      "give as many --tcplisten as the primary has",
    ],
  ];
  if (hello.args.length > 0) {
    rows.push([
      "arguments",
      names(hello.args),
      names(own.config.args.slice(1)),
      "leave the arguments out, or repeat the primary's",
    ]);
  }
  if (hello.env.length > 0) {
    rows.push([
      "environment",
      names(hello.env),
      names(own.config.env),
      "leave --env out, or repeat the primary's",
    ]);
  }
  for (const [what, theirs, ours, next] of rows) {
    if (theirs !== ours) {
      return {
        reason: `the backup's ${what} differ: ${
          clipped(theirs)
        }, the primary's: ${clipped(ours)}`,
        next,
      };
    }
  }
  return featureMismatch(hello.machine.features, own.machine.features) ??
    sameDirectory(hello, own);
}

function names(list: readonly string[]): string {
  return list.length === 0
    ? "none"
    : list.map((name) => JSON.stringify(name)).join(" ");
}

function directoryNames(dirs: readonly NamedDirectory[]): string {
  const list = dirs.map(({ guest, shared }) =>
    `${JSON.stringify(guest)}${shared ? " shared" : ""}`
  );
  return list.length === 0 ? "none" : list.join(", ");
}

/** A value that a peer may have made as long as a frame, as an operator can read it. */
function clipped(text: string): string {
  return text.length <= 300 ? text : `${text.slice(0, 300)}…`;
}

function featureMismatch(theirs: readonly string[], ours: readonly string[]) {
  const lacks = ours.filter((name) => !theirs.includes(name));
  const more = theirs.filter((name) => !ours.includes(name));
  if (lacks.length + more.length === 0) return undefined;
  const list = (features: string[]) =>
    features.length === 0 ? "nothing" : clipped(features.slice(0, 5).join(" "));
  return {
    reason: `the CPU features differ: only the backup has ${
      list(more)
    }, only the primary ${list(lacks)}`,
    next: "use machines with the same CPU",
  };
}

/** Only what both share may be one directory. */
function sameDirectory(hello: Hello, own: Own) {
  const same = hello.dirs.find(({ identity, shared }) =>
    own.dirs.some((dir) => dir.identity === identity && !(dir.shared && shared))
  );
  return same && {
    reason:
      `both nodes were given the same directory for ${same.guest} (${same.identity})`,
    next:
      "give each node a directory of its own: a mirrored directory is a copy",
  };
}

/** The value of a HELLO frame if it has the form of one. */
export function checkHello(value: unknown): Hello | undefined {
  const hello = value as Hello;
  const whole = typeof hello === "object" && hello !== null &&
    (hello.phase === "join" || hello.phase === "follow") &&
    isU32(hello.node) && isAddress(hello.address) &&
    Number.isSafeInteger(hello.next) && hello.next >= 0 &&
    typeof hello.module === "string" && typeof hello.machine === "object" &&
    hello.machine !== null &&
    typeof hello.machine.engine === "string" &&
    typeof hello.machine.arch === "string" && strings(hello.machine.features) &&
    strings(hello.args) && strings(hello.env) && isU32(hello.listeners) &&
    Array.isArray(hello.dirs) &&
    hello.dirs.every((dir) =>
      typeof dir?.guest === "string" && typeof dir?.identity === "string" &&
      typeof dir?.shared === "boolean"
    ) &&
    (hello.run === undefined
      ? hello.epoch === undefined
      : isRun(hello.run) && isEpoch(hello.epoch));
  return whole ? hello : undefined;
}

function strings(list: unknown): list is string[] {
  return Array.isArray(list) && list.every((item) => typeof item === "string");
}

/** A host name has at most 255 characters. */
function isAddress(value: unknown): boolean {
  return typeof value === "string" && value.length < 300;
}

function isU32(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= 0 &&
    (value as number) <= 0xffff_ffff;
}

function isRun(value: unknown): boolean {
  return value instanceof Uint8Array && value.length === 16;
}

function isEpoch(value: unknown): boolean {
  return typeof value === "object" && value !== null &&
    isU32((value as Epoch).number) && isU32((value as Epoch).node);
}

/** The value of a WELCOME frame if it has the form of one. */
export function checkWelcome(value: unknown): Welcome | undefined {
  const welcome = value as Welcome;
  const whole = typeof welcome === "object" && welcome !== null &&
    isRun(welcome.run) && isU32(welcome.node) &&
    isConfig(welcome.config) && strings(welcome.serving);
  return whole ? welcome : undefined;
}

function isConfig(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const { args, env, dirs, intents, listeners, stdio, schedule } =
    value as GuestConfig;
  return strings(args) && strings(env) && isU32(listeners) &&
    typeof intents === "boolean" &&
    Array.isArray(dirs) &&
    dirs.every((dir) =>
      typeof dir?.name === "string" && typeof dir?.shared === "boolean"
    ) &&
    Array.isArray(stdio) && stdio.every(isU32) && isSchedule(schedule);
}

/** Characters that a refusal may have. */
const MAX_WORDS = 2000;

/** The value of a REFUSE frame, made safe to print. */
export function checkRefuse(value: unknown): Refuse {
  const { code, reason, next, address } = (value ?? {}) as Partial<Refuse>;
  return {
    code: code === "backup" || code === "busy" ? code : "mismatch",
    reason: typeof reason === "string"
      ? reason.slice(0, MAX_WORDS)
      : "no reason given",
    next: typeof next === "string" ? next.slice(0, MAX_WORDS) : undefined,
    address: isAddress(address) ? address : undefined,
  };
}
