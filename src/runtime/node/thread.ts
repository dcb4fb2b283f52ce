import type { GuestConfig, GuestHandles } from "../guest/config.ts";
import type { GuestReport, GuestStart, Inspected } from "../guest/protocol.ts";
import { Slots } from "../guest/slots.ts";
import type { TraceStyle } from "../guest/trace_style.ts";
import { makeWaker, wake } from "../host/poll.ts";
import type { PreparedModule } from "../module/load.ts";
import { Ring } from "../ring.ts";

/** Bytes of each ring: four of the largest messages with what they queue. */
const RING_BYTES = 8 << 20;

/** Main's handle of a guest's Worker. */
export class GuestThread {
  readonly outbox = Ring.of(RING_BYTES);
  readonly inbox = Ring.of(RING_BYTES);
  readonly slots = new Slots();
  readonly waker = makeWaker();
  /** Gets every report but `ready`. */
  onReport: (report: GuestReport) => void = () => {};
  /** How the guest's calls are shown; undefined where they are not. */
  trace: TraceStyle | undefined;
  readonly #worker: Worker;

  constructor() {
    this.#worker = new Worker(new URL("../worker.ts", import.meta.url), {
      type: "module",
      name: "guest",
    });
    this.#worker.addEventListener("error", (event) => {
      event.preventDefault();
      this.onReport({ kind: "bug", text: event.message });
    });
  }

  /** Instantiates the guest and resolves to its thread id; what stops it goes to `onReport`. */
  prepare(
    prepared: PreparedModule,
    config: GuestConfig,
    handles: GuestHandles,
    following: boolean,
    inspected?: Inspected,
  ): Promise<number> {
    const start: GuestStart = {
      prepared,
      config,
      handles,
      following,
      outbox: this.outbox.shared,
      inbox: this.inbox.shared,
      slots: this.slots.shared,
      waker: this.waker,
      inspected: inspected && { world: inspected.world },
      trace: this.trace,
    };
    return new Promise((resolve) => {
      this.#worker.addEventListener(
        "message",
        ({ data }: MessageEvent<GuestReport>) => {
          if (data.kind === "ready") resolve(data.tid);
          else this.onReport(data);
        },
      );
      this.#worker.postMessage(start);
    });
  }

  /** Runs the guest. */
  go(): void {
    this.#worker.postMessage("go");
  }

  /** Ends a poll in which the guest waits. */
  wake(): void {
    wake(this.waker);
  }
}
