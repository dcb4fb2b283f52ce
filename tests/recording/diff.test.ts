/** What `replrt diff` shows. @module */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { encode } from "cbor-x";
import { controlBatch, viewOf } from "../../src/engine/batch.ts";
import { encodeFrame, NO_CLOCKS } from "../../src/engine/frame.ts";
import { encodeLogHeader, LogHeader } from "../../src/engine/log.ts";
import { Control, MessageHeader } from "../../src/engine/message.ts";
import { runTag } from "../../src/engine/epoch.ts";
import { rowOf } from "../../src/wasi-intercept/table.ts";
import { killNodes } from "../kit/node.ts";
import { removeDirs } from "../kit/place.ts";
import { Edited, type Placed } from "./kit/edit.ts";
import { diff, linesOf } from "./kit/lines.ts";
import { place, record } from "./kit/runs.ts";

/** Of a program that reads, writes, and looks at its directory. */
let file: string;

test.before(async () => {
  const args = ["io", "1"];
  do {
    file = (await record("families", { args, dirs: ["/data"] })).file;
  } while (!inFrames(new Edited(file)));
});

test.after(async () => {
  await killNodes();
  removeDirs();
});

/** A copy of the recording in which one message is another. */
function changed(
  which: (message: Placed, name: string | undefined) => boolean,
  change: (view: DataView, message: Placed) => void,
): { readonly path: string; readonly seq: number } {
  const edited = new Edited(file);
  const message = edited.messages().find((message) =>
    which(message, rowOf(message.method)?.name)
  ) as Placed;
  change(viewOf(edited.bytes), message);
  return { path: edited.save(place()), seq: message.seq };
}

/** Calls that are shown before a difference. */
const CONTEXT = 3;

/** Where a frame begins that has so many calls before it, behind PROCESS_INIT. */
function laterFrame(edited: Edited): number {
  const before = (at: number) =>
    edited.messages().filter((message) => message.at < at).length;
  return edited.frames().find((at) => before(at) > CONTEXT) as number;
}

/** Whether a recording's calls are in frames as the tests need them; a busy machine puts all into one. */
function inFrames(edited: Edited): boolean {
  const later = laterFrame(edited);
  const behind = edited.messages().filter(({ at }) => at > later);
  return behind.length > CONTEXT;
}

/** What stands before each line. */
function signs(lines: readonly string[]): string {
  return lines.map((text) => text[0]).join("");
}

test("recordings that are the same have no difference", async () => {
  const { code, stdout, stderr } = await diff(file, file);
  const count = new Edited(file).messages().length - 1;
  assert.equal([code, stderr], [0, ""]);
  assert.is(stdout, `no difference in ${count} messages\n`);
});

test("another outcome is shown between the calls around it, and that the program did the same", async () => {
  const { path, seq } = changed(
    (_, name) => name === "fd_seek",
    (view, { data, at }) =>
      view.setUint8(at + MessageHeader.size + data.length - 8, 7),
  );
  const { code, stdout } = await diff(file, path);
  const lines = linesOf(stdout);
  assert.is(code, 1);
  assert.is(
    lines[0],
    `${file} and ${path} part at message ${seq}: another outcome`,
  );
  assert.is(signs(lines.slice(1, 9)), "   -+   ");
  assert.match(lines[4] as string, / fd_seek\(.*whence=SET.*\) = 0$/);
  assert.match(lines[5] as string, / fd_seek\(.*whence=SET.*\) = 7$/);
  assert.match(lines[3] as string, new RegExp(`^ +${seq - 1} fd_write`));
  assert.match(lines[6] as string, new RegExp(`^ +${seq + 1} fd_write`));
  assert.equal(lines.slice(9), [
    "",
    "the program makes the same calls in both, to the end",
  ]);
});

test("another argument is another way, and it is named", async () => {
  const { path, seq } = changed(
    (_, name) => name === "fd_seek",
    (view, { at }) => view.setUint32(at + MessageHeader.size + 12, 2, true),
  );
  const { code, stdout } = await diff(file, path);
  const lines = linesOf(stdout);
  assert.is(code, 1);
  assert.match(
    lines[0] as string,
    `message ${seq}, the program goes another way: other arguments: whence`,
  );
  assert.is(signs(lines.slice(1)), "   -+   ");
  assert.match(lines[5] as string, "whence=END");
});

test("an outcome that leads to another call is shown, and then the call", async () => {
  const edited = new Edited(file);
  const view = viewOf(edited.bytes);
  const names = edited.messages().map(({ method }) => rowOf(method)?.name);
  const seek = names.indexOf("fd_seek");
  const write = names.lastIndexOf("fd_write");
  const at = (seq: number) => edited.messages()[seq]?.at as number;
  view.setUint16(at(seek) + MessageHeader.at.errno, 28, true);
  view.setUint32(at(write) + MessageHeader.at.digest, 1, true);
  const path = edited.save(place());
  const { code, stdout } = await diff(file, path);
  assert.is(code, 1);
  const [first, second] = stdout.split("\n\n").map((part) => part.split("\n"));
  assert.match(first?.[0] as string, `message ${seek}: another errno`);
  assert.match(first?.[5] as string, / = inval$/);
  assert.is(
    second?.[0],
    `the program goes another way at message ${write}: other contents of what the arguments point to`,
  );
  assert.match(second?.[5] as string, / \(other contents of what .*\)$/);
});

test("a recording that ends before the other parts from it there", async () => {
  const whole = new Edited(file);
  const middle = laterFrame(whole);
  const path = place();
  Deno.writeFileSync(path, whole.bytes.subarray(0, middle + 8));
  const { code, stdout, stderr } = await diff(path, file);
  const lines = linesOf(stdout);
  assert.is(code, 1);
  assert.match(
    lines[0] as string,
    `another way: ${path} ends here: it was cut`,
  );
  assert.is(signs(lines.slice(1)), "   ++++");
  assert.match(stderr, `replrt: ${path} ends at byte ${middle}, after message`);
});

test("a damaged recording can't be compared further than it is good", async () => {
  const whole = new Edited(file);
  const middle = laterFrame(whole);
  whole.bytes[middle + 40]! ^= 1;
  const path = place();
  Deno.writeFileSync(path, whole.bytes);
  const { code, stdout, stderr } = await diff(file, path);
  assert.is(code, 125);
  assert.match(
    stderr,
    `error: cannot compare further, ${path} at byte ${middle}, after message`,
  );
  assert.not.match(stdout, "to the end");
});

test("a recording that is damaged after the two part is compared up to there", async () => {
  const { path } = changed(
    (_, name) => name === "fd_seek",
    (view, { at }) => view.setUint32(at + MessageHeader.size + 12, 2, true),
  );
  const bytes = Deno.readFileSync(path);
  bytes[bytes.length - 1]! ^= 1;
  Deno.writeFileSync(path, bytes);
  const { code, stderr } = await diff(file, path);
  assert.equal([code, stderr], [1, ""]);
});

test("what the nodes alone have to do with is no difference", async () => {
  const edited = new Edited(file);
  const run = edited.bytes.slice(16, 32);
  const batches = edited.messages().map(({ at }) => {
    const size = viewOf(edited.bytes).getUint32(at, true);
    return edited.bytes.slice(at, at + size);
  });
  const joined = controlBatch(
    Control.memberJoined,
    0,
    encode({ node: 1, address: "a:1", order: 0 }),
  );
  const all = [...batches.slice(0, 3), joined.bytes, ...batches.slice(3)];
  const frames = all.map((bytes, first) => {
    viewOf(bytes).setUint32(MessageHeader.at.seq, first, true);
    const batch = { first, count: 1, bytes };
    const epoch = { number: 1, node: 0 };
    const envelope = { run: runTag(run), epoch, clocks: NO_CLOCKS };
    return encodeFrame(envelope, { kind: "data", batch, released: 0 });
  });
  const path = place();
  const blob = new Blob([encodeLogHeader(run, 0), ...frames] as BlobPart[]);
  Deno.writeFileSync(path, new Uint8Array(await blob.arrayBuffer()));
  const { code, stdout, stderr } = await diff(file, path);
  assert.is(code, 0, stdout + stderr);
});

test("runs of other programs are told apart before their calls", async () => {
  const other = await record("args", {
    args: ["x y"],
    env: { A: "b" },
    dirs: ["/other"],
  });
  const { code, stdout } = await diff(file, other.file);
  const lines = linesOf(stdout);
  assert.is(code, 1);
  assert.match(lines[0] as string, /^the modules differ: [0-9a-f]{64} and /);
  assert.match(lines[1] as string, /^the arguments differ: .* and .*"x y"$/);
  assert.is(lines[2], 'the environments differ: none and "A=b"');
  assert.is(lines[3], 'the directories differ: "/data" and "/other"');
  assert.match(lines[4] as string, "part at message 1, the program goes");
});

test("runs that were given something else differ, though they do the same", async () => {
  const runs = [
    await record("hello", { args: ["a"] }),
    await record("hello", { args: ["b"] }),
  ];
  const { code, stdout } = await diff(runs[0]!.file, runs[1]!.file);
  assert.is(code, 1);
  assert.match(stdout, /^the arguments differ: .*"a" and .*"b"\nno difference/);
});

test("two runs that were given the same are the same", async () => {
  const runs = [await record("hello"), await record("hello")];
  const { code, stdout } = await diff(runs[0]!.file, runs[1]!.file);
  assert.is(code, 0, stdout);
});

test("what can't be read is not compared", async () => {
  const none = place();
  assert.match((await diff(file, none)).stderr, `cannot read ${none}: `);
  Deno.writeFileSync(none, new Uint8Array(LogHeader.size));
  const { code, stderr } = await diff(none, file);
  assert.is(code, 125);
  assert.match(stderr, `cannot read ${none}: it is no recording`);
});

test.run();
