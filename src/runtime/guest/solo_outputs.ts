import { FileType, type Stream } from "../../wasi-intercept/descriptors.ts";
import { Errno } from "../../wasi-intercept/errno.ts";
import { type Host, PollEvent } from "../../wasi-intercept/host.ts";
import type { Outputs } from "../../wasi-intercept/kernel.ts";
import { PIPE_CHUNK } from "../host/pipe.ts";
import { shutdownWrite } from "../host/socket.ts";

const STDERR = 2;

/** The outputs of a node that does not replicate: they leave within the call. */
export class SoloOutputs implements Outputs {
  readonly #host: Host;
  /** Whether other threads run while one waits for room: then no write may block. */
  readonly #several: boolean;
  readonly full = false;

  constructor(host: Host, several = false) {
    this.#host = host;
    this.#several = several;
  }

  limit(stream: Stream): number {
    return this.#mayBlock(stream) ? PIPE_CHUNK : Infinity;
  }

  /** Whether a write could hold up all threads: the node's own stdio is shared with other programs, and blocks. */
  #mayBlock({ handle, filetype }: Stream): boolean {
    return this.#several && handle as number <= STDERR &&
      filetype !== FileType.regularFile;
  }

  accept(stream: Stream, size: number): number {
    const handle = stream.handle as number;
    if (size === 0) return 0;
    if (this.#mayBlock(stream)) {
      const entry = { handle, events: PollEvent.out, revents: 0 };
      if (this.#host.poll([entry], 0n) === 0) return -Errno.again;
    }
    return this.#host.writev(handle);
  }

  push(): void {}

  open(): number {
    return 0;
  }

  /** The node's own stdio stays open: another file would get its number. */
  close(stream: Stream): void {
    const handle = stream.handle as number;
    if (handle > STDERR) this.#host.close(handle);
  }

  shutdownWrite(stream: Stream): void {
    shutdownWrite(stream.handle as number);
  }

  writable(stream: Stream): number {
    return stream.handle as number;
  }

  polling(): void {}

  permit(): void {}
}
