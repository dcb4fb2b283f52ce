import { Control } from "../../engine/message.ts";
import { FIRST_TID } from "../../wasi-intercept/messages.ts";
import { grouped } from "../status.ts";
import {
  entriesOf,
  type Entry,
  same,
  sameControl,
  whereOf,
} from "./messages.ts";
import { lineOf, type LineStyle } from "./print.ts";
import type { Paint } from "./print_call.ts";
import { CUT, type Recording, type RecordingEnd } from "./recording.ts";

/** Calls that are shown before and after the place where two recordings part. */
const CONTEXT = 3;

/** Messages of a node alone: the program has no part in them. */
const OF_NODES: ReadonlySet<number> = new Set([
  ...[Control.processInit, Control.memberJoined, Control.memberRemoved],
  Control.takeover,
]);

/** One recording while it is compared. */
class Side {
  readonly path: string;
  /** How far it is good, once it was read to its end. */
  end: RecordingEnd | undefined;
  readonly #entries: Generator<Entry, RecordingEnd>;
  readonly #intents: boolean;

  constructor(recording: Recording, intents: boolean) {
    this.path = recording.path;
    this.#entries = entriesOf(recording);
    this.#intents = intents;
  }

  /** Whether it can't be read on, though it is not simply cut. */
  get damaged(): boolean {
    return this.end?.damage !== undefined && this.end.damage !== CUT;
  }

  /** Where it ends, and why there. */
  get where(): string {
    return this.end === undefined ? "" : whereOf(this.end);
  }

  /** The next message of the program; undefined at the end. */
  next(): Entry | undefined {
    while (this.end === undefined) {
      const step = this.#entries.next();
      if (step.done) {
        this.end = step.value;
        break;
      }
      const { method, seen } = step.value;
      const skipped = OF_NODES.has(method) ||
        (!this.#intents && seen?.call.intent === true);
      if (!skipped) return step.value;
    }
    return undefined;
  }
}

/** What stands at one place in two recordings; undefined where one has ended. */
interface Pair {
  readonly a: Entry | undefined;
  readonly b: Entry | undefined;
  /** Undefined where they agree. */
  readonly difference: Difference | undefined;
}

/** How two messages differ: in what the program did, or only in what the world gave it. */
interface Difference {
  readonly kind: "call" | "outcome";
  readonly what: string;
}

/** Where two recordings part, with what stands around it. */
interface Place {
  readonly difference: Difference;
  readonly pairs: Pair[];
  /** Of them, how many stand before it. */
  readonly before: number;
}

/** What a comparison found. */
export interface Compared {
  /** For the reader; the first is on whether and where they part. */
  readonly lines: readonly string[];
  readonly equal: boolean;
  /** Why not all could be compared, though no other call was found so far. */
  readonly damage: string | undefined;
  /** What is to be known of recordings that were cut. */
  readonly cut: readonly string[];
}

/** Compares the calls of two recordings, of which one frame each is in memory. @throws {ReplrtError} when a disk fails. */
export function compare(a: Recording, b: Recording, paint: Paint): Compared {
  const intents = a.init.config.intents === b.init.config.intents;
  const sides = [new Side(a, intents), new Side(b, intents)] as const;
  const places: Place[] = [];
  const recent: Pair[] = [];
  let count = 0, over = false;
  while (!over) {
    const pair = nextPair(sides);
    if (pair === undefined) break;
    for (const place of places) {
      if (place.pairs.length <= place.before + CONTEXT) place.pairs.push(pair);
    }
    const { difference } = pair;
    if (difference === undefined) count++;
    else if (!places.some((place) => atLeast(place, difference.kind))) {
      const before = recent.filter((pair) =>
        !places.some(({ pairs }) => pairs.includes(pair))
      );
      const pairs = [...before, pair];
      places.push({ difference, pairs, before: before.length });
    }
    recent.push(pair);
    if (recent.length > CONTEXT) recent.shift();
    over = places.some(({ difference, pairs, before }) =>
      difference.kind === "call" && pairs.length > before + CONTEXT
    );
  }
  return resultOf(sides, places, count, paint);
}

/** Whether a place already tells of a difference of this kind or a stronger one. */
function atLeast(place: Place, kind: Difference["kind"]): boolean {
  return place.difference.kind === "call" || kind === "outcome";
}

/** The next two messages; undefined at the end of both, and where one can't be read on. */
function nextPair([left, right]: readonly [Side, Side]): Pair | undefined {
  const a = left.next(), b = right.next();
  if (left.damaged || right.damaged) return undefined;
  if (a === undefined && b === undefined) return undefined;
  if (a !== undefined && b !== undefined) {
    return { a, b, difference: differenceOf(a, b) };
  }
  const { path, end } = a === undefined ? left : right;
  const what = `${path} ends${end?.damage === CUT ? ` here: ${CUT}` : " here"}`;
  return { a, b, difference: { kind: "call", what } };
}

function differenceOf(a: Entry, b: Entry): Difference | undefined {
  const call = (what: string): Difference => ({ kind: "call", what });
  if (a.method !== b.method) return call("another call");
  if (a.pid !== b.pid || a.tid !== b.tid) return call("another thread");
  if (a.seen === undefined || b.seen === undefined) return otherControl(a, b);
  const names = a.seen.call.args.flatMap(({ name, value }, i) =>
    same(value, b.seen?.call.args[i]?.value) ? [] : [name]
  );
  if (names.length > 0) return call(`other arguments: ${names.join(", ")}`);
  if (a.digest !== b.digest) {
    return call("other contents of what the arguments point to");
  }
  const outcome = (what: string): Difference => ({ kind: "outcome", what });
  if (a.errno !== b.errno) return outcome("another errno");
  return same(a.seen.call.data, b.seen.call.data)
    ? undefined
    : outcome("another outcome");
}

function otherControl(a: Entry, b: Entry): Difference | undefined {
  if (sameControl(a, b)) return undefined;
  switch (a.method) {
    case Control.threadsWoken:
      return { kind: "outcome", what: "other threads woken" };
    case Control.threadCreate:
      return { kind: "call", what: "made by another thread" };
    default:
      return { kind: "call", what: "another end" };
  }
}

function resultOf(
  sides: readonly [Side, Side],
  places: readonly Place[],
  count: number,
  paint: Paint,
): Compared {
  const lines = places.flatMap((place, i) => [
    ...i > 0 ? [""] : [],
    ...placeLines(sides, place, i > 0, paint),
  ]);
  const parted = places.some(({ difference }) => difference.kind === "call");
  if (!parted && places.length > 0 && !sides.some((side) => side.damaged)) {
    lines.push("", "the program makes the same calls in both, to the end");
  }
  const damaged = parted ? undefined : sides.find((side) => side.damaged);
  return {
    lines: places.length > 0
      ? lines
      : [`no difference in ${grouped(count)} messages`],
    equal: places.length === 0,
    damage: damaged && `${damaged.path} ${damaged.where}`,
    cut: sides.filter(({ end }) => end?.damage === CUT).map((side) =>
      `${side.path} ends ${side.where}`
    ),
  };
}

function placeLines(
  [left, right]: readonly [Side, Side],
  { difference: { kind, what }, pairs, before }: Place,
  again: boolean,
  paint: Paint,
): string[] {
  const { a, b } = pairs[before] as Pair;
  const [seq, other] = [a?.seq ?? b?.seq, b?.seq ?? a?.seq];
  const where = seq === other
    ? `message ${seq}`
    : `messages ${seq} and ${other}`;
  const way = kind === "call" ? ", the program goes another way" : "";
  const title = again
    ? `the program goes another way at ${where}: ${what}`
    : `${left.path} and ${right.path} part at ${where}${way}: ${what}`;
  const threads = pairs.some(({ a, b }) => ofOther(a) || ofOther(b));
  const style = { paint, threads, pointers: true };
  return [title, ...pairs.flatMap((pair) => pairLines(pair, style))];
}

/** Whether a message is not of a program's first thread. */
function ofOther(entry: Entry | undefined): boolean {
  return entry !== undefined && entry.tid !== FIRST_TID;
}

function pairLines({ a, b, difference }: Pair, style: LineStyle): string[] {
  const { paint } = style;
  if (a !== undefined && difference === undefined) {
    return [`  ${lineOf(a, style)}`];
  }
  const left = a && lineOf(a, style), right = b && lineOf(b, style);
  const hidden = left === right ? ` (${difference?.what})` : "";
  return [
    ...left === undefined ? [] : [`${paint("less", "-")} ${left}`],
    ...right === undefined ? [] : [`${paint("more", "+")} ${right}${hidden}`],
  ];
}
