import { ReplrtError } from "../errors.ts";
import { doing } from "./failure.ts";

/** A file that is read anywhere, and may grow meanwhile. */
export class ReadableFile {
  readonly path: string;
  readonly #file: Deno.FsFile;

  /** @throws {ReplrtError} "cannot read PATH: reason" for what is missing, not a regular file, or not readable. */
  constructor(path: string) {
    this.path = path;
    this.#file = doing(`read ${path}`, () => {
      const { isFile, isDirectory } = Deno.statSync(path);
      if (isFile) return Deno.openSync(path);
      const what = isDirectory ? "it is a directory" : "it is not a file";
      throw new ReplrtError(`cannot read ${path}: ${what}`);
    });
  }

  /** Bytes in the file now. @throws {ReplrtError} */
  get size(): number {
    return doing(`read ${this.path}`, () => this.#file.statSync().size);
  }

  /** Up to `size` bytes at `offset`, fewer at the end. @throws {ReplrtError} when the disk does not give them. */
  readAt(offset: number, size: number): Uint8Array<ArrayBuffer> {
    return doing(`read ${this.path}`, () => {
      const bytes = new Uint8Array(size);
      this.#file.seekSync(offset, Deno.SeekMode.Start);
      let at = 0;
      while (at < size) {
        const n = this.#file.readSync(bytes.subarray(at));
        if (n === null) break;
        at += n;
      }
      return bytes.subarray(0, at);
    });
  }

  close(): void {
    this.#file.close();
  }
}
