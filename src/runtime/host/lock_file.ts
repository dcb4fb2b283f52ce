/**
 * The lock file in the root of a shared directory. It is reached through a handle of the directory, so that it lies on the
 * storage that the guest has open, whatever is mounted at the path by now.
 *
 * @module
 */
import * as fs from "node:fs";
import { open } from "node:fs/promises";
import { LOCK_NAME } from "../../wasi-intercept/shared.ts";
import { doing, systemCode, systemFailure } from "./failure.ts";
import { libc } from "./libc.ts";
import { linux } from "./linux.ts";
import { randomNodeId } from "./machine.ts";

/** Bytes that are read of it; a longer one is none of ours. */
const MAX_LOCK = 4096;

const { O_RDONLY, O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK } = linux;
/** What stands there is storage of others: a link is not followed, a pipe not waited for. */
const READ = O_RDONLY | O_NOFOLLOW | O_NONBLOCK;

/** Readable for the nodes of other users: there is no secret in it. */
const MODE = 0o644;

/** The lock file of one directory. */
export class LockFile {
  /** As an operator knows it. */
  readonly path: string;
  readonly #root: number;
  readonly #at: string;

  /** @param root a handle of the directory `dir`, open as long as this is in use. */
  constructor(dir: string, root: number) {
    this.path = `${dir}/${LOCK_NAME}`;
    this.#root = root;
    this.#at = `/proc/self/fd/${root}/${LOCK_NAME}`;
  }

  /** Its text; undefined when there is none. @throws {ReplrtError} when the storage does not tell. */
  read(): string | undefined {
    try {
      const fd = fs.openSync(this.#at, READ);
      try {
        const bytes = new Uint8Array(MAX_LOCK);
        return decode(bytes, fs.readSync(fd, bytes, 0, MAX_LOCK, 0));
      } finally {
        fs.closeSync(fd);
      }
    } catch (error) {
      return this.#unread(error);
    }
  }

  /** As `read`, while this isolate goes on. */
  async readLater(): Promise<string | undefined> {
    try {
      const file = await open(this.#at, READ);
      try {
        const bytes = new Uint8Array(MAX_LOCK);
        const { bytesRead } = await file.read(bytes, 0, MAX_LOCK, 0);
        return decode(bytes, bytesRead);
      } finally {
        await file.close();
      }
    } catch (error) {
      return this.#unread(error);
    }
  }

  /** Replaces it, whole or not at all, by a file whose name begins with its own; on the disk when this returns. @throws {ReplrtError} */
  write(text: string): void {
    const made = `${this.#at}.${randomNodeId()}`;
    doing(`write ${this.path}`, () => {
      try {
        const fd = fs.openSync(made, O_WRONLY | O_CREAT | O_EXCL, MODE);
        try {
          fs.writeSync(fd, text);
          fs.fsyncSync(fd);
        } finally {
          fs.closeSync(fd);
        }
        fs.renameSync(made, this.#at);
      } catch (error) {
        fs.rmSync(made, { force: true });
        throw error;
      }
      libc.fsync(this.#root);
    });
  }

  /** Removes it. @throws {ReplrtError} */
  remove(): void {
    doing(`remove ${this.path}`, () => fs.rmSync(this.#at, { force: true }));
  }

  #unread(error: unknown): undefined {
    if (systemCode(error) === "ENOENT") return undefined;
    throw systemFailure(`read ${this.path}`, error);
  }
}

function decode(bytes: Uint8Array, size: number): string {
  return new TextDecoder().decode(bytes.subarray(0, size));
}
