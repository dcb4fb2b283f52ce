/** How numbers, bytes and control messages are put into words. @module */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { encode } from "cbor-x";
import { Control } from "../../src/engine/message.ts";
import { stampBytes } from "../../src/runtime/clocks.ts";
import { painter } from "../../src/runtime/recording/print_call.ts";
import { controlText } from "../../src/runtime/recording/print_control.ts";
import {
  each,
  hidden,
  readFields,
  text,
  u32,
} from "../../src/wasi-intercept/outcome.ts";
import { itemsText } from "../../src/wasi-intercept/outcome_text.ts";
import { quoted } from "../../src/wasi-intercept/quote.ts";
import { ALL_RIGHTS, Right } from "../../src/wasi-intercept/rights.ts";
import * as words from "../../src/wasi-intercept/words.ts";

const { wordsJson, wordsText } = words;
const utf8 = (value: string) => new TextEncoder().encode(value);

test("flags are named by their bits, what has no name as a number", () => {
  assert.is(wordsText(words.OFLAGS, 5), "CREAT|EXCL");
  assert.is(wordsText(words.OFLAGS, 0), "0");
  assert.is(wordsText(words.OFLAGS, 0x41), "CREAT|0x40");
  assert.equal(wordsJson(words.OFLAGS, 0x41), ["CREAT", "0x40"]);
});

test("of rights that are mostly there the missing ones are named", () => {
  const { fd_read, fd_seek, sock_accept } = Right;
  const but = (bits: number) => BigInt(ALL_RIGHTS & ~bits);
  assert.is(
    wordsText(words.RIGHTS, BigInt(fd_read | fd_seek)),
    "FD_READ|FD_SEEK",
  );
  assert.is(wordsText(words.RIGHTS, but(sock_accept)), "~(SOCK_ACCEPT)");
  assert.is(wordsText(words.RIGHTS, but(0)), "ALL");
  assert.match(wordsText(words.RIGHTS, 1n << 63n), /^0x8000000000000000$/);
});

test("one of a list is named, and what is not in it is a number", () => {
  assert.is(wordsText(words.WHENCE, 1), "CUR");
  assert.is(wordsText(words.WHENCE, 9), "9");
  assert.is(wordsJson(words.WHENCE, 9), 9);
});

test("times are dates or seconds, to the ns, up to the last of 64 bits", () => {
  const last = 2n ** 64n - 1n;
  assert.is(
    wordsText("date", 1_000_000_001n),
    "1970-01-01T00:00:01.000000001Z",
  );
  assert.is(wordsText("date", last), "2554-07-21T23:34:33.709551615Z");
  assert.is(wordsText("seconds", last), "18446744073.709551615 s");
  assert.is(wordsJson("date", last), `${last}`);
  assert.is(wordsText("signed", last), "-1");
});

test("bytes are text where they are text, and never drive a terminal", () => {
  assert.is(quoted(utf8('a "b" \\ ü\n\t')), '"a \\"b\\" \\\\ ü\\n\\t"');
  assert.is(
    quoted(utf8("\x1b[31m\u202e\u2028")),
    '"\\x1b[31m\\u{202e}\\u{2028}"',
  );
  assert.is(quoted(new Uint8Array([0x61, 0xff, 0])), '"a\\xff\\x00"');
  assert.is(quoted(utf8("aüb"), 2), '"a"...');
  assert.is(quoted(utf8("abc"), 3), '"abc"');
});

test("fields that DATA does not reach are not there, however it is cut", () => {
  const fields = [
    hidden(u32("size")),
    each("all", [hidden(u32("length")), text("name", "length")], "size"),
    u32("more"),
  ];
  const whole = new Uint8Array([12, 0, 0, 0, 1, 0, 0, 0, 97, 3, 0, 0, 0]);
  const data = new Uint8Array([...whole, 98, 98, 98, 7, 0, 0, 0]);
  assert.is(
    itemsText(readFields(fields, data)),
    '{all=2 ["a", "bbb"], more=7}',
  );
  for (let size = 0; size < data.length; size++) {
    for (const end of [data, data.toReversed()]) {
      itemsText(readFields(fields, end.subarray(0, size)));
    }
  }
  assert.is(
    itemsText(readFields(fields, data.subarray(0, 18))),
    '2 ["a", "bbb"]',
  );
  assert.is(itemsText(readFields(fields, data.subarray(0, 10))), "");
});

test("control messages are said in words", () => {
  const say = (method: number, value: unknown) =>
    controlText(method, new Uint8Array(encode(value)));
  assert.is(
    say(Control.processExit, { kind: "trap", reason: "r", frames: ["f", "g"] }),
    "the program trapped: r, f, g",
  );
  assert.is(
    say(Control.memberJoined, { node: 7, address: "h:1", order: 0 }),
    "node 7 at h:1 is in sync, outputs wait for it",
  );
  assert.is(
    say(Control.memberRemoved, { node: 7, reason: "it\nleft" }),
    "node 7 no longer counts: it left",
  );
  const offsets = stampBytes({ realtime: 0n, monotonic: -5n, cputime: 2n });
  assert.is(
    say(Control.takeover, { epoch: { number: 2, node: 7 }, offsets }),
    "node 7 is primary in epoch 2; its clocks are moved by 0.000000000 s (REALTIME), " +
      "-0.000000005 s (MONOTONIC), 0.000000002 s (CPUTIME)",
  );
  assert.is(say(Control.takeover, {}), "its DATA can't be read");
  assert.is(
    controlText(Control.processExit, new Uint8Array([0xff])),
    "its DATA can't be read",
  );
});

test("lines have colours where they are asked for", () => {
  assert.is(painter(false)("call", "a"), "a");
  assert.is(painter(true)("call", "a"), "\x1b[36ma\x1b[39m");
});

test.run();
