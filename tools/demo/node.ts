/** A node of the demo: a process of its own, started by the launcher as an operator would. @module */
import { join } from "node:path/posix";
import { type Address, formatAddress } from "../../src/runtime/options.ts";
import type { StatusEvent } from "../../src/runtime/status.ts";
import { freePort } from "../free_port.ts";

const ROOT = join(import.meta.dirname as string, "../..");

type EventName = StatusEvent["event"];
type EventOf<N extends EventName> = Extract<StatusEvent, { event: N }>;

/** Where a node is reached, and what it leaves on disk. */
export interface Place {
  /** `--bind`: for the other node. */
  readonly bind: Address;
  /** `--tcplisten`: for clients. */
  readonly clients: Address;
  readonly stateDir: string;
}

/** A running kv. */
export class DemoNode {
  readonly place: Place;
  /** Resolves when the process has ended. */
  readonly ended: Promise<void>;
  readonly #child: Deno.ChildProcess;
  readonly #events: StatusEvent[] = [];
  readonly #lines: string[] = [];
  #looks: (() => void)[] = [];
  #over = false;

  /** @param role the options that make it primary or backup */
  constructor(place: Place, role: readonly string[]) {
    this.place = place;
    this.#child = new Deno.Command(join(ROOT, "replrt"), {
      args: [
        "run",
        join(ROOT, "guests/dist/kv.wasm"),
        ...["--bind", formatAddress(place.bind)],
        ...["--tcplisten", formatAddress(place.clients)],
        ...["--state-dir", place.stateDir],
        ...["--timeout", "4000"], // a busy machine's stalls; a kill is seen at once
        "--json",
        ...role,
      ],
      env: { REPLRT_DENO: Deno.execPath() },
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    this.ended = this.#live();
  }

  /** Waits for a status event. @throws {Error} with what the node said, when it ends before or `patienceMs` pass. */
  async event<N extends EventName>(
    name: N,
    patienceMs: number,
  ): Promise<EventOf<N>> {
    const deadline = performance.now() + patienceMs;
    for (;;) {
      const found = this.#events.find(({ event }) => event === name);
      if (found !== undefined) return found as EventOf<N>;
      const left = deadline - performance.now();
      if (this.#over || left <= 0) throw this.#missing(name);
      await this.#next(left);
    }
  }

  /** Ends the process with SIGKILL; it has no time for last words. */
  kill(): void {
    if (!this.#over) this.#child.kill("SIGKILL");
  }

  #next(patienceMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, patienceMs);
      this.#looks.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  #missing(name: string): Error {
    const last = this.#lines.slice(-5).map((line) => `\n  ${line}`).join("");
    return new Error(`a node did not say "${name}"; its last words:${last}`);
  }

  async #live(): Promise<void> {
    let rest = "";
    const texts = this.#child.stderr.pipeThrough(new TextDecoderStream());
    for await (const text of texts) {
      const lines = (rest + text).split("\n");
      rest = lines.pop() as string;
      lines.forEach((line) => this.#take(line));
    }
    await this.#child.status;
    this.#over = true;
    this.#look();
  }

  #take(line: string): void {
    this.#lines.push(line);
    if (line.startsWith('{"event":')) this.#events.push(JSON.parse(line));
    this.#look();
  }

  #look(): void {
    const looks = this.#looks;
    this.#looks = [];
    for (const look of looks) look();
  }
}

/** `count` addresses of this machine that nobody had a moment ago. */
export function freeAddresses(count: number): Address[] {
  const ports = new Set<number>();
  while (ports.size < count) ports.add(freePort());
  return [...ports].map((port) => ({ host: "127.0.0.1", port }));
}
