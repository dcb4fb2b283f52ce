/** A primary that is a test: it gives out whatever log it is told to. @module */
import { encode } from "cbor-x";
import { nextOf } from "../../../src/engine/batch.ts";
import type { Batch } from "../../../src/engine/batch.ts";
import { runTag } from "../../../src/engine/epoch.ts";
import type { Body, Frame } from "../../../src/engine/frame.ts";
import type { Hello } from "../../../src/runtime/node/handshake.ts";
import { batchOf, type Message, type Recording } from "./recording.ts";
import { Wire } from "./wire.ts";

const HEARTBEAT_MS = 50;

const fakes = new Set<FakePrimary>();

/** Listens, welcomes everybody, and gives its log. */
export class FakePrimary {
  readonly address: string;
  /** What the backup said when it left. */
  readonly leave: Promise<string>;
  /** Value of the WELCOME; a test may break it. */
  welcome: unknown;
  /** The log, in the batches in which it is sent. */
  log: readonly Batch[];
  /** Sent instead of the log by a test that wants more than that. */
  onFollow: (wire: Wire, hello: Hello) => void = (wire) => this.#give(wire);
  /** What it says is in its directory. */
  manifest: unknown = undefined;
  /** Frames of all backups. */
  readonly frames: Frame[] = [];
  readonly wires: Wire[] = [];
  readonly #listener: Deno.TcpListener;
  readonly #recording: Recording;
  #onLeave: (reason: string) => void = () => {};
  #ticker: ReturnType<typeof setInterval> | undefined;

  constructor(recording: Recording, messages: readonly Message[]) {
    this.#recording = recording;
    this.welcome = recording.welcome;
    this.log = [batchOf(messages)];
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    this.address = `127.0.0.1:${this.#listener.addr.port}`;
    this.leave = new Promise((resolve) => this.#onLeave = resolve);
    fakes.add(this);
    void this.#accept();
  }

  /** Ends as a process does that is killed. */
  close(): void {
    fakes.delete(this);
    clearInterval(this.#ticker);
    this.#listener.close();
    for (const wire of this.wires) wire.close();
  }

  async #accept(): Promise<void> {
    try {
      for await (const conn of this.#listener) this.#serve(new Wire(conn));
    } catch {
      // Closed.
    }
  }

  #serve(wire: Wire): void {
    this.wires.push(wire);
    wire.origin = {
      run: runTag(this.#recording.welcome.run),
      epoch: { number: 1, node: this.#recording.welcome.node },
    };
    wire.onFrame = (frame) => {
      this.frames.push(frame);
      this.#answer(wire, frame.body);
    };
  }

  #answer(wire: Wire, body: Body): void {
    if (body.kind === "leave") this.#onLeave(body.reason);
    if (body.kind === "fetch") {
      const bytes = new Uint8Array(encode(this.manifest));
      void wire.send({ kind: "chunk", value: { bytes, size: bytes.length } });
    }
    if (body.kind !== "hello") return;
    void wire.send({ kind: "welcome", value: this.welcome });
    const hello = body.value as Hello;
    if (hello.phase === "follow") this.onFollow(wire, hello);
  }

  #give(wire: Wire): void {
    for (const batch of this.log) {
      void wire.send({ kind: "data", batch, released: 0 });
    }
    this.beat(wire);
  }

  /** Sends heartbeats from now on. */
  beat(wire: Wire): void {
    clearInterval(this.#ticker);
    this.#ticker = setInterval(() => {
      const last = this.log.at(-1);
      const end = last === undefined ? 0 : nextOf(last);
      const [released, sent] = [0, 0];
      void wire.send({ kind: "heartbeat", next: end, end, released, sent });
    }, HEARTBEAT_MS);
  }
}

/** Ends all that a test left. */
export function closeFakes(): void {
  for (const fake of fakes) fake.close();
}
