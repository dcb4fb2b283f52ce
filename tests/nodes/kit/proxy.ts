/** A TCP proxy between backup and primary that sees, changes and holds back frames. @module */
import { FrameReader } from "../../../src/engine/decode.ts";
import {
  encodeFrame,
  type Frame,
  NO_CLOCKS,
} from "../../../src/engine/frame.ts";

/** Which way a frame goes. */
export type Way = "toBackup" | "toPrimary";

/** What to do with a frame: pass it (perhaps changed), or hold it until {@linkcode Proxy.release}. */
export type Rule = (frame: Frame, way: Way) => Frame | "hold";

const proxies = new Set<Proxy>();

/** Passes frames between those who connect and `target`. */
export class Proxy {
  readonly address: string;
  /** Asked for every frame. */
  rule: Rule = (frame) => frame;
  /** Bytes a second towards the backup. */
  bytesPerSecond = Infinity;
  readonly #listener: Deno.TcpListener;
  readonly #target: Deno.ConnectOptions;
  readonly #conns = new Set<Deno.Conn>();
  #held: { readonly frame: Frame; readonly to: Deno.Conn }[] = [];

  constructor(target: string) {
    const [, hostname = "", port] = /^(.*):(\d+)$/.exec(target) ?? [];
    this.#target = { hostname, port: Number(port) };
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    this.address = `127.0.0.1:${this.#listener.addr.port}`;
    proxies.add(this);
    void this.#accept();
  }

  /** Passes what was held, in its order. */
  async release(): Promise<void> {
    const held = this.#held;
    this.#held = [];
    for (const { frame, to } of held) await writeFrame(to, frame);
  }

  /** Breaks all connections and takes no more. */
  close(): void {
    proxies.delete(this);
    this.#listener.close();
    for (const conn of this.#conns) shut(conn);
  }

  async #accept(): Promise<void> {
    try {
      for await (const backup of this.#listener) void this.#join(backup);
    } catch {
      // Closed.
    }
  }

  async #join(backup: Deno.Conn): Promise<void> {
    try {
      const primary = await Deno.connect(this.#target);
      this.#conns.add(backup).add(primary);
      void this.#pass(backup, primary, "toPrimary");
      void this.#pass(primary, backup, "toBackup");
    } catch {
      shut(backup);
    }
  }

  async #pass(from: Deno.Conn, to: Deno.Conn, way: Way): Promise<void> {
    const reader = new FrameReader();
    const buffer = new Uint8Array(1 << 16);
    try {
      for (;;) {
        const n = await from.read(buffer);
        if (n === null) break;
        if (way === "toBackup" && this.bytesPerSecond < Infinity) {
          const ms = n / this.bytesPerSecond * 1000;
          await new Promise((resolve) => setTimeout(resolve, ms));
        }
        for (const frame of reader.push(buffer.slice(0, n))) {
          const passed = this.rule(frame, way);
          if (passed === "hold") this.#held.push({ frame, to });
          else await writeFrame(to, passed);
        }
      }
    } catch {
      // Broken on one side: the other one follows.
    }
    shut(from);
    shut(to);
  }
}

/** Closes all proxies that a test left. */
export function closeProxies(): void {
  for (const proxy of proxies) proxy.close();
}

async function writeFrame(to: Deno.Conn, frame: Frame): Promise<void> {
  const { run, epoch, body } = frame;
  const clocks = frame.clocks ?? NO_CLOCKS;
  const bytes = encodeFrame({ run, epoch, clocks }, body);
  for (let at = 0; at < bytes.length;) at += await to.write(bytes.subarray(at));
}

function shut(conn: Deno.Conn): void {
  try {
    conn.close();
  } catch {
    // It is closed.
  }
}
