import type { FileId, Handle, OpenHow } from "./host.ts";

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
  /** Preview1 `rights`, see rights.ts. */
  rights: number;
  inheriting: number;
}

/** A byte stream that leaves or enters the node: stdio, a connection. */
export interface Stream extends Common {
  readonly kind: "stream";
  /** Where its output queues; negative for a stream that is only read. */
  readonly output: number;
  /** Whether the guest has ended its sending side. */
  ended: boolean;
  /** Undefined on a backup, and after a takeover for connections that died with the old node. */
  handle: Handle | undefined;
}

/** A pre-opened listening socket; its handle appears when the node goes live. */
export interface Listener extends Common {
  readonly kind: "listener";
  handle: Handle | undefined;
}

/**
 * What stands behind a descriptor in a shared directory, on storage that all nodes mount: replicated state, from which a new
 * primary opens it again.
 */
export interface Shared {
  /** Number of the given directory, among all. */
  readonly root: number;
  /** Where it was found below that, when it was opened. */
  readonly path: Uint8Array;
  /** Its inode on that storage and when it was made, equal on all nodes. */
  readonly file: FileId;
  /** How to open it again. */
  readonly how: OpenHow;
  /** A file's offset. */
  offset: bigint;
}

/** A file: in a mirrored directory every node has its own copy open, in a shared one the primary alone has it. */
export interface File extends Common {
  readonly kind: "file";
  handle: Handle;
  readonly shared: Shared | undefined;
}

/** A given directory or one below it; `preopen` is the guest's name of a given one. */
export interface Directory extends Common {
  readonly kind: "directory";
  handle: Handle;
  readonly preopen: Uint8Array | undefined;
  readonly shared: Shared | undefined;
  /** What has been read of its entries since the last read of cookie 0: replicated state. */
  entries: Entries | undefined;
}

/** A directory's entries, as far as the guest has read them. */
export interface Entries {
  /** Encoded as preview1 dirents, in the order of their names. */
  bytes: Uint8Array;
  /** Whether there are no more. */
  complete: boolean;
}

/** The handle of a descriptor that this node has not open. */
export const NO_HANDLE = -1;

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
