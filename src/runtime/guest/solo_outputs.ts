import type { Stream } from "../../wasi-intercept/descriptors.ts";
import type { Host } from "../../wasi-intercept/host.ts";
import type { Outputs } from "../../wasi-intercept/kernel.ts";
import { shutdownWrite } from "../host/socket.ts";

const STDERR = 2;

/** The outputs of a node that does not replicate: they leave within the call. */
export class SoloOutputs implements Outputs {
  readonly #host: Host;
  readonly full = false;

  constructor(host: Host) {
    this.#host = host;
  }

  accept(stream: Stream, size: number): number {
    return size === 0 ? 0 : this.#host.writev(stream.handle as number);
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
