import { spawn } from "node:child_process";
import type { Socket } from "node:net";
import { constants } from "node:os";
import { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { EMBEDDED, STATUS_QUESTION } from "../embedding.ts";
import type { ReplrtError } from "../errors.ts";
import { systemFailure } from "./failure.ts";

const LAUNCHER = fileURLToPath(new URL("../../../replrt", import.meta.url));
/** The child's end of the socket: its first descriptor after stdio. */
const CHANNEL = 3;

/** Where a stream of the guest goes: to the embedding program's own, to a stream it reads or writes, or nowhere. */
export type Stdio = "inherit" | "piped" | "null";

const WORDS = { inherit: "inherit", piped: "pipe", null: "ignore" } as const;

/** How a process ended. */
export interface ChildEnd {
  /** After a signal 128 plus its number. */
  readonly code: number;
  readonly signal: Deno.Signal | null;
  /** Why it could not be started. */
  readonly failure: ReplrtError | undefined;
}

/** A node as a child of this process. */
export interface ChildNode {
  /** 0 when it could not be started. */
  readonly pid: number;
  /** The guest's streams; undefined unless it was started and they are piped. */
  readonly stdin: WritableStream<Uint8Array> | undefined;
  readonly stdout: ReadableStream<Uint8Array<ArrayBuffer>> | undefined;
  readonly stderr: ReadableStream<Uint8Array<ArrayBuffer>> | undefined;
  /** Resolves when the process has ended and its last line was taken. */
  readonly ended: Promise<ChildEnd>;
  /** Sends a question for the status. */
  ask(): void;
  /** Sends a signal; one to a process that has ended goes nowhere. (Deno's own `kill` sends one only, and reports that as the end.) */
  kill(signal: "SIGTERM" | "SIGKILL"): void;
}

/**
 * Starts a node through the launcher, with the Deno of this process.
 *
 * @param argv what follows `replrt`.
 * @param stdio for stdin, stdout and stderr.
 * @param take gets each line that the node says, without its end.
 */
export function spawnNode(
  argv: readonly string[],
  stdio: readonly [Stdio, Stdio, Stdio],
  take: (line: string) => void,
): ChildNode {
  const words = stdio.map((word) => WORDS[word]);
  const child = spawn(LAUNCHER, [...argv], {
    stdio: [...words, "pipe"],
    env: {
      ...Deno.env.toObject(),
      REPLRT_DENO: Deno.execPath(),
      [EMBEDDED]: `${Deno.pid}:${CHANNEL}`,
    },
  });
  const channel = child.stdio[CHANNEL] as unknown as
    | Socket
    | undefined;
  const ended = Promise.withResolvers<ChildEnd>();
  child.once("error", (error) => {
    const failure = systemFailure(`start ${LAUNCHER}`, error);
    ended.resolve({ code: failure.exitCode, signal: null, failure });
  });
  const closed = channel === undefined
    ? Promise.resolve()
    : read(channel, take);
  let alive = child.pid !== undefined;
  child.once("exit", (code, signal) => {
    alive = false;
    const end = {
      code: signal === null ? code ?? 0 : 128 + constants.signals[signal],
      signal: signal as Deno.Signal | null,
      failure: undefined,
    };
    void closed.then(() => ended.resolve(end));
  });
  return {
    pid: child.pid ?? 0,
    stdin: child.stdin ? Writable.toWeb(child.stdin) : undefined,
    stdout: webStream(child.stdout),
    stderr: webStream(child.stderr),
    ended: ended.promise,
    ask: () => void channel?.write(`${STATUS_QUESTION}\n`),
    kill: (signal) => {
      if (alive) killNow(child.pid!, signal);
    },
  };
}

function killNow(pid: number, signal: Deno.Signal): void {
  try {
    Deno.kill(pid, signal);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** Resolves when the other end is closed. A line that its process did not finish is left out. */
function read(channel: Socket, take: (line: string) => void): Promise<void> {
  let rest = "";
  channel.setEncoding("utf8");
  channel.on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() as string;
    lines.forEach(take);
  });
  channel.on("error", () => {});
  return new Promise((resolve) => channel.once("close", () => resolve()));
}

function webStream(
  stream: Readable | null | undefined,
): ReadableStream<Uint8Array<ArrayBuffer>> | undefined {
  return stream
    ? Readable.toWeb(stream) as ReadableStream<Uint8Array<ArrayBuffer>>
    : undefined;
}
