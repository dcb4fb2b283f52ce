/**
 * What a mirrored directory holds, as data that travels in the handshake.
 *
 * Compared: names, types, modes and contents. Not compared: times, owners, extended attributes, and
 * which names are hard links of one file (each is a file of its own here).
 *
 * @module
 */

/** A file; its content is named by the sha256, in hex. */
export interface FileEntry {
  readonly type: "file";
  /** Relative to the mirrored directory, components separated by "/". */
  readonly path: string;
  /** Permission bits, set-id and sticky bits included (`mode & 0o7777`). */
  readonly mode: number;
  /** Bytes of content. */
  readonly size: number;
  readonly hash: string;
}

/** A directory below the mirrored one. */
export interface DirectoryEntry {
  readonly type: "directory";
  readonly path: string;
  readonly mode: number;
}

/** A symbolic link, never followed; its own mode means nothing on Linux. */
export interface SymlinkEntry {
  readonly type: "symlink";
  readonly path: string;
  readonly target: string;
}

/** One thing below a mirrored directory. */
export type Entry = FileEntry | DirectoryEntry | SymlinkEntry;

/** Everything below a mirrored directory. */
export interface Manifest {
  /** Permission bits of the directory itself; neither compared nor in the digest. */
  readonly mode: number;
  /** In the order of `comparePaths`: a directory stands before what it holds. */
  readonly entries: readonly Entry[];
  /** Bytes of content of all files. */
  readonly bytes: number;
  /** sha256 over `entries`, in hex: equal digests mean equal directories. */
  readonly digest: string;
}

/** What a joiner's directory is, against the manifest that the log starts from. */
export type Comparison =
  | { readonly kind: "equal" }
  /** Nothing is in it, or it does not exist. */
  | { readonly kind: "empty" }
  | {
    readonly kind: "differs";
    /** Entries that would change, go or come. */
    readonly count: number;
    /** Bytes of content, present now, that would change or go. */
    readonly bytes: number;
    /** The first such entry, relative to the directory. */
    readonly first: string;
  };

/**
 * Work in slices: each step does at most about 4 MiB of I/O and yields the bytes it has read or written.
 *
 * `drain` runs it to its end; a loop of its own lets the main isolate do something else between steps.
 */
export type Steps<T> = Generator<number, T, void>;
