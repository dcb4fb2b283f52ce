import { quoted } from "../../../wasi-intercept/quote.ts";
import { type GuestEnd, sameEnd } from "../../guest/end.ts";
import { ReadableFile } from "../../host/read_file.ts";
import type { Entry, Manifest } from "../../mirror/types.ts";
import type { Run } from "./run.ts";
import type { Difference } from "./verdict.ts";

/** Bytes that are read at once. */
const BLOCK = 1 << 16;
/** Bytes that are shown before and from a difference on. */
const BEFORE = 16, BEHIND = 16;

/** What two runs that ended differ in; `dirs` names their directories. @throws {ReplrtError} when what they left can't be read. */
export function compareRuns(
  one: Run,
  other: Run,
  dirs: readonly string[],
): Difference[] {
  const a = one.result, b = other.result;
  const differences = [
    ...compareBytes("stdout", one.stdout, other.stdout),
    ...compareBytes("stderr", one.stderr, other.stderr),
  ];
  if (a.kind !== "ended" || b.kind !== "ended") return differences;
  if (!sameEnd(a.end, b.end)) {
    const texts = { one: endText(a.end), other: endText(b.end) };
    differences.push({ what: "end", ...texts, ...stacksOf(a.end, b.end) });
  }
  differences.push(...compareDirs(one.dirs, other.dirs, dirs));
  const decided = isExhausted(a.end) || isExhausted(b.end);
  if (a.memory !== b.memory && !decided) {
    differences.push({ what: "memory", one: a.memory, other: b.memory });
  }
  return differences;
}

/** How a guest ended, as text. */
export function endText(end: GuestEnd): string {
  return end.kind === "exit" ? `exit code ${end.code}` : `trap: ${end.reason}`;
}

function stacksOf(...ends: readonly [GuestEnd, GuestEnd]) {
  const [one, other] = ends.map((end) => end.kind === "exit" ? [] : end.frames);
  return ends.every(({ kind }) => kind === "exit")
    ? {}
    : { stacks: [one!, other!] as const };
}

/** The host decides how deep a stack is, and with it what is in memory at its end. */
function isExhausted(end: GuestEnd): boolean {
  return end.kind === "trap" && /stack/.test(end.reason);
}

function compareBytes(
  what: "stdout" | "stderr",
  one: string,
  other: string,
): Difference[] {
  const a = new ReadableFile(one), b = new ReadableFile(other);
  try {
    for (let at = 0;; at += BLOCK) {
      const x = a.readAt(at, BLOCK), y = b.readAt(at, BLOCK);
      const end = Math.max(x.length, y.length);
      for (let i = 0; i < end; i++) {
        if (x[i] === y[i]) continue;
        const offset = at + i;
        return [{
          what,
          offset,
          one: around(a, offset),
          other: around(b, offset),
        }];
      }
      if (end < BLOCK) return [];
    }
  } finally {
    a.close();
    b.close();
  }
}

/** The bytes around an offset, quoted. */
function around(file: ReadableFile, offset: number): string {
  const from = Math.max(0, offset - BEFORE);
  const bytes = file.readAt(from, offset - from + BEHIND);
  const end = from + bytes.length;
  return `${from > 0 ? "..." : ""}${quoted(bytes)}${
    end < file.size ? "..." : ""
  }`;
}

function compareDirs(
  one: readonly Manifest[],
  other: readonly Manifest[],
  names: readonly string[],
): Difference[] {
  for (const [i, { digest, entries }] of one.entries()) {
    const others = other[i];
    if (others === undefined || others.digest === digest) continue;
    const path = firstUnlike(entries, others.entries);
    if (path === undefined) continue;
    const texts = [entries, others.entries].map((all) =>
      `${names[i]}/${path}: ${
        entryText(all.find((entry) => entry.path === path))
      }`
    );
    return [{ what: "files", one: texts[0]!, other: texts[1]! }];
  }
  return [];
}

function firstUnlike(
  one: readonly Entry[],
  other: readonly Entry[],
): string | undefined {
  const others = new Map(other.map((entry) => [entry.path, entry]));
  const unlike = one.find((entry) =>
    JSON.stringify(entry) !== JSON.stringify(others.get(entry.path))
  );
  const known = new Set(one.map(({ path }) => path));
  return (unlike ?? other.find(({ path }) => !known.has(path)))?.path;
}

function entryText(entry: Entry | undefined): string {
  switch (entry?.type) {
    case undefined:
      return "nothing";
    case "file":
      return `file of ${entry.size} bytes, SHA-256 ${entry.hash}, mode ${
        entry.mode.toString(8)
      }`;
    case "directory":
      return `directory, mode ${entry.mode.toString(8)}`;
    case "symlink":
      return `link to ${JSON.stringify(entry.target)}`;
  }
}
