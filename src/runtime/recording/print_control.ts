import { decode } from "cbor-x";
import { Control } from "../../engine/message.ts";
import type { Member, Removal, TakeoverData } from "../../engine/membership.ts";
import { controlName } from "../../wasi-intercept/describe.ts";
import { wordsText } from "../../wasi-intercept/words.ts";
import { stampOf } from "../clocks.ts";
import type { GuestEnd } from "../guest/end.ts";
import type { TakeoverExtra } from "../guest/protocol.ts";
import { runText } from "../node/core.ts";
import type { InitData } from "../node/primary.ts";
import { oneLine } from "../status.ts";
import { THREAD_SENTENCES } from "./print_threads.ts";

type Takeover = TakeoverData & TakeoverExtra;

/** Frames of a trap that are shown. */
const FRAMES = 20;

/** What each control message says, in words. */
const SENTENCES: Readonly<Record<number, (value: never) => string>> = {
  [Control.processInit]: ({ run, module, machine, config }: InitData) => {
    const { args, env, dirs, listeners, schedule } = config;
    const parts = [
      `run ${runText(run)} of ${args.map(text).join(" ")}`,
      ...list("environment", env.map(text)),
      ...list(
        "directories",
        dirs.map(({ name, shared }) =>
          text(name) + (shared ? "" : " mirrored")
        ),
      ),
      ...listeners > 0 ? [`${listeners} listening`] : [],
      `quantum ${schedule.quantum}`,
      ...schedule.seed === null ? [] : [`schedule seed ${schedule.seed}`],
      `module ${module.slice(0, 16)}…`,
      `${machine.engine}, ${machine.arch}`,
    ];
    return parts.join("; ");
  },
  [Control.processExit]: (end: GuestEnd) =>
    end.kind === "exit"
      ? `the program ended with exit code ${end.code}`
      : `the program trapped: ${
        [end.reason, ...end.frames.slice(0, FRAMES)].join(", ")
      }`,
  [Control.memberJoined]: ({ node, address }: Member) =>
    `node ${node} at ${address} is in sync, outputs wait for it`,
  [Control.memberRemoved]: ({ node, reason }: Removal) =>
    `node ${node} no longer counts: ${reason}`,
  [Control.takeover]: ({ epoch, offsets }: Takeover) => {
    const { realtime, monotonic, cputime } = stampOf(offsets);
    return `node ${epoch.node} is primary in epoch ${epoch.number}; its clocks are moved by ${
      moved(realtime)
    } (REALTIME), ${moved(monotonic)} (MONOTONIC), ${moved(cputime)} (CPUTIME)`;
  },
  ...THREAD_SENTENCES,
};

function text(value: string): string {
  return JSON.stringify(value);
}

function list(what: string, items: readonly string[]): string[] {
  return items.length === 0 ? [] : [`${what} ${items.join(", ")}`];
}

function moved(ns: bigint): string {
  return ns < 0n ? `-${wordsText("seconds", -ns)}` : wordsText("seconds", ns);
}

/** DATA of a control message for a line of text, and why it can't be read where it can't. */
export function controlText(method: number, data: Uint8Array): string {
  const say = SENTENCES[method];
  if (say === undefined) return `method ${method} is not known`;
  try {
    return oneLine(say(decode(data) as never));
  } catch {
    return "its DATA can't be read";
  }
}

/** The name of a message that is no call, for a line of text. */
export function controlTitle(method: number): string {
  return controlName(method) ?? "unknown";
}

/** DATA of a control message for JSON: bytes in hex; null when it can't be read. */
export function controlJson(data: Uint8Array): unknown {
  try {
    return plainJson(decode(data));
  } catch {
    return null;
  }
}

function plainJson(value: unknown): unknown {
  if (value instanceof Uint8Array) return runText(value);
  if (typeof value === "bigint") return `${value}`;
  if (Array.isArray(value)) return value.map(plainJson);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [name, plainJson(inner)]),
  );
}
