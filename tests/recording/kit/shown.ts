/** What each row looks like in a log or, where it is in none, in a trace. @module */

const FD = String.raw`\d+<[^>]+>`;
const SOME = String.raw`[A-Z_|]+`;

function call(name: string, args: string, outcome: string): RegExp {
  return new RegExp(`^${name}\\(${args}\\) = ${outcome}$`);
}

const DATE = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z`;
const STAT = `\\{ino=\\d+, filetype=REGULAR_FILE, size=\\d+, mtim=${DATE}\\}`;
const IOVS = "iovs=\\d+, iovs_len=\\d+";

/** A line that has to be among those of `families`, for each row. */
export const SHOWN: Readonly<Record<string, RegExp>> = {
  args_get: call("args_get", "argv=\\d+, argv_buf=\\d+", "success"),
  args_sizes_get: call("args_sizes_get", "", "{argc=4, argv_buf_size=\\d+}"),
  environ_get: call("environ_get", "environ=\\d+, environ_buf=\\d+", "success"),
  environ_sizes_get: call(
    "environ_sizes_get",
    "",
    "{count=2, environ_buf_size=\\d+}",
  ),
  clock_res_get: call("clock_res_get", "id=MONOTONIC", "0\\.\\d{9} s"),
  clock_time_get: call("clock_time_get", "id=REALTIME, precision=\\d+", DATE),
  fd_advise: call(
    "fd_advise",
    `fd=${FD}, offset=\\d+, len=\\d+, advice=WILLNEED`,
    "success",
  ),
  fd_allocate: call(
    "fd_allocate",
    `fd=${FD}, offset=\\d+, len=\\d+`,
    "success",
  ),
  fd_close: call("fd_close", "fd=5</data/r1/f>", "success"),
  fd_datasync: call("fd_datasync", `fd=${FD}`, "success"),
  fd_fdstat_get: call(
    "fd_fdstat_get",
    `fd=${FD}`,
    `{filetype=${SOME}, flags=APPEND\\|NONBLOCK, rights=${SOME}, inheriting=0}`,
  ),
  fd_fdstat_set_flags: call(
    "fd_fdstat_set_flags",
    `fd=${FD}, flags=APPEND\\|NONBLOCK`,
    "success",
  ),
  fd_fdstat_set_rights: call(
    "fd_fdstat_set_rights",
    `fd=${FD}, base=${SOME}, inheriting=0`,
    "success",
  ),
  fd_filestat_get: call("fd_filestat_get", `fd=${FD}`, STAT),
  fd_filestat_set_size: call(
    "fd_filestat_set_size",
    `fd=${FD}, size=7`,
    "success",
  ),
  fd_filestat_set_times: call(
    "fd_filestat_set_times",
    `fd=${FD}, atim=${DATE}, mtim=${DATE}, flags=ATIM\\|MTIM`,
    "success",
  ),
  fd_pread: call("fd_pread", `fd=${FD}, ${IOVS}, offset=0`, '10 "HELLO, wid"'),
  fd_prestat_get: call("fd_prestat_get", "fd=3</data>", "5"),
  fd_prestat_dir_name: call(
    "fd_prestat_dir_name",
    "fd=3</data>, path=\\d+, path_len=\\d+",
    "success",
  ),
  fd_pwrite: call("fd_pwrite", `fd=${FD}, ${IOVS}, offset=40`, "3"),
  fd_read: call("fd_read", `fd=${FD}, ${IOVS}`, '12 "hello, wide "'),
  fd_readdir: call(
    "fd_readdir",
    `fd=${FD}, buf=\\d+, buf_len=4096, cookie=0`,
    '15 \\["\\.", "\\.\\.", "a", "b-a-lo", .*\\]',
  ),
  fd_renumber: call("fd_renumber", `fd=${FD}, to=${FD}`, "success"),
  fd_seek: call("fd_seek", `fd=${FD}, offset=-3, whence=CUR`, "14"),
  fd_sync: call("fd_sync", `fd=${FD}`, "success"),
  fd_tell: call("fd_tell", `fd=${FD}`, "12"),
  fd_write: call(
    "fd_write",
    `fd=5</data/r1/f>, ${IOVS}`,
    "{nwritten=17, at=0}",
  ),
  path_create_directory: call(
    "path_create_directory",
    'fd=4</data/r1>, path="d"',
    "exist",
  ),
  path_filestat_get: call(
    "path_filestat_get",
    `fd=${FD}, flags=SYMLINK_FOLLOW, path="l"`,
    STAT,
  ),
  path_filestat_set_times: call(
    "path_filestat_set_times",
    `fd=${FD}, flags=SYMLINK_FOLLOW, path="[^"]+", atim=[^,]+, mtim=[^,]+, fst_flags=${SOME}`,
    "success",
  ),
  path_link: call(
    "path_link",
    `old_fd=${FD}, old_flags=0, old_path="f", new_fd=${FD}, new_path="d/second"`,
    "success",
  ),
  path_open: call(
    "path_open",
    `fd=4</data/r1>, dirflags=0, path="f", oflags=CREAT, rights=${SOME}, inheriting=0, fdflags=0`,
    "5</data/r1/f> REGULAR_FILE",
  ),
  path_readlink: call(
    "path_readlink",
    `fd=${FD}, path="dangling", buf=\\d+, buf_len=100`,
    '11 "none/at/all"',
  ),
  path_remove_directory: call(
    "path_remove_directory",
    `fd=${FD}, path="d"`,
    "notempty",
  ),
  path_rename: call(
    "path_rename",
    `fd=${FD}, old_path="old", new_fd=${FD}, new_path="new"`,
    "success",
  ),
  path_symlink: call(
    "path_symlink",
    `old_path="none/at/all", fd=${FD}, new_path="dangling"`,
    "success",
  ),
  path_unlink_file: call("path_unlink_file", `fd=${FD}, path="f"`, "success"),
  poll_oneoff: call(
    "poll_oneoff",
    "in=\\d+, out=\\d+, nsubscriptions=\\d+",
    "1 \\[{userdata=1, type=CLOCK}\\]",
  ),
  proc_exit: call("proc_exit", "code=42", "\\?"),
  proc_raise: call("proc_raise", "sig=TERM", "\\?"),
  sched_yield: call("sched_yield", "", "success"),
  random_get: call(
    "random_get",
    "buf=\\d+, buf_len=70000",
    '32 ".*"',
  ),
  sock_accept: call(
    "sock_accept",
    "fd=3<listener>, flags=(0|NONBLOCK)",
    "\\d+<connection>",
  ),
  sock_recv: call(
    "sock_recv",
    `fd=\\d+<connection>, ${IOVS}, ri_flags=RECV_PEEK`,
    '\\d+ "text of 1.*"(\\.\\.\\.)?',
  ),
  sock_send: call(
    "sock_send",
    `fd=\\d+<connection>, ${IOVS}, si_flags=0`,
    "\\d+",
  ),
  sock_shutdown: call(
    "sock_shutdown",
    "fd=\\d+<connection>, how=WR",
    "success",
  ),
};
