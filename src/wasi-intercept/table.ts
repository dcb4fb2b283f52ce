/** All functions of `wasi_snapshot_preview1`, in the order of the spec. @module */
import {
  args_get,
  args_sizes_get,
  environ_get,
  environ_sizes_get,
} from "./args.ts";
import { clock_res_get, clock_time_get } from "./clock.ts";
import * as fd from "./fd.ts";
import * as io from "./fd_io.ts";
import { fd_seek, fd_tell } from "./fd_seek.ts";
import * as space from "./fd_space.ts";
import * as stat from "./fd_stat.ts";
import { path_link, path_readlink, path_symlink } from "./links.ts";
import * as path from "./path.ts";
import { path_open } from "./path_open.ts";
import { poll_oneoff } from "./poll.ts";
import { proc_exit, proc_raise, sched_yield } from "./proc.ts";
import { random_get } from "./random.ts";
import { fd_readdir } from "./readdir.ts";
import * as sock from "./sock.ts";
import type { Syscall } from "./syscall.ts";
import { fd_filestat_set_times, path_filestat_set_times } from "./times.ts";

/** The syscall table. Ids are append-only: one that is retired is never given again. */
export const TABLE: readonly Syscall[] = [
  args_get,
  args_sizes_get,
  environ_get,
  environ_sizes_get,
  clock_res_get,
  clock_time_get,
  space.fd_advise,
  space.fd_allocate,
  fd.fd_close,
  space.fd_datasync,
  stat.fd_fdstat_get,
  stat.fd_fdstat_set_flags,
  stat.fd_fdstat_set_rights,
  stat.fd_filestat_get,
  space.fd_filestat_set_size,
  fd_filestat_set_times,
  io.fd_pread,
  fd.fd_prestat_get,
  fd.fd_prestat_dir_name,
  io.fd_pwrite,
  io.fd_read,
  fd_readdir,
  fd.fd_renumber,
  fd_seek,
  space.fd_sync,
  fd_tell,
  io.fd_write,
  path.path_create_directory,
  path.path_filestat_get,
  path_filestat_set_times,
  path_link,
  path_open,
  path_readlink,
  path.path_remove_directory,
  path.path_rename,
  path_symlink,
  path.path_unlink_file,
  poll_oneoff,
  proc_exit,
  proc_raise,
  sched_yield,
  random_get,
  sock.sock_accept,
  sock.sock_recv,
  sock.sock_send,
  sock.sock_shutdown,
];

const BY_ID = new Map(TABLE.map((row) => [row.id, row]));

/** The row of a method id, if it is a syscall. */
export function rowOf(method: number): Syscall | undefined {
  return BY_ID.get(method);
}
