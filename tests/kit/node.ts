/** Starts nodes as an operator would, by the launcher, and waits for what they say and do. @module */
import { join } from "node:path/posix";
import type { StatusEvent } from "../../src/runtime/status.ts";
import { Waiters } from "./waiters.ts";

const ROOT = join(import.meta.dirname as string, "../..");
const LAUNCHER = join(ROOT, "replrt");

/** How long a test waits for anything that a node does, in ms. */
export const PATIENCE_MS = 40_000;

type EventName = StatusEvent["event"];
type EventOf<N extends EventName> = Extract<StatusEvent, { event: N }>;

/** What a process reads. */
export type Stdin =
  | string
  | Uint8Array<ArrayBuffer>
  | ReadableStream<Uint8Array<ArrayBuffer>>;

/** What a node is started with beside its arguments. */
export interface Surroundings {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** All of stdin; it is empty without this. A stream may stay open. */
  readonly stdin?: Stdin;
}

/** How a process ended: `signal` is null after an exit of its own. */
export interface Exit {
  readonly code: number;
  readonly signal: string | null;
}

const running = new Set<RunningNode>();

/** For tests that wait until a silence counts as a death. */
export const BRIEF = ["--timeout", "4000"];

/** Options of a node with others: a starved machine is not to be mistaken for a freeze. A kill is seen without it. */
export function patient(options: readonly string[]): readonly string[] {
  return options.includes("--timeout")
    ? options
    : ["--timeout", "8000", ...options];
}

/** The path of a built guest. */
export function guest(name: string): string {
  return join(ROOT, "guests/dist", `${name}.wasm`);
}

/** Starts `replrt` with `args`, such as `["run", guest("kv"), "--json"]`. */
export function startNode(
  args: readonly string[],
  around: Surroundings = {},
): RunningNode {
  return new RunningNode(args, around);
}

/** Ends all nodes that a test left, for `test.after`. */
export async function killNodes(): Promise<void> {
  for (const node of running) node.kill("SIGKILL");
  await Promise.all([...running].map(({ exit }) => exit));
}

/** A node, or what is left of it. */
export class RunningNode {
  readonly pid: number;
  /** Resolves when the process has ended and all it printed is here. */
  readonly exit: Promise<Exit>;
  readonly stderr: string[] = [];
  readonly #child: Deno.ChildProcess;
  readonly #args: readonly string[];
  readonly #events: StatusEvent[] = [];
  readonly #stdout: Uint8Array[] = [];
  readonly #waiters = new Waiters(PATIENCE_MS, () => this.#story());

  constructor(args: readonly string[], { env, cwd, stdin }: Surroundings) {
    this.#args = args;
    this.#child = new Deno.Command(LAUNCHER, {
      args: [...args],
      cwd: cwd ?? ROOT,
      env: { NO_COLOR: "1", REPLRT_DENO: Deno.execPath(), ...env },
      stdin: stdin === undefined ? "null" : "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.pid = this.#child.pid;
    running.add(this);
    if (stdin !== undefined) void this.#feed(stdin);
    this.exit = this.#live();
  }

  /** What the guest has printed so far. */
  get stdout(): string {
    return new TextDecoder().decode(this.stdoutBytes);
  }

  get stdoutBytes(): Uint8Array<ArrayBuffer> {
    const parts = this.#stdout;
    const all = new Uint8Array(parts.reduce((n, { length }) => n + length, 0));
    let at = 0;
    for (const part of parts) {
      all.set(part, at);
      at += part.length;
    }
    return all;
  }

  /** The first line of stderr that matches, now or later. @throws {Error} when the node ends or the deadline passes before. */
  waitFor(line: RegExp): Promise<RegExpMatchArray> {
    return this.#waiters.until(`a line like ${line}`, () => {
      for (const text of this.stderr) {
        const match = text.match(line);
        if (match !== null) return match;
      }
      return undefined;
    });
  }

  /** The first match in what the guest printed, now or later. @throws {Error} as {@linkcode waitFor}. */
  waitForOutput(text: RegExp): Promise<RegExpMatchArray> {
    return this.#waiters.until(
      `output like ${text}`,
      () => this.stdout.match(text) ?? undefined,
    );
  }

  /** The oldest event of that name that was not given before; takes `--json`. @throws {Error} as {@linkcode waitFor}. */
  waitForEvent<N extends EventName>(name: N): Promise<EventOf<N>> {
    return this.#waiters.until(`the event ${name}`, () => {
      const i = this.#events.findIndex(({ event }) => event === name);
      return i < 0 ? undefined : this.#events.splice(i, 1)[0] as EventOf<N>;
    });
  }

  /** Sends a signal; one to a process that has ended goes nowhere. */
  kill(signal: Deno.Signal): void {
    try {
      if (running.has(this)) this.#child.kill(signal);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
    }
  }

  async #feed(stdin: Stdin): Promise<void> {
    const stream = stdin instanceof ReadableStream
      ? stdin
      : new Blob([stdin]).stream();
    try {
      await stream.pipeTo(this.#child.stdin);
    } catch (error) {
      if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
    }
  }

  async #live(): Promise<Exit> {
    const [status] = await Promise.all([
      this.#child.status.finally(() => running.delete(this)),
      this.#readStdout(),
      this.#readStderr(),
    ]);
    this.#waiters.end();
    return { code: status.code, signal: status.signal };
  }

  async #readStdout(): Promise<void> {
    for await (const part of this.#child.stdout) {
      this.#stdout.push(part);
      this.#waiters.look();
    }
  }

  async #readStderr(): Promise<void> {
    let rest = "";
    const texts = this.#child.stderr.pipeThrough(new TextDecoderStream());
    for await (const text of texts) {
      const lines = (rest + text).split("\n");
      rest = lines.pop() as string;
      lines.forEach((line) => this.#take(line));
      this.#waiters.look();
    }
    if (rest !== "") this.#take(rest);
  }

  #take(line: string): void {
    this.stderr.push(line);
    const event = eventOf(line);
    if (event !== undefined) this.#events.push(event);
  }

  /** What is known of the node, for a failed test. */
  #story(): string {
    return [
      `replrt ${this.#args.join(" ")} (pid ${this.pid})`,
      ...this.stderr.slice(-20).map((line) => `  | ${line}`),
    ].join("\n");
  }
}

/** The status event that a line of stderr is, if it is one: the guest's own lines are there too. */
function eventOf(line: string): StatusEvent | undefined {
  if (!line.startsWith('{"event":')) return undefined;
  try {
    return JSON.parse(line) as StatusEvent;
  } catch {
    return undefined;
  }
}
