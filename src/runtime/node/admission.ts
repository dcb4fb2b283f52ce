import { encode } from "cbor-x";
import { runTag, sameRun } from "../../engine/epoch.ts";
import type { Channel } from "../channel.ts";
import { ReplrtError } from "../errors.ts";
import { MAX_CHUNK } from "../mirror/image.ts";
import type { Core } from "./core.ts";
import {
  checkHello,
  type Hello,
  mismatch,
  type Problem,
  type Welcome,
} from "./handshake.ts";
import { refuse } from "./server.ts";

/** Value of a FETCH frame: a piece of a mirrored directory's manifest (no path) or of a file of its image. */
export interface Fetch {
  readonly dir: number;
  readonly path: string | undefined;
  readonly offset: number;
}

/** Value of a CHUNK frame; `size` is that of the whole. */
export interface Chunk {
  readonly bytes: Uint8Array;
  readonly size: number;
}

/** Takes a backup in: compares what it is, serves it the images it lacks, and hands it on when it asks for the log. */
export class Admission {
  readonly #core: Core;
  readonly #follow: (channel: Channel, hello: Hello) => void;
  readonly #gives: (next: number) => boolean;
  #manifests: readonly Uint8Array[] | undefined;

  /** `follow` takes over the channel of a node whose handshake was good; `gives` tells whether there is a log from a number on. */
  constructor(
    core: Core,
    follow: (channel: Channel, hello: Hello) => void,
    gives: (next: number) => boolean,
  ) {
    this.#core = core;
    this.#follow = follow;
    this.#gives = gives;
  }

  /** Answers a HELLO. */
  hello(channel: Channel, hello: Hello): void {
    const { config, machine, parts, run, say } = this.#core;
    if (config === undefined) {
      return refuse(channel, {
        code: "busy",
        reason: "the primary is starting",
        next: undefined,
        address: undefined,
      });
    }
    if (hello.run !== undefined && !sameRun(runTag(hello.run), runTag(run))) {
      return refuse(channel, {
        code: "busy",
        reason: "another run lives here",
        next: undefined,
        address: undefined,
      });
    }
    const problem = mismatch(hello, {
      module: parts.loaded.hash,
      machine,
      config,
      dirs: parts.directories.names,
    }) ?? this.#tooLate(hello.next);
    if (problem !== undefined) {
      say.event({
        event: "refused",
        peer: channel.remote,
        reason: problem.reason,
      });
      return refuse(channel, {
        code: "mismatch",
        ...problem,
        address: undefined,
      });
    }
    this.#welcome(channel);
    if (hello.phase === "follow") return this.#follow(channel, hello);
    channel.listen({
      frame: ({ body }) => {
        if (body.kind === "fetch") {
          const fetch = checkFetch(body.value);
          if (fetch !== undefined) return this.#serve(channel, fetch);
        }
        const again = body.kind === "hello"
          ? checkHello(body.value)
          : undefined;
        if (again?.phase === "follow") return this.hello(channel, again);
        channel.destroy();
      },
      closed: () => {},
    });
  }

  #tooLate(next: number): Problem | undefined {
    return this.#gives(next) ? undefined : {
      reason:
        `the primary no longer has the log from message ${next}: ${this.#core.unlogged}`,
      next:
        "start the run anew with room for the log in --state-dir, or its backups before its program: --wait-backups N",
    };
  }

  #welcome(channel: Channel): void {
    const { run, self, config, parts } = this.#core;
    const welcome: Welcome = {
      run,
      node: self,
      config: config!,
      serving: parts.sockets.texts,
    };
    channel.send({ kind: "welcome", value: welcome });
  }

  #serve(channel: Channel, fetch: Fetch): void {
    try {
      channel.send({ kind: "chunk", value: this.#chunk(fetch) });
    } catch (error) {
      if (!(error instanceof ReplrtError)) throw error;
      refuse(channel, {
        code: "mismatch",
        reason: error.message,
        next: error.next,
        address: undefined,
      });
    }
  }

  #chunk({ dir, path, offset }: Fetch): Chunk {
    const image = this.#core.parts.directories.images[dir];
    if (image === undefined) {
      throw new ReplrtError(
        "cannot serve a piece of an image: there is none of that number",
      );
    }
    if (path !== undefined) {
      const bytes = image.chunk(path, offset, MAX_CHUNK);
      return { bytes, size: bytes.length };
    }
    this.#manifests ??= this.#core.parts.directories.images.map((
      { manifest },
    ) => new Uint8Array(encode(manifest)));
    const manifest = this.#manifests[dir] as Uint8Array;
    return {
      bytes: manifest.subarray(offset, offset + MAX_CHUNK),
      size: manifest.length,
    };
  }
}

/** The value of a FETCH frame if it has the form of one. */
function checkFetch(value: unknown): Fetch | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { dir, path, offset } = value as Fetch;
  const whole = Number.isSafeInteger(dir) &&
    (path === undefined || typeof path === "string") &&
    Number.isSafeInteger(offset) && offset >= 0;
  return whole ? { dir, path, offset } : undefined;
}
