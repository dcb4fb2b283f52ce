/**
 * The lock of a mirrored directory, a state directory or a recording: flock(2) on the directory or file itself.
 *
 * The descriptor is a raw one with O_CLOEXEC that nobody else knows, so the lock ends with `releaseLock` or
 * with the process, however it dies, and no child inherits it. It belongs to the directory's inode and stays
 * with it through a rename.
 *
 * @module
 */
import { getSystemErrorName } from "node:util";
import { statSync } from "node:fs";
import { assert } from "../../bytes/assert.ts";
import { doing, systemCode, systemFailure } from "./failure.ts";
import { cString, lastErrno, libc } from "./libc.ts";
import { linux } from "./linux.ts";

const { O_RDONLY, O_DIRECTORY, O_CLOEXEC, LOCK_EX, LOCK_NB } = linux;

/** A held lock and the inode it is on. */
export interface HeldLock {
  readonly fd: number;
  /** Device and inode in decimal, "65024:35305". */
  readonly inode: string;
}

/** Device and inode of what `path` leads to (links followed), "65024:35305". */
export function inodeOf(path: string): string {
  const stat = doing(`look at ${path}`, () => statSync(path, { bigint: true }));
  return `${stat.dev}:${stat.ino}`;
}

/**
 * Locks the directory or file at `path`, without waiting.
 *
 * @returns `undefined` when somebody else holds it: another process, or this one through another descriptor.
 * @throws {ReplrtError} when `path` is none, cannot be read, or is on a file system without locks.
 */
export function tryLock(
  path: string,
  kind: "directory" | "file" = "directory",
): HeldLock | undefined {
  for (let attempt = 0; attempt < 16; attempt++) {
    const fd = openToLock(path, kind === "directory" ? O_DIRECTORY : 0);
    try {
      if (libc.flock(fd, LOCK_EX | LOCK_NB) !== 0) {
        throw lastError();
      }
      const inode = inodeOf(`/proc/self/fd/${fd}`);
      if (inode === inodeOf(path)) return { fd, inode };
      libc.close(fd);
    } catch (error) {
      libc.close(fd);
      if (systemCode(error) === "EAGAIN") return undefined;
      throw systemFailure(
        `lock ${path}`,
        error,
        "use a directory on a local file system that supports flock(2)",
      );
    }
  }
  throw systemFailure(`lock ${path}`, codeError("EBUSY"));
}

/** Gives the lock back; each lock once. */
export function releaseLock(lock: HeldLock): void {
  assert(libc.close(lock.fd) === 0, `lock ${lock.fd} is held`);
}

/** The name of this machine: /etc/machine-id, or where there is none the kernel's boot id. */
export function machineId(): string {
  for (const path of ["/etc/machine-id", "/proc/sys/kernel/random/boot_id"]) {
    try {
      const id = Deno.readTextFileSync(path).trim();
      if (id !== "" && id !== "uninitialized") return id;
    } catch (error) {
      if (systemCode(error) === undefined) throw error;
    }
  }
  throw systemFailure("find this machine's id", codeError("ENOENT"));
}

function openToLock(path: string, kind: number): number {
  const flags = O_RDONLY | kind | O_CLOEXEC;
  return doing(`open ${path}`, () => {
    const fd = libc.open(cString(path), flags);
    if (fd < 0) throw lastError();
    return fd;
  });
}

function lastError(): Error {
  return codeError(getSystemErrorName(-lastErrno()));
}

function codeError(code: string): Error {
  return Object.assign(new Error(code), { code });
}
