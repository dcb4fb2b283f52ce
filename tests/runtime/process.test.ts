import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  Control,
  MessageHeader,
  messageSize,
} from "../../src/engine/message.ts";
import { Data } from "../../src/wasi-intercept/data.ts";
import { FIRST_TID, PID } from "../../src/wasi-intercept/messages.ts";
import { scheduleOf } from "../../src/wasi-intercept/threads/schedule.ts";
import type { Kernel } from "../../src/wasi-intercept/kernel.ts";
import { solo } from "../../src/wasi-intercept/specialise.ts";
import { ReplrtError } from "../../src/runtime/errors.ts";
import { encodeEnd, type GuestEnd } from "../../src/runtime/guest/end.ts";
import { instantiate } from "../../src/runtime/guest/process.ts";
import {
  Divergence,
  LoggedEnd,
} from "../../src/runtime/guest/ring_messages.ts";
import { SoloOutputs } from "../../src/runtime/guest/solo_outputs.ts";
import { GuestHost } from "../../src/runtime/host/guest_host.ts";
import { numbered, Rig } from "../wasi-intercept/rig.ts";

/** `(import WASI NAME (func (param i32…)))` beside a memory and a `_start`. */
function importing(
  name: string,
  params: number,
  wasi = "wasi_snapshot_preview1",
): WebAssembly.Module {
  const text = (word: string) => [
    word.length,
    ...new TextEncoder().encode(word),
  ];
  const section = (id: number, bytes: number[]) => [id, bytes.length, ...bytes];
  return new WebAssembly.Module(
    new Uint8Array([
      ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
      ...section(1, [
        ...[2, 0x60, 0, 0, 0x60, params, ...Array(params).fill(0x7f), 1, 0x7f],
      ]),
      ...section(2, [
        1,
        ...text(wasi),
        ...text(name),
        0,
        1,
      ]),
      ...section(3, [1, 0]),
      ...section(5, [1, 0, 1]),
      ...section(7, [2, ...text("memory"), 2, 0, ...text("_start"), 0, 1]),
      ...section(10, [1, 2, 0, 0x0b]),
    ]),
  );
}

function process(module: WebAssembly.Module, listeners: readonly number[]) {
  const host = new GuestHost(0, undefined);
  return instantiate(module, {
    config: {
      args: ["app", "ü"],
      env: ["A=b"],
      dirs: [{ name: "/one", shared: false }, { name: ".", shared: false }],
      intents: true,
      listeners: listeners.length,
      stdio: [2, 6, 4],
      schedule: scheduleOf(undefined, undefined),
    },
    handles: { dirs: [50, 51], listeners },
    host,
    data: new Data(),
    outputs: new SoloOutputs(host),
    flush: () => {},
  }, solo);
}

function texts(strings: readonly Uint8Array[]): string[] {
  return strings.map((bytes) => new TextDecoder().decode(bytes));
}

test("descriptors are stdio, then the directories, then the listeners", () => {
  const { kernel } = process(importing("sched_yield", 0), [60]);
  assert.equal(
    [...kernel.fds].map(([fd, d]) => [fd, d.kind, d.filetype, d.handle]),
    [
      [0, "stream", 2, 0],
      [1, "stream", 6, 1],
      [2, "stream", 4, 2],
      [3, "directory", 3, 50],
      [4, "directory", 3, 51],
      [5, "listener", 6, 60],
    ],
  );
});

test("the first listener is named in the environment, where there is one", () => {
  const names = (kernel: Kernel) => texts(kernel.environ);
  const module = importing("sched_yield", 0);
  assert.equal(names(process(module, []).kernel), ["A=b\0"]);
  assert.equal(names(process(module, [60, 61]).kernel), [
    "A=b\0",
    "REPLRT_LISTEN_FD=5\0",
  ]);
  assert.equal(texts(process(module, []).kernel.args), ["app\0", "ü\0"]);
});

test("a module of the version before preview1 gets the functions that are the same, of the spec's type", () => {
  process(importing("fd_close", 1, "wasi_unstable"), []);
  assert.throws(
    () => process(importing("fd_close", 2, "wasi_unstable"), []),
    /cannot link the module: .*fd_close/,
  );
});

test("an import of another type than the spec's is refused, by name", () => {
  process(importing("fd_close", 1), []);
  for (const [name, params] of [["fd_close", 2], ["path_open", 9]] as const) {
    assert.throws(
      () => process(importing(name, params), []),
      (error: unknown) =>
        error instanceof ReplrtError && error.message.includes(name) &&
        error.message.startsWith("cannot link the module: "),
    );
  }
});

test("a solo guest that closes its stdio leaves the node's open", () => {
  const closed: number[] = [];
  const host = new GuestHost(0, undefined);
  host.close = (handle) => void closed.push(handle);
  const outputs = new SoloOutputs(host);
  for (const handle of [0, 1, 2, 3]) {
    outputs.close({
      kind: "stream",
      filetype: 6,
      flags: 0,
      rights: 0,
      inheriting: 0,
      output: 0,
      ended: false,
      handle,
    });
  }
  assert.equal(closed, [3]);
});

/** A control message with DATA. */
function control(method: number, seq: number, data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(messageSize(data.length));
  const view = new DataView(bytes.buffer);
  view.setUint32(MessageHeader.at.size, bytes.length, true);
  view.setUint16(MessageHeader.at.method, method, true);
  view.setUint32(MessageHeader.at.pid, PID, true);
  view.setUint32(MessageHeader.at.tid, FIRST_TID, true);
  view.setUint32(MessageHeader.at.dataSize, data.length, true);
  bytes.set(data, MessageHeader.size);
  return numbered(bytes, seq);
}

/** A backup, and a message of a clock reading for it to follow. */
function backup(): { rig: Rig; clock: (seq: number) => Uint8Array } {
  const live = new Rig();
  live.call.clock_time_get!(0, 1n, 0);
  const [message] = live.drain();
  return {
    rig: new Rig({ following: true }),
    clock: (seq) => numbered(message!, seq),
  };
}

const TRAP: GuestEnd = { kind: "trap", reason: "unreachable", frames: ["f"] };
const EXIT: GuestEnd = { kind: "exit", code: 3 };

test("messages that concern the node alone are counted and passed by", () => {
  const { rig, clock } = backup();
  const none = new Uint8Array(0);
  rig.feed([
    control(Control.memberJoined, 1, none),
    control(Control.memberRemoved, 2, none),
    clock(3),
    control(Control.takeover, 4, new Uint8Array(5)),
    clock(5),
  ]);
  assert.is(rig.call.clock_time_get!(0, 1n, 0), 0);
  assert.is(rig.call.clock_time_get!(0, 1n, 0), 0);
  assert.is(rig.messages.seq, 5);
  assert.equal(rig.told, ["takeover 5"]);
});

test("a message that is missing is a bug, not followed", () => {
  const { rig, clock } = backup();
  rig.feed([clock(1), clock(3)]);
  rig.call.clock_time_get!(0, 1n, 0);
  assert.throws(
    () => rig.call.clock_time_get!(0, 1n, 0),
    /message 3 follows message 1/,
  );
});

test("a logged trap ends a backup at its next call, whichever that is", () => {
  const { rig } = backup();
  rig.feed([control(Control.processExit, 1, encodeEnd(TRAP))]);
  assert.throws(
    () => rig.call.random_get!(0, 8),
    (error: unknown) => error instanceof LoggedEnd,
  );
});

test("a logged exit is no end for a guest that makes another call", () => {
  const { rig } = backup();
  rig.feed([control(Control.processExit, 1, encodeEnd(EXIT))]);
  assert.throws(
    () => rig.call.random_get!(0, 8),
    (error: unknown) => error instanceof Divergence,
  );
});

test("a guest that ends takes its end from the log, or makes it live", () => {
  const { rig } = backup();
  rig.feed([control(Control.processExit, 1, encodeEnd(EXIT))]);
  assert.equal(rig.messages.takeEnd("exit"), EXIT);
  const other = backup();
  other.rig.feed([other.clock(1)]);
  assert.throws(
    () => other.rig.messages.takeEnd("exit with code 0"),
    /the log has clock_time_get\(.*, the guest called exit with code 0/,
  );
  const last = backup().rig;
  last.goLive();
  assert.is(last.messages.takeEnd("exit"), undefined);
  last.messages.processExit(encodeEnd(EXIT));
  const [end] = last.drain();
  assert.is(end![MessageHeader.at.method], Control.processExit);
});

test.run();
