import { ReplrtError } from "../errors.ts";

/** The system's codes in words, errno(3); a code that is not here is shown as the system says it. */
const REASONS: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EADDRINUSE: "the address is in use",
  EADDRNOTAVAIL: "this machine has no such address",
  EBUSY: "it is in use or a mount point",
  EDQUOT: "the disk quota is used up",
  EEXIST: "it exists already",
  EFBIG: "the file is too large for the file system or the size limit",
  EIO: "the device reports an input/output error",
  EISDIR: "it is a directory",
  ELOOP: "it is a symbolic link, or one of a loop",
  EMFILE: "this process has too many open files",
  EMLINK: "the directory has too many links",
  ENAMETOOLONG: "the name is too long",
  ENFILE: "the system has too many open files",
  ENOENT: "it does not exist",
  ENOLCK: "the system has no locks left",
  ENOMEM: "the system is out of memory",
  ENOSPC: "no space left on the device",
  ENOTDIR: "it is not a directory, or a part of its path is none",
  ENOTEMPTY: "the directory is not empty",
  ENOTSUP: "the file system does not support it",
  EPERM: "operation not permitted",
  EROFS: "the file system is read-only",
  ESTALE: "the network file system no longer knows it",
  EXDEV: "it is on another file system",
};

/** What to do next where the system's code alone says it. */
const NEXT: Readonly<Record<string, string>> = {
  EACCES: "give this user the permission, or run replrt as another user",
  EPERM: "give this user the permission, or run replrt as another user",
  EDQUOT: "raise the quota or remove files, and start again",
  ENAMETOOLONG: "use shorter names or a shorter path, and start again",
  ENOSPC: "free space on that file system, and start again",
};

/**
 * The system's code, such as "ENOSPC", of an error of Deno or node:fs, or of the `ReplrtError` made from one.
 *
 * @returns `undefined` when the error did not come from the system.
 */
export function systemCode(error: unknown): string | undefined {
  const origin = error instanceof ReplrtError ? error.cause : error;
  const code = (origin as { code?: unknown } | undefined)?.code;
  return typeof code === "string" && /^E[A-Z0-9]+$/.test(code)
    ? code
    : undefined;
}

/**
 * Turns an error of the system into "cannot `action`: reason".
 *
 * @param action what was tried, with the path: "read /data/x".
 * @param next replaces the hint that follows from the code.
 * @returns a `ReplrtError` with exit code 125; one that is passed in comes back as it is.
 * @throws {unknown} `error` itself when it did not come from the system, since then it is a bug.
 */
export function systemFailure(
  action: string,
  error: unknown,
  next?: string,
): ReplrtError {
  if (error instanceof ReplrtError) return error;
  const code = systemCode(error);
  if (code === undefined) throw error;
  const reason = REASONS[code] ?? (error as Error).message;
  const failure = new ReplrtError(
    `cannot ${action}: ${reason}`,
    next ?? NEXT[code],
  );
  failure.cause = error;
  return failure;
}

/** Runs `body`; an error of the system becomes "cannot `action`: reason", see {@linkcode systemFailure}. */
export function doing<T>(action: string, body: () => T): T {
  try {
    return body();
  } catch (error) {
    throw systemFailure(action, error);
  }
}
