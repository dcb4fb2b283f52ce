/** Prints docs/PROTOCOL.md from the byte tables. @module */
import {
  FACTORS,
  REST_SHIFTS,
  SHIFT,
  SHIFTS,
  STARTS,
  STRIPE,
  STRIPED,
} from "../../src/bytes/digest.ts";
import { INTENT } from "../../src/wasi-intercept/syscall.ts";
import {
  AckBody,
  DataBody,
  FRAME_KINDS,
  FrameHeader,
  HeartbeatBody,
  MAX_BODY,
  NextBody,
  NonceBody,
  PROTOCOL_VERSION,
} from "../../src/engine/frame.ts";
import { LogHeader } from "../../src/engine/log.ts";
import {
  Control,
  FIRST_SYSCALL,
  MAX_DATA,
  MessageHeader,
} from "../../src/engine/message.ts";
import { code, table } from "./markdown.ts";
import { sequences } from "./sequences.ts";
import { BODIES, DATA, fields } from "./values.ts";

interface Table {
  readonly name: string;
  readonly size: number;
  markdown(): string;
}

/** The whole document. */
export function protocol(): string {
  return [
    "# Protocol",
    "Printed from the byte tables of `src/engine/` by `deno task docs`. Do not edit.",
    `Protocol version ${PROTOCOL_VERSION}; nodes of other versions are refused. ` +
    "All numbers are little-endian. A `u64` is below 2^53; anything above makes " +
    "the frame invalid. `next` always is the first number that is not included.",
    "## Messages",
    "A message is the same bytes in the guest's outbox, on the wire, in the log " +
    "on disk and in a backup's inbox. Messages are numbered over the whole " +
    "application from 0, one higher for each.",
    printed(MessageHeader),
    "Valid is a message whose `size` is that of the head and DATA together, " +
    `rounded up to a multiple of 8, with DATA of at most ${MAX_DATA} bytes. ` +
    "The bytes after DATA are 0.",
    "### DATA of a syscall",
    `A method from ${FIRST_SYSCALL} on is a syscall, from ` +
    `${FIRST_SYSCALL + INTENT} on the intent of one; SYSCALLS.md lists them. ` +
    "DATA begins with its plain arguments in their order, `u32` in 4 bytes, " +
    "`u64` in 8, a path as pointer and length in 8, back to back, padded to a " +
    "multiple of 8; then the bytes of each path, padded likewise; then, if " +
    "errno is 0, the outcome, in the form that the row's `commit` reads. " +
    "`digest` covers the paths and what other arguments point to.",
    "### Digests",
    digests(),
    "### DATA of control messages",
    "Methods of the runtime itself; DATA is a CBOR map.",
    table(
      ["id", "name"],
      Object.entries(Control).map(([name, id]) => [`${id}`, code(name)]),
    ),
    ...Object.entries(DATA).flatMap(([name, meanings]) => [
      `${code(name)}:`,
      fields(meanings),
    ]),
    "## Frames",
    "A frame is a head and a body by its kind.",
    printed(FrameHeader),
    table(
      ["kind", "name", "body", "what it is for"],
      Object.entries(FRAME_KINDS).map(([name, [number, body, text]]) => [
        `${number}`,
        code(name),
        body,
        text,
      ]),
    ),
    "A frame is valid when its magic, version, size (that of the head and at " +
    `most ${MAX_BODY} bytes more) and checksum are, its kind is known, its ` +
    "body has the form of its kind, and the messages of a data frame are " +
    "whole, valid, as many as `count` says (at least 1), and numbered one by " +
    "one from `first`. A connection on which anything else comes in is closed; " +
    "the node goes on.",
    ...[DataBody, HeartbeatBody, AckBody, NextBody, NonceBody].flatMap((
      body,
    ) => [`### ${body.name}`, printed(body)]),
    "### CBOR bodies",
    ...Object.entries(BODIES).flatMap(([name, meanings]) => [
      `${code(name)}:`,
      fields(meanings),
    ]),
    "## Sequences",
    sequences(),
    "## The log on disk",
    "A head, perhaps the guest's module, then data frames exactly as on the " +
    "wire, from message 0 on. Of a run without backups there are heartbeats " +
    "between them, which say that more outputs have left. A file whose last frame is not whole is valid up to the frame before it.",
    printed(LogHeader),
  ].join("\n\n");
}

function hex(words: Iterable<number>): string {
  const texts = [...words].map((n) => code(`0x${(n >>> 0).toString(16)}`));
  return texts.join(", ");
}

function digests(): string {
  return "A digest has 32 bits and is 0 before anything is folded into it. To " +
    "fold a word `w` into `h` by a factor and a shift is `h = (h ^ w) * " +
    "factor` in 32 bits, then `h ^= h >>> shift`; where nothing else is said " +
    `by ${hex([FACTORS[0]!])} and ${SHIFT}. Bytes are folded into a digest ` +
    `\`d\`: if there are at least ${STRIPED}, first all whole stripes of ` +
    `${STRIPE}, in ${
      STRIPE / 4
    } lanes; then, into what that gave, the rest of them in four. Lane ` +
    `\`n\` starts as \`d\` ^ ${hex(STARTS)} by \`n % 4\`, in stripes ^ ` +
    `\`(n >> 2)\` * ${hex([FACTORS[0]!])} too. It takes word \`n\` of each ` +
    `stripe, or of each 16 bytes of the rest, by factor ${hex(FACTORS)} by ` +
    "`n % 4` and by shift " +
    `${SHIFTS.join(", ")} by \`n >> 2\`, in the rest ${
      REST_SHIFTS.join(", ")
    } by \`n\`. What ` +
    "is left of the rest goes into lane 0, whole words, then bytes, as words. " +
    "The lanes of stripes are halved, lane `n + half` folded into lane `n` by " +
    "that one's factor and shift, until there are four. Then lanes 1, 2, 3 and " +
    "the size of these bytes are folded into lane 0, which is the digest.";
}

function printed({ name, size, markdown }: Table): string {
  return `${code(name)}, ${size} bytes:\n\n${markdown()}`;
}
