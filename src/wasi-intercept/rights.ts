import type { Descriptor } from "./descriptors.ts";
import { Errno } from "./errno.ts";

/**
 * Preview1 `rights`: which calls a descriptor allows. They only ever shrink: a directory hands on at most what it inherits.
 *
 * A number, since all 30 bits fit in one; on the wasm side it is a u64.
 */
export const Right = {
  fd_datasync: 1 << 0,
  fd_read: 1 << 1,
  fd_seek: 1 << 2,
  fd_fdstat_set_flags: 1 << 3,
  fd_sync: 1 << 4,
  fd_tell: 1 << 5,
  fd_write: 1 << 6,
  fd_advise: 1 << 7,
  fd_allocate: 1 << 8,
  path_create_directory: 1 << 9,
  path_create_file: 1 << 10,
  path_link_source: 1 << 11,
  path_link_target: 1 << 12,
  path_open: 1 << 13,
  fd_readdir: 1 << 14,
  path_readlink: 1 << 15,
  path_rename_source: 1 << 16,
  path_rename_target: 1 << 17,
  path_filestat_get: 1 << 18,
  path_filestat_set_size: 1 << 19,
  path_filestat_set_times: 1 << 20,
  fd_filestat_get: 1 << 21,
  fd_filestat_set_size: 1 << 22,
  fd_filestat_set_times: 1 << 23,
  path_symlink: 1 << 24,
  path_remove_directory: 1 << 25,
  path_unlink_file: 1 << 26,
  poll_fd_readwrite: 1 << 27,
  sock_shutdown: 1 << 28,
  sock_accept: 1 << 29,
} as const;

/** All rights that the spec has. */
export const ALL_RIGHTS = (1 << 30) - 1;

/** What a regular file, or anything else that a path leads to, can be used for. */
export const FILE_RIGHTS = Right.fd_datasync | Right.fd_read | Right.fd_seek |
  Right.fd_fdstat_set_flags | Right.fd_sync | Right.fd_tell | Right.fd_write |
  Right.fd_advise | Right.fd_allocate | Right.fd_filestat_get |
  Right.fd_filestat_set_size | Right.fd_filestat_set_times |
  Right.poll_fd_readwrite;

/** What a directory can be used for. */
export const DIRECTORY_RIGHTS = Right.fd_datasync |
  Right.fd_fdstat_set_flags | Right.fd_sync | Right.fd_advise |
  Right.path_create_directory | Right.path_create_file |
  Right.path_link_source | Right.path_link_target | Right.path_open |
  Right.fd_readdir | Right.path_readlink | Right.path_rename_source |
  Right.path_rename_target | Right.path_filestat_get |
  Right.path_filestat_set_size | Right.path_filestat_set_times |
  Right.fd_filestat_get | Right.fd_filestat_set_times | Right.path_symlink |
  Right.path_remove_directory | Right.path_unlink_file |
  Right.poll_fd_readwrite;

/** What a directory can hand on. */
export const INHERITABLE_RIGHTS = FILE_RIGHTS | DIRECTORY_RIGHTS;

/** What a byte stream can be used for. */
export const STREAM_RIGHTS = Right.fd_read | Right.fd_fdstat_set_flags |
  Right.fd_write | Right.fd_filestat_get | Right.poll_fd_readwrite;

/** What a connection can be used for. */
export const SOCKET_RIGHTS = STREAM_RIGHTS | Right.sock_shutdown;

/** What a listening socket can be used for. */
export const LISTENER_RIGHTS = Right.fd_fdstat_set_flags |
  Right.fd_filestat_get | Right.poll_fd_readwrite | Right.sock_shutdown |
  Right.sock_accept;

/** A guest's 64 bits as a number; `undefined` for bits that the spec does not have. */
export function rightsOf(bits: bigint): number | undefined {
  return bits <= BigInt(ALL_RIGHTS) ? Number(bits) : undefined;
}

/**
 * Why `d` does not give the rights in `needed`, of each of which one bit is enough: `badf` when it is not open; the errno of
 * its kind for what none of that kind can do (`isdir`, `notdir`, `spipe`, `inval`); else `notcapable`.
 */
export function refusal(
  d: Descriptor | undefined,
  ...needed: readonly number[]
): number {
  if (d === undefined) return Errno.badf;
  const right = needed.find((bits) => (d.rights & bits) === 0) as number;
  switch (d.kind) {
    case "directory":
      return right & INHERITABLE_RIGHTS & ~DIRECTORY_RIGHTS
        ? Errno.isdir
        : Errno.notcapable;
    case "file":
      return right & FILE_RIGHTS ? Errno.notcapable : Errno.notdir;
    case "stream":
      return right & SOCKET_RIGHTS ? Errno.notcapable : notOfStreams(right);
    case "listener":
      if (right & (Right.fd_read | Right.fd_write)) return Errno.badf;
      return right & LISTENER_RIGHTS ? Errno.notcapable : notOfStreams(right);
  }
}

function notOfStreams(right: number): number {
  if (right & ~FILE_RIGHTS) return Errno.notdir;
  const placed = Right.fd_seek | Right.fd_tell | Right.fd_advise |
    Right.fd_allocate;
  return right & placed ? Errno.spipe : Errno.inval;
}
