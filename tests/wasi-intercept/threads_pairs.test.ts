/** The same program of threads on a primary with real sockets and pipes, and on a backup that has the log alone. @module */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { join } from "node:path/posix";
import { viewOf } from "../../src/engine/batch.ts";
import { MessageHeader } from "../../src/engine/message.ts";
import { threadId } from "../../src/runtime/host/clock.ts";
import { GuestHost } from "../../src/runtime/host/guest_host.ts";
import { cString, libc } from "../../src/runtime/host/libc.ts";
import { linux } from "../../src/runtime/host/linux.ts";
import { makeWaker } from "../../src/runtime/host/poll.ts";
import {
  addressOf,
  bindSocket,
  closeHandle,
  listenOn,
} from "../../src/runtime/host/socket.ts";
import { fd_read } from "../../src/wasi-intercept/fd_io.ts";
import { removeDirs, tempDir } from "../kit/place.ts";
import { linesOf } from "./threads_log.ts";
import type { Surrounded, Surroundings } from "./threads_peer.ts";
import { type Body, ThreadRig } from "./threads_rig.ts";
import type { GuestThread } from "./threads_thread.ts";

const ECHOES = 3;
const LISTENER = 3, PIPE = 4;
/** Words of memory: how many threads are over, and the descriptor that is given to a new one. */
const OVER = 0, GIVEN = 4;
const PART = 200_000, PARTS = 60;

/** A guest and what its threads did: the reads of each, by its number. */
interface Program {
  readonly bodies: readonly Body[];
  readonly reads: Map<number, number>;
}

/** Main takes connections and gives each a thread; one more reads the pipe. */
function program(): Program {
  const reads = new Map<number, number>();
  const read = async (thread: GuestThread, fd: number, size: number) => {
    const text = await thread.read(fd, size);
    reads.set(thread.tid, (reads.get(thread.tid) ?? 0) + 1);
    return text;
  };
  const over = (thread: GuestThread) => {
    const { memory } = thread.rig.kernel;
    memory.setU32(OVER, memory.u32(OVER) + 1);
    thread.notify(OVER);
  };
  const main: Body = async (thread) => {
    const { memory } = thread.rig.kernel;
    thread.spawn(2);
    for (let i = 0; i <= ECHOES; i++) {
      memory.setU32(GIVEN, await thread.accept(LISTENER) as number);
      thread.spawn(1);
      await thread.wait(GIVEN);
    }
    while (memory.u32(OVER) < ECHOES + 2) await thread.wait(OVER);
  };
  const serve: Body = async (thread) => {
    const fd = thread.rig.kernel.memory.u32(GIVEN);
    thread.notify(GIVEN);
    const wish = await read(thread, fd, 1);
    thread.say(wish);
    for (let i = 0; wish === "s" && i < PARTS;) {
      if (await thread.flood(fd, PART) === "success") i++;
    }
    while (wish === "e") {
      const size = await echo(thread, fd);
      reads.set(thread.tid, reads.get(thread.tid)! + 1);
      thread.say(`${size}`);
      if (size === 0) break;
    }
    await thread.call("fd_close", fd);
    over(thread);
  };
  const copy: Body = async (thread) => {
    for (let text = ""; !text.includes("end");) {
      text = await read(thread, PIPE, 10);
      thread.say(JSON.stringify(text));
    }
    over(thread);
  };
  return { bodies: [main, serve, copy], reads };
}

/** Where each thread has its buffer. */
const BUFFERS = 1 << 18, BUFFER = 1 << 12;

/** Gives back what comes; how many bytes. */
async function echo(thread: GuestThread, fd: number): Promise<number> {
  const { memory } = thread.rig.kernel;
  const at = BUFFERS + BUFFER * thread.tid;
  memory.setU32(at, at + 64);
  memory.setU32(at + 4, BUFFER - 64);
  const args = [fd, at, 1, at + 16] as const;
  assert.is(await thread.call("fd_read", ...args), "success");
  const size = memory.u32(at + 16);
  memory.setU32(at + 4, size);
  if (size > 0) assert.is(await thread.call("fd_write", ...args), "success");
  return size;
}

/** A pipe with a name, open for reading and writing: it has no end. */
function openPipe(): { path: string; handle: number } {
  const path = join(tempDir(), "pipe");
  const { success } = new Deno.Command("mkfifo", { args: [path] }).outputSync();
  assert.ok(success);
  return { path, handle: libc.open(cString(path), linux.O_RDWR) };
}

/** Runs a rig among its main isolate and its clients. */
async function surrounded(
  rig: ThreadRig,
  around: Omit<Surrounded, "outbox" | "slots">,
): Promise<Surroundings> {
  const worker = new Worker(new URL("./threads_peer.ts", import.meta.url), {
    type: "module",
  });
  const next = () =>
    new Promise<MessageEvent>((resolve, reject) => {
      worker.onmessage = resolve;
      worker.onerror = reject;
    });
  const ready = next();
  const { shared } = rig.outbox;
  worker.postMessage({ ...around, outbox: shared, slots: rig.slots.shared });
  await ready;
  assert.is(await rig.live(), undefined);
  const told = next();
  worker.postMessage("the guest has ended");
  const { data } = await told;
  worker.terminate();
  return data;
}

/** How many reads of each thread a log has. */
function readsIn(messages: readonly Uint8Array[]): Map<number, number> {
  const reads = new Map<number, number>();
  for (const message of messages) {
    const view = viewOf(message);
    const method = view.getUint16(MessageHeader.at.method, true);
    const tid = view.getUint32(MessageHeader.at.tid, true);
    if (method === fd_read.id) reads.set(tid, (reads.get(tid) ?? 0) + 1);
  }
  return reads;
}

test.after(removeDirs);

for (const seed of [null, 7]) {
  test(`threads serve clients and read a pipe while one waits for room, on both nodes alike: ${seed === null ? "in turns" : `seed ${seed}`}`, async () => {
    const any = { host: "127.0.0.1", port: 0 };
    const listener = bindSocket(any, "");
    listenOn(listener, any, "");
    const { port } = addressOf(listener, any);
    const { path, handle } = openPipe();
    const waker = makeWaker();
    const schedule = { quantum: 1000, seed };
    const first = program();
    const primary = new ThreadRig(first.bodies, {
      host: new GuestHost(threadId(), waker),
      surrounded: true,
      listeners: [listener],
      inputs: [handle],
      schedule,
    });
    const { messages, echoed, taken } = await surrounded(primary, {
      ...{ waker, port, echoes: ECHOES, pipe: path },
    });
    assert.ok(echoed.every((size) => size > 10_000), `${echoed}`);
    assert.is(taken, PART * PARTS);
    assert.equal(readsIn(messages), first.reads);
    const second = program();
    const backup = new ThreadRig(second.bodies, {
      ...{ listeners: [-1], inputs: [-1], schedule, following: true },
    });
    backup.feed(messages);
    assert.is(await backup.live(), undefined, linesOf(messages).join("\n"));
    assert.equal(backup.said, primary.said);
    assert.is(backup.messages.seq, messages.length);
    assert.equal(backup.kernel.memory.bytes, primary.kernel.memory.bytes);
    assert.equal(second.reads, first.reads);
    for (const one of [listener, handle, waker]) closeHandle(one);
  });
}

test.run();
