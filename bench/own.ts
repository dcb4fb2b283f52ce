/**
 * A child of the bench: replrt itself, `solo` or `logged`.
 *
 * Reads `EXPORT FILE CALLS` lines from stdin, FILE being read, write or none; answers each with ns a call.
 *
 * @module
 */
import { stdin } from "node:process";
import { createInterface } from "node:readline";
import { MAX_DATA } from "../src/engine/message.ts";
import { Data } from "../src/wasi-intercept/data.ts";
import type { Outputs } from "../src/wasi-intercept/kernel.ts";
import {
  type Import,
  replicated,
  solo,
} from "../src/wasi-intercept/specialise.ts";
import { instantiate, type Process } from "../src/runtime/guest/process.ts";
import { QueuedOutputs } from "../src/runtime/guest/queued_outputs.ts";
import { RingMessages } from "../src/runtime/guest/ring_messages.ts";
import { Slots } from "../src/runtime/guest/slots.ts";
import { SoloOutputs } from "../src/runtime/guest/solo_outputs.ts";
import { threadId } from "../src/runtime/host/clock.ts";
import { GuestHost } from "../src/runtime/host/guest_host.ts";
import { openDirectory } from "../src/runtime/host/open_directory.ts";
import { Ring } from "../src/runtime/ring.ts";
import type { Setting } from "./cases.ts";

/** As large as a node's. */
const OUTBOX_BYTES = 8 << 20;

interface Linked {
  readonly process: Process;
  readonly calls: ReadonlyMap<string, Import>;
}

function link(module: WebAssembly.Module, dir: number, logs: boolean): Linked {
  const host = new GuestHost(threadId(), undefined);
  const data = new Data();
  const bytes = new Uint8Array(MAX_DATA);
  data.place(new DataView(bytes.buffer), bytes, 0, 0);
  const messages = logs ? logInto(data) : undefined;
  const outputs: Outputs = messages === undefined
    ? new SoloOutputs(host)
    : messages.outputs;
  const calls = new Map<string, Import>();
  const process = instantiate(module, {
    config: { args: [], env: [], dirs: ["/"], listeners: 0, stdio: [2, 2, 2] },
    handles: { dirs: [dir], listeners: [] },
    host,
    data,
    outputs,
    flush: () => {},
  }, (row, kernel) => {
    const made = messages === undefined
      ? solo(row, kernel)
      : replicated(row, kernel, messages.ring);
    calls.set(row.name, made);
    return made;
  });
  return { process, calls };
}

/** A live node's messages, drained by another thread. */
function logInto(data: Data) {
  const outbox = Ring.of(OUTBOX_BYTES);
  const worker = new Worker(new URL("./drainer.ts", import.meta.url), {
    type: "module",
  });
  worker.postMessage(outbox.shared);
  const nothing = { takeover: () => {}, live: () => {} };
  const ring = new RingMessages(data, outbox, Ring.of(1024), false, nothing);
  const outputs = new QueuedOutputs(
    outbox,
    new Slots(),
    () => 0,
    () => {},
    () => {},
  );
  return { ring, outputs };
}

/** Opens a file of the guest's directory; its descriptor. */
function open({ process, calls }: Linked, file: string): number {
  const { memory } = process.kernel;
  const at = memory.bytes.length - 64;
  const path = new TextEncoder().encode(file);
  memory.write(at, path);
  const [oflags, rights] = file === "write" ? [9, 0x40n] : [0, 2n];
  const errno = calls.get("path_open")!(
    ...[3, 0, at, path.length, oflags, rights, 0n, 0, at + 32],
  );
  if (errno !== 0) throw new Error(`open gives ${errno}`);
  return memory.u32(at + 32);
}

const [variant, setting] = Deno.args as [string, string];
const { module, dir } = JSON.parse(setting) as Setting;
const linked = link(
  new WebAssembly.Module(Deno.readFileSync(module)),
  openDirectory(dir),
  variant === "logged",
);
for await (const line of createInterface({ input: stdin })) {
  const [name, file, calls] = line.split(" ") as [string, string, string];
  const args = file === "none" ? [] : [open(linked, file)];
  const run = linked.process.exports[name] as (...args: number[]) => number;
  const start = performance.now();
  const failed = run(...args, Number(calls));
  const ns = (performance.now() - start) * 1e6 / Number(calls);
  if (file !== "none") linked.calls.get("fd_close")!(args[0]!);
  if (failed > 0) throw new Error(`${failed} calls of ${name} failed`);
  console.log(ns);
}
Deno.exit(0);
