/** The Worker of one guest process: the guest, its interceptors and its kernel state. Synchronous from `go` to its end. @module */
import { createHash } from "node:crypto";
import { Data } from "../wasi-intercept/data.ts";
import { StorageFault } from "../wasi-intercept/kernel.ts";
import { fd_readdir } from "../wasi-intercept/readdir.ts";
import { reversedReaddir } from "../wasi-intercept/reversed.ts";
import { reopenShared } from "../wasi-intercept/shared.ts";
import { replicated } from "../wasi-intercept/specialise.ts";
import type { Syscall } from "../wasi-intercept/syscall.ts";
import { ReplrtError } from "./errors.ts";
import { encodeEnd, endOf, type GuestEnd, sameEnd } from "./guest/end.ts";
import { instantiate, type Process } from "./guest/process.ts";
import type { GuestReport, GuestStart } from "./guest/protocol.ts";
import { QueuedOutputs } from "./guest/queued_outputs.ts";
import { Divergence, LoggedEnd, RingMessages } from "./guest/ring_messages.ts";
import { Slots } from "./guest/slots.ts";
import type { Link } from "./guest/trace.ts";
import { threadId } from "./host/clock.ts";
import { FixedHost } from "./host/fixed_host.ts";
import { GuestHost } from "./host/guest_host.ts";
import { Ring } from "./ring.ts";
import { offsetsIn } from "./clocks.ts";

const scope = self as unknown as {
  onmessage: ((event: MessageEvent) => void) | null;
  postMessage(report: GuestReport): void;
};

scope.onmessage = async ({ data }: MessageEvent<GuestStart>) => {
  try {
    const run = prepare(data, await partsFor(data));
    scope.onmessage = async () => scope.postMessage(await run());
    scope.postMessage({ kind: "ready", tid: threadId() });
  } catch (error) {
    scope.postMessage(reportOf(error));
  }
};

/** What few guests need. */
type Parts =
  & Partial<Pick<typeof import("./guest/trace.ts"), "traced">>
  & Partial<Pick<typeof import("./guest/trace_threads.ts"), "TracedThreads">>
  & Partial<Pick<typeof import("./guest/threads.ts"), "instantiateThreads">>;

async function partsFor({ trace, prepared }: GuestStart): Promise<Parts> {
  return {
    ...trace && await import("./guest/trace.ts"),
    ...trace && prepared.shape && await import("./guest/trace_threads.ts"),
    ...prepared.shape && await import("./guest/threads.ts"),
  };
}

/** Instantiates the guest; the function given back runs it to its end and tells how that came. */
function prepare(
  start: GuestStart,
  { traced, TracedThreads, instantiateThreads }: Parts,
): () => Promise<GuestReport> {
  const host = hostOf(start);
  const data = new Data();
  const outbox = new Ring(start.outbox);
  const messages = new RingMessages(
    data,
    outbox,
    new Ring(start.inbox),
    start.following,
    {
      takeover(bytes) {
        const offsets = offsetsIn(bytes);
        if (offsets === undefined) return false;
        host.clocks.offsets = offsets;
        return true;
      },
      live() {
        reopenShared(process.kernel);
        scope.postMessage({ kind: "live" });
      },
    },
  );
  const flush = () => messages.flush();
  const outputs = new QueuedOutputs(
    outbox,
    new Slots(start.slots),
    () => messages.following ? messages.seq : 0,
    flush,
    () => {
      messages.urgent = true;
    },
  );
  const parts = {
    config: start.config,
    handles: start.handles,
    host,
    data,
    outputs,
    flush,
  };
  const calls: Link = (row, kernel) =>
    replicated(rowFor(start, row), kernel, messages);
  const { module, shape } = start.prepared;
  const tid = shape && (() => messages.tid);
  const link = traced && start.trace
    ? traced(calls, start.config, start.trace, tid)
    : calls;
  const threads = TracedThreads && start.trace
    ? new TracedThreads(messages, start.trace)
    : messages;
  const process = shape && instantiateThreads
    ? instantiateThreads({ module, shape }, parts, threads, link)
    : instantiate(module, parts, link);
  return async () => {
    const report = await runToEnd(process, messages);
    if (start.inspected === undefined || report.kind !== "ended") return report;
    const hash = createHash("sha256").update(process.kernel.memory.bytes);
    return { ...report, memory: hash.digest("hex") };
  };
}

function hostOf({ waker, inspected }: GuestStart): GuestHost {
  const world = inspected?.world;
  return world === undefined
    ? new GuestHost(threadId(), waker)
    : new FixedHost(threadId(), waker, world);
}

/** Directories come in the order of their names, but where `replrt check` wants another. */
function rowFor({ inspected }: GuestStart, row: Syscall): Syscall {
  return row === fd_readdir && inspected?.world?.other === "readdir"
    ? reversedReaddir
    : row;
}

async function runToEnd(
  process: Process,
  messages: RingMessages,
): Promise<GuestReport> {
  try {
    await process.start();
    return finish(messages, { kind: "exit", code: 0 });
  } catch (error) {
    return finishAfter(messages, error);
  }
}

function finishAfter(messages: RingMessages, error: unknown): GuestReport {
  try {
    const end = endOf(error);
    return end === undefined ? reportOf(error) : finish(messages, end);
  } catch (later) {
    return reportOf(later);
  }
}

/** Logs the guest's end, or holds it against the log's. */
function finish(messages: RingMessages, end: GuestEnd): GuestReport {
  if (messages.following) {
    try {
      const logged = messages.takeEnd(describeEnd(end));
      if (logged !== undefined) return compareEnds(messages.seq, logged, end);
    } catch (error) {
      if (error instanceof Divergence && end.kind === "trap") {
        return { kind: "resource", end };
      }
      throw error;
    }
  }
  messages.processExit(encodeEnd(end));
  return { kind: "ended", end };
}

function compareEnds(
  seq: number,
  logged: GuestEnd,
  end: GuestEnd,
): GuestReport {
  if (sameEnd(logged, end)) return { kind: "ended", end: logged };
  if (end.kind === "trap") return { kind: "resource", end };
  return {
    kind: "diverged",
    seq,
    recorded: describeEnd(logged),
    replayed: describeEnd(end),
  };
}

function describeEnd(end: GuestEnd): string {
  return end.kind === "exit"
    ? `exit with code ${end.code}`
    : `trap: ${end.reason}`;
}

function reportOf(error: unknown): GuestReport {
  if (error instanceof LoggedEnd) return { kind: "ended", end: error.end };
  if (error instanceof Divergence) {
    const { seq, recorded, replayed } = error;
    return { kind: "diverged", seq, recorded, replayed };
  }
  if (error instanceof StorageFault) {
    return { kind: "storage", reason: error.message };
  }
  if (error instanceof ReplrtError) {
    return { kind: "refused", message: error.message, next: error.next };
  }
  return {
    kind: "bug",
    text: error instanceof Error ? error.stack ?? error.message : String(error),
  };
}
