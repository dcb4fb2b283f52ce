import { doing, systemFailure } from "./failure.ts";

/** A file that grows at its end and is read anywhere. Private to the operator (0600): a log holds what the guest read. */
export class AppendFile {
  readonly path: string;
  readonly #file: Deno.FsFile;
  #size = 0;

  /**
   * Makes the file, or goes on with one at byte `end`, where it is cut.
   *
   * @throws {ReplrtError} when it can't be made or is there already, or can't be opened and cut.
   */
  constructor(path: string, end?: number) {
    this.path = path;
    const action = end === undefined ? "make" : "write";
    this.#file = doing(`${action} ${path}`, () => {
      const how = end === undefined ? { createNew: true, mode: 0o600 } : {};
      const file = Deno.openSync(path, { read: true, write: true, ...how });
      file.truncateSync(end);
      file.seekSync(0, Deno.SeekMode.End);
      return file;
    });
    this.#size = end ?? 0;
  }

  /** Bytes in the file. */
  get size(): number {
    return this.#size;
  }

  /** Appends all of `bytes`. @throws {ReplrtError} when the disk does not take them; the file ends as before then. */
  append(bytes: Uint8Array): void {
    try {
      for (let at = 0; at < bytes.length;) {
        at += this.#file.writeSync(bytes.subarray(at));
      }
      this.#size += bytes.length;
    } catch (error) {
      this.#file.truncateSync(this.#size);
      throw systemFailure(`write ${this.path}`, error);
    }
  }

  /** Returns when all that was appended is on the disk itself. @throws {ReplrtError} when the disk fails. */
  sync(): void {
    doing(`write ${this.path}`, () => this.#file.syncDataSync());
  }

  /** Up to `size` bytes at `offset`. @throws {ReplrtError} when the disk does not give them. */
  readAt(offset: number, size: number): Uint8Array<ArrayBuffer> {
    try {
      const bytes = new Uint8Array(Math.min(size, this.#size - offset));
      this.#file.seekSync(offset, Deno.SeekMode.Start);
      let at = 0;
      while (at < bytes.length) {
        const n = this.#file.readSync(bytes.subarray(at));
        if (n === null) break;
        at += n;
      }
      this.#file.seekSync(this.#size, Deno.SeekMode.Start);
      return bytes.subarray(0, at);
    } catch (error) {
      throw systemFailure(`read ${this.path}`, error);
    }
  }

  close(): void {
    this.#file.close();
  }
}
