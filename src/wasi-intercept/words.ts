/** The spec's words for the numbers in calls and outcomes, for those who read logs. @module */
import { errnoName } from "./errno.ts";
import { Right } from "./rights.ts";

/**
 * What a number stands for.
 *
 * - `fd`: a descriptor; `signed`: a signed number of 64 bits.
 * - `seconds`: a time in ns; `date`: one since 1970.
 * - `errno`: an errno.
 * - `one`: a name by its value; `bits`: names by their bits, from bit 0 on.
 */
export type Words =
  | "fd"
  | "signed"
  | "seconds"
  | "date"
  | "errno"
  | { readonly one: readonly string[] }
  | { readonly bits: readonly string[] };

function one(names: string): Words {
  return { one: names.split(" ") };
}

function bits(names: string): Words {
  return { bits: names.split(" ") };
}

/** `clockid`. */
export const CLOCKID = one(
  "REALTIME MONOTONIC PROCESS_CPUTIME_ID THREAD_CPUTIME_ID",
);
/** `advice`. */
export const ADVICE = one(
  "NORMAL SEQUENTIAL RANDOM WILLNEED DONTNEED NOREUSE",
);
/** `filetype`. */
export const FILETYPE = one(
  "UNKNOWN BLOCK_DEVICE CHARACTER_DEVICE DIRECTORY REGULAR_FILE SOCKET_DGRAM SOCKET_STREAM SYMBOLIC_LINK",
);
/** `whence`. */
export const WHENCE = one("SET CUR END");
/** `eventtype`. */
export const EVENTTYPE = one("CLOCK FD_READ FD_WRITE");
/** `eventrwflags`. */
export const EVENTRWFLAGS = bits("FD_READWRITE_HANGUP");
/** `fdflags`. */
export const FDFLAGS = bits("APPEND DSYNC NONBLOCK RSYNC SYNC");
/** `fstflags`. */
export const FSTFLAGS = bits("ATIM ATIM_NOW MTIM MTIM_NOW");
/** `lookupflags`. */
export const LOOKUPFLAGS = bits("SYMLINK_FOLLOW");
/** `oflags`. */
export const OFLAGS = bits("CREAT DIRECTORY EXCL TRUNC");
/** `riflags`. */
export const RIFLAGS = bits("RECV_PEEK RECV_WAITALL");
/** `sdflags`. */
export const SDFLAGS = bits("RD WR");
/** `signal`. */
export const SIGNAL = one(
  "NONE HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM CHLD CONT STOP TSTP TTIN TTOU URG XCPU XFSZ VTALRM PROF WINCH POLL PWR SYS",
);
/** `rights`. */
export const RIGHTS = bits(Object.keys(Right).join(" ").toUpperCase());

/** From so many names on, most of which are set, those that are missing are named instead: `~(FD_READ)`. */
const MANY = 8;

/** The names of the bits that are set, and what no name is for as a number. */
function namesOf(names: readonly string[], value: bigint): string[] {
  const known = names.filter((_, i) => value >> BigInt(i) & 1n);
  const rest = value >> BigInt(names.length) << BigInt(names.length);
  return rest === 0n ? known : [...known, `0x${rest.toString(16)}`];
}

function bitsText(names: readonly string[], value: bigint): string {
  const all = (1n << BigInt(names.length)) - 1n;
  if (names.length >= MANY && value <= all) {
    const missing = namesOf(names, ~value & all);
    if (missing.length === 0) return "ALL";
    if (2 * missing.length < names.length) return `~(${missing.join("|")})`;
  }
  return namesOf(names, value).join("|") || "0";
}

const NS = 1_000_000_000n;

function seconds(ns: bigint): string {
  return `${ns / NS}.${`${ns % NS}`.padStart(9, "0")}`;
}

/** Both clocks of a guest and the times of files are below the year 2554, the last that fits in 64 bits. */
function dateText(ns: bigint): string {
  const [date] = new Date(Number(ns / NS) * 1000).toISOString().split(".");
  return `${date}.${`${ns % NS}`.padStart(9, "0")}Z`;
}

/** A number as a line of text shows it; a plain one without `words`. */
export function wordsText(
  words: Words | undefined,
  value: number | bigint,
): string {
  switch (words) {
    case "signed":
      return `${BigInt.asIntN(64, BigInt(value))}`;
    case "seconds":
      return `${seconds(BigInt(value))} s`;
    case "date":
      return BigInt(value) === 0n ? "0" : dateText(BigInt(value));
    case "errno":
      return errnoName(Number(value));
    case "fd":
    case undefined:
      return `${value}`;
  }
  return "one" in words
    ? words.one[Number(value)] ?? `${value}`
    : bitsText(words.bits, BigInt(value));
}

/** A number for JSON: flags as a list of names, one of a list as its name, what has 64 bits as decimal digits. */
export function wordsJson(
  words: Words | undefined,
  value: number | bigint,
): string | number | string[] {
  if (typeof words === "object") {
    return "bits" in words
      ? namesOf(words.bits, BigInt(value))
      : words.one[Number(value)] ?? Number(value);
  }
  if (words === "signed" || words === "errno") return wordsText(words, value);
  return typeof value === "bigint" ? `${value}` : value;
}
