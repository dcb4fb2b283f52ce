import type { Stream } from "./descriptors.ts";
import { type Host, type PollEntry, PollEvent } from "./host.ts";
import type { Kernel, Outputs } from "./kernel.ts";
import type { Waiting } from "./waiting.ts";

/** Waiting where there is one thread: in poll(2). */
export class WaitAlone implements Waiting {
  readonly alone = true;
  readonly kept = undefined;
  readonly #host: Host;
  readonly #outputs: Outputs;
  readonly #flush: () => void;

  constructor(host: Host, outputs: Outputs, flush: () => void) {
    this.#host = host;
    this.#outputs = outputs;
    this.#flush = flush;
  }

  until(
    entries: readonly PollEntry[],
    timeoutNs: bigint,
    ready?: () => boolean,
  ): boolean {
    this.#flush();
    if (ready !== undefined) this.#outputs.polling(true);
    if (!ready?.()) this.#host.poll(entries, timeoutNs);
    if (ready !== undefined) this.#outputs.polling(false);
    return true;
  }

  giveWay(): void {
    this.#host.yield();
  }
}

/** Waits until a handle can be read or accepts; as {@linkcode Waiting.until}. */
export function untilReadable({ waiting }: Kernel, handle: number): boolean {
  const entry = { handle, events: PollEvent.in, revents: 0 };
  return waiting.until([entry], -1n);
}

/** Waits until a stream takes bytes, or never will: its sending side was ended meanwhile; as {@linkcode Waiting.until}. */
export function untilWritable(k: Kernel, stream: Stream): boolean {
  const handle = k.outputs.writable(stream);
  if (typeof handle !== "number") {
    const ready = () => k.outputs.writable(stream) === true;
    return k.waiting.until([], -1n, ready);
  }
  const entry = { handle, events: PollEvent.out, revents: 0 };
  return k.waiting.until([entry], -1n);
}
