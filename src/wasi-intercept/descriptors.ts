import type { Handle } from "./host.ts";

/** Preview1 `filetype`. */
export const FileType = {
  unknown: 0,
  blockDevice: 1,
  characterDevice: 2,
  directory: 3,
  regularFile: 4,
  socketDgram: 5,
  socketStream: 6,
  symbolicLink: 7,
} as const;

/** Preview1 `fdflags`. */
export const FdFlag = {
  append: 1,
  dsync: 2,
  nonblock: 4,
  rsync: 8,
  sync: 16,
} as const;

interface Common {
  filetype: number;
  /** Preview1 `fdflags`. */
  flags: number;
  rights: bigint;
  inheriting: bigint;
}

/** A byte stream that leaves or enters the node: stdio, a connection. */
export interface Stream extends Common {
  readonly kind: "stream";
  /** Where its output queues; negative for a stream that is only read. */
  readonly output: number;
  /** Undefined on a backup, and after a takeover for connections that died with the old node. */
  handle: Handle | undefined;
}

/** A pre-opened listening socket; its handle appears when the node goes live. */
export interface Listener extends Common {
  readonly kind: "listener";
  handle: Handle | undefined;
}

/** A file in a mirrored directory; every node has its own copy open. */
export interface File extends Common {
  readonly kind: "file";
  readonly handle: Handle;
}

/** A mirrored directory or one below it; `preopen` is the guest's name of a given one. */
export interface Directory extends Common {
  readonly kind: "directory";
  readonly handle: Handle;
  readonly preopen: Uint8Array | undefined;
  /** The entries as of the last read of cookie 0, encoded as preview1 dirents: replicated state. */
  entries: Uint8Array | undefined;
}

/** Whatever a descriptor can stand for. */
export type Descriptor = Stream | Listener | File | Directory;

/** Whether a descriptor answers `again` instead of waiting. */
export function isNonblocking(descriptor: Descriptor): boolean {
  return (descriptor.flags & FdFlag.nonblock) !== 0;
}

/** The guest's descriptors: numbers are virtual, given lowest first, equal on all nodes. */
export class Descriptors {
  readonly #open: (Descriptor | undefined)[] = [];

  get(fd: number): Descriptor | undefined {
    return this.#open[fd];
  }

  /** Gives the lowest free number to `descriptor`. */
  add(descriptor: Descriptor): number {
    const free = this.#open.indexOf(undefined);
    const fd = free < 0 ? this.#open.length : free;
    this.#open[fd] = descriptor;
    return fd;
  }

  /** Moves `from` to `to`, whose old descriptor is given back; `from` is free then. */
  renumber(from: number, to: number): Descriptor | undefined {
    const old = this.#open[to];
    this.#open[to] = this.#open[from];
    if (from !== to) this.#open[from] = undefined;
    return old;
  }

  remove(fd: number): void {
    this.#open[fd] = undefined;
  }

  /** All open numbers with their descriptors, in order. */
  *[Symbol.iterator](): Generator<[number, Descriptor]> {
    for (const [fd, descriptor] of this.#open.entries()) {
      if (descriptor !== undefined) yield [fd, descriptor];
    }
  }
}
