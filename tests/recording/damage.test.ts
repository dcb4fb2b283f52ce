/** Recordings that were cut, damaged, or changed on purpose. `REPLAY=SEED` repeats a run's choices. @module */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { killNodes, startNode } from "../kit/node.ts";
import { removeDirs } from "../kit/place.ts";
import { Random } from "../kit/random.ts";
import { ReplrtError } from "../../src/runtime/errors.ts";
import { differentCall } from "../../src/runtime/recording/check/calls.ts";
import {
  type RecordedFrame,
  Recording,
  type RecordingEnd,
} from "../../src/runtime/recording/recording.ts";
import { clock_time_get } from "../../src/wasi-intercept/clock.ts";
import { Edited } from "./kit/edit.ts";
import { assertNoBug, ended, place, record, replay } from "./kit/runs.ts";

/** Replays of a test that chooses: the whole command, not only its reading. */
const SAMPLES = 16;
const seed = Number(Deno.env.get("REPLAY") ?? Date.now() % 1_000_000);
console.log(
  `replay: REPLAY=${seed} deno run -A tests/recording/damage.test.ts`,
);
const random = new Random(seed);

test.after.each(async () => {
  await killNodes();
  removeDirs();
});

/** What can be read of a recording. */
interface Read {
  readonly frames: readonly RecordedFrame[];
  readonly end: RecordingEnd;
}

/** Reads a recording as a replay does; the operator's error when it can't be. */
function read(path: string): Read | ReplrtError {
  let recording: Recording | undefined;
  try {
    recording = Recording.open(path);
    recording.module();
    const frames: RecordedFrame[] = [];
    const steps = recording.frames();
    for (;;) {
      const step = steps.next();
      if (step.done) return { frames, end: step.value };
      frames.push(step.value);
    }
  } catch (error) {
    if (error instanceof ReplrtError) return error;
    throw error;
  } finally {
    recording?.close();
  }
}

/** As {@linkcode read}, of a file with these bytes. */
function reader(): (bytes: Uint8Array) => Read | ReplrtError {
  const path = place();
  return (bytes) => {
    Deno.writeFileSync(path, bytes);
    return read(path);
  };
}

/** A small recording in several frames, up to its program's end; a busy machine puts more into one, unless there is a rest. */
async function small() {
  for (const restMs of [30, 300, 1000]) {
    const args = ["3", `${restMs}`];
    const { file, stdout } = await record("count", { args });
    const whole = read(file) as Read;
    if (whole.frames.length < 4) continue;
    const end = whole.frames.at(-1)!.end;
    return { stdout, whole, bytes: Deno.readFileSync(file).subarray(0, end) };
  }
  throw new Error("a recording has few frames, however long its program rests");
}

test("a recording that was cut at any byte is good up to its last whole message", async () => {
  const { bytes, whole } = await small();
  const [first] = whole.frames, readBytes = reader();
  const edges = new Edited(place(bytes)).frames();
  for (let size = 0; size < bytes.length; size++) {
    const found = readBytes(bytes.subarray(0, size));
    if (size < first!.end) {
      assert.instance(found, ReplrtError, `${size} bytes`);
      continue;
    }
    const { frames, end } = found as Read;
    const good = whole.frames.filter((frame) => frame.end <= size);
    assert.equal(frames, good, `${size} bytes`);
    assert.is(end.next, good.at(-1)!.batch.first + good.at(-1)!.batch.count);
    assert.is(end.damage, edges.includes(size) ? undefined : "it was cut");
  }
});

test("a replay of a cut recording shows what is there, says that it was cut and where, and ends with 125", async () => {
  const { bytes, stdout, whole } = await small();
  const [first] = whole.frames;
  let shown = 0;
  for (let i = 0; i < SAMPLES; i++) {
    const from = i < SAMPLES / 4 ? 0 : first!.end;
    const size = from + random.below(bytes.length - from);
    const cut = await replay(place(bytes.subarray(0, size)));
    assert.is(cut.code, 125, `${size} bytes`);
    assertNoBug(cut);
    assert.ok(stdout.startsWith(cut.stdout), cut.stdout);
    shown += cut.stdout.length;
    const last = whole.frames.filter(({ end }) => end <= size).at(-1);
    if (last === undefined) {
      assert.match(cut.stderr, /^error: cannot read /);
    } else {
      const seq = last.batch.first + last.batch.count - 1;
      assert.match(
        cut.stderr,
        `to the program's end: it was cut after message ${seq}\n`,
      );
    }
  }
  assert.ok(shown > 0);
});

test("every byte that is changed is noticed", async () => {
  const { bytes, whole } = await small();
  const readBytes = reader();
  for (let at = 0; at < bytes.length; at++) {
    const changed = bytes.slice();
    changed[at]! ^= 1 << random.below(8);
    const found = readBytes(changed);
    if (found instanceof ReplrtError) continue;
    const { frames, end } = found;
    assert.ok(end.damage !== undefined, `byte ${at}`);
    assert.ok(end.size <= at, `byte ${at}`);
    assert.equal(frames, whole.frames.slice(0, frames.length), `byte ${at}`);
  }
});

test("a replay of a damaged recording shows what is good, says what is wrong and where, and ends with 125", async () => {
  const { bytes, stdout } = await small();
  for (let i = 0; i < SAMPLES; i++) {
    const changed = bytes.slice();
    const at = random.below(bytes.length);
    changed[at]! ^= 1 << random.below(8);
    const damaged = await replay(place(changed));
    assert.is(damaged.code, 125, `byte ${at}: ${damaged.stderr}`);
    assertNoBug(damaged);
    assert.ok(stdout.startsWith(damaged.stdout));
    assert.match(damaged.stderr, /^error: cannot re(?:ad|play) /);
  }
});

test("a byte of a module that was put in is noticed, and another module does", async () => {
  const { file, stdout } = await record("hello", { options: ["--embed"] });
  const bytes = Deno.readFileSync(file);
  bytes[1000]! ^= 4;
  const damaged = place(bytes);
  const { code, stderr } = await replay(damaged);
  assert.is(code, 125);
  assert.match(stderr, `cannot read ${damaged}: the module in it is damaged`);
  assert.match(stderr, "give the module with --module");
  const module = new URL("../../guests/dist/hello.wasm", import.meta.url);
  const given = await replay(damaged, ["--module", module.pathname]);
  assert.equal([given.code, given.stdout], [0, stdout]);
});

test("what follows the program's end is of no account", async () => {
  const { bytes, stdout } = await small();
  const more = new Uint8Array(bytes.length + 100).fill(7);
  more.set(bytes);
  const { code, ...told } = await replay(place(more));
  assert.equal([code, told.stdout, told.stderr], [0, stdout, ""]);
});

test("outcomes and arguments that were changed under good checksums end a replay with 123, or change what it shows", async () => {
  const { file } = await record("clock", { args: ["3"] });
  const calls = new Edited(file).messages().slice(1);
  const codes: number[] = [];
  for (let i = 0; i < SAMPLES; i++) {
    const edited = new Edited(file);
    const { method, at, data } = random.pick(calls);
    if (method === clock_time_get.id) {
      edited.bytes[at + 32 + random.below(data.length)]! ^= 1 <<
        random.below(8);
    } else edited.bytes[at + 24 + random.below(4)]! ^= 1 << random.below(8);
    const told = await replay(edited.save(place()));
    assertNoBug(told);
    codes.push(told.code);
  }
  assert.ok(codes.every((code) => [0, 1, 123].includes(code)), codes.join());
  assert.ok(codes.includes(123));
});

test("a recording whose end can't be read is no end of the program's, and no bug of ours", async () => {
  const { file } = await record("clock", { args: ["3"] });
  const edited = new Edited(file);
  const { seq, data } = edited.messages().at(-1)!;
  data.fill(0xff);
  const path = edited.save(place());
  const run = (args: string[]) => ended(startNode(args));
  const [replayed, live, shown, compared] = await Promise.all([
    replay(path),
    run(["replay", "--live", path]),
    run(["log", path]),
    run(["diff", file, path]),
  ]);
  [replayed, live, shown, compared].forEach(assertNoBug);
  assert.is(replayed.code, 123);
  assert.match(replayed.stderr, `message ${seq}`);
  assert.is(live.code, 125);
  assert.match(
    live.stderr,
    `message ${seq}, the program's end, can't be read`,
  );
  assert.is(shown.code, 0);
  assert.match(shown.stdout, "processExit: its DATA can't be read");
  assert.is(compared.code, 1);
  assert.match(compared.stdout, "its DATA can't be read");
  const call = differentCall(file, path);
  assert.is(call?.other, "processExit: its DATA can't be read");
});

test("a file that only begins as a recording does is refused, not taken for a bug", async () => {
  const { file } = await record("hello");
  const edited = new Edited(file);
  const { data } = edited.messages()[0]!;
  for (const value of [0x00, 0xa0, 0x80, 0xff]) {
    data[0] = value;
    const told = await replay(edited.save(place()));
    assert.is(told.code, 125);
    assertNoBug(told);
    assert.match(told.stderr, "it is no recording");
  }
});

/** A field of a recording's schedule of threads, and CBOR for it that is none, of the same size. */
const BAD_SCHEDULES: readonly (readonly [field: string, cbor: number[]])[] = [
  ["quantum", [0x1a, 0, 0, 0, 0]],
  ["quantum", [0x1a, 0x80, 0, 0, 0]],
  ["quantum", [0x64, 0x31, 0x32, 0x33, 0x34]],
  ["seed", [0xf5]],
  ["seed", [0x20]],
  ["seed", [0x60]],
  ["pollEvery", [0x3a, 0, 0, 0, 0]],
  ["pollEvery", [0x1a, 255, 255, 255, 255]],
];

test("a recording whose schedule of threads is missing or wrong is refused as no recording", async () => {
  const { file } = await record("hello");
  const refused = async (edited: Edited) => {
    const told = await replay(edited.save(place()));
    assert.is(told.code, 125);
    assertNoBug(told);
    assert.match(told.stderr, "it is no recording");
  };
  for (const [field, cbor] of BAD_SCHEDULES) {
    const edited = new Edited(file);
    const { data } = edited.messages()[0]!;
    data.set(cbor, placeOf(data, field) + field.length);
    await refused(edited);
  }
  const without = new Edited(file);
  const { data } = without.messages()[0]!;
  data[placeOf(data, "schedule")]! ^= 1;
  await refused(without);
});

/** Where a name stands in DATA of a PROCESS_INIT. */
function placeOf(data: Uint8Array, name: string): number {
  const at = new TextDecoder("latin1").decode(data).indexOf(name);
  assert.ok(at > 0, name);
  return at;
}

test.run();
