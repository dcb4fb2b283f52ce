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
import * as path from "./path.ts";
import { poll_oneoff } from "./poll.ts";
import { proc_exit, sched_yield } from "./proc.ts";
import { random_get } from "./random.ts";
import { fd_readdir } from "./readdir.ts";
import * as sock from "./sock.ts";
import type { Syscall } from "./syscall.ts";
import { unsupported } from "./unsupported.ts";

/** The syscall table. Ids are append-only: one that is retired is never given again. */
export const TABLE: readonly Syscall[] = [
  args_get,
  args_sizes_get,
  environ_get,
  environ_sizes_get,
  clock_res_get,
  clock_time_get,
  unsupported("fd_advise", 262, [["fd", "u32"], ["offset", "u64"], [
    "len",
    "u64",
  ], ["advice", "u32"]]),
  unsupported("fd_allocate", 263, [["fd", "u32"], ["offset", "u64"], [
    "len",
    "u64",
  ]]),
  fd.fd_close,
  fd.fd_datasync,
  fd.fd_fdstat_get,
  fd.fd_fdstat_set_flags,
  unsupported("fd_fdstat_set_rights", 268, [["fd", "u32"], ["base", "u64"], [
    "inheriting",
    "u64",
  ]]),
  fd.fd_filestat_get,
  fd.fd_filestat_set_size,
  unsupported("fd_filestat_set_times", 271, [["fd", "u32"], ["atim", "u64"], [
    "mtim",
    "u64",
  ], ["flags", "u32"]]),
  io.fd_pread,
  fd.fd_prestat_get,
  fd.fd_prestat_dir_name,
  io.fd_pwrite,
  io.fd_read,
  fd_readdir,
  fd.fd_renumber,
  fd.fd_seek,
  fd.fd_sync,
  fd.fd_tell,
  io.fd_write,
  path.path_create_directory,
  path.path_filestat_get,
  unsupported("path_filestat_set_times", 285, [
    ["fd", "u32"],
    ["flags", "u32"],
    ["path", "path"],
    ["atim", "u64"],
    ["mtim", "u64"],
    ["fst_flags", "u32"],
  ]),
  unsupported("path_link", 286, [
    ["old_fd", "u32"],
    ["old_flags", "u32"],
    ["old_path", "path"],
    ["new_fd", "u32"],
    ["new_path", "path"],
  ]),
  path.path_open,
  unsupported("path_readlink", 288, [
    ["fd", "u32"],
    ["path", "path"],
    ["buf", "u32"],
    ["buf_len", "u32"],
    ["bufused", "out", 4],
  ]),
  path.path_remove_directory,
  path.path_rename,
  unsupported("path_symlink", 291, [["old_path", "path"], ["fd", "u32"], [
    "new_path",
    "path",
  ]]),
  path.path_unlink_file,
  poll_oneoff,
  proc_exit,
  unsupported("proc_raise", 295, [["sig", "u32"]]),
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
