/**
 * What the kernel's and the C library's headers define: flags, numbers, sizes and offsets of structs.
 *
 * Everything in this folder reads them from here. A name is a constant of C, `struct NAME` a size in bytes, `NAME.FIELD` an
 * offset in bytes; the test compares each row with the headers.
 *
 * @module
 */
import { ReplrtError } from "../errors.ts";

/** By name: x86-64, arm64, the header that defines it. */
export const LAYOUT = {
  // Files
  O_RDONLY: [0, 0, "fcntl.h"],
  O_WRONLY: [0o1, 0o1, "fcntl.h"],
  O_RDWR: [0o2, 0o2, "fcntl.h"],
  O_CREAT: [0o100, 0o100, "fcntl.h"],
  O_EXCL: [0o200, 0o200, "fcntl.h"],
  O_TRUNC: [0o1000, 0o1000, "fcntl.h"],
  O_APPEND: [0o2000, 0o2000, "fcntl.h"],
  O_NONBLOCK: [0o4000, 0o4000, "fcntl.h"],
  O_DSYNC: [0o10000, 0o10000, "fcntl.h"],
  O_SYNC: [0o4010000, 0o4010000, "fcntl.h"],
  O_DIRECTORY: [0o200000, 0o40000, "fcntl.h"],
  O_NOFOLLOW: [0o400000, 0o100000, "fcntl.h"],
  O_CLOEXEC: [0o2000000, 0o2000000, "fcntl.h"],
  O_PATH: [0o10000000, 0o10000000, "fcntl.h"],
  AT_FDCWD: [-100, -100, "fcntl.h"],
  AT_REMOVEDIR: [0x200, 0x200, "fcntl.h"],
  AT_EMPTY_PATH: [0x1000, 0x1000, "fcntl.h"],
  AT_SYMLINK_FOLLOW: [0x400, 0x400, "fcntl.h"],
  AT_SYMLINK_NOFOLLOW: [0x100, 0x100, "fcntl.h"],
  AT_NO_AUTOMOUNT: [0x800, 0x800, "fcntl.h"],
  F_SETFL: [4, 4, "fcntl.h"],
  F_SETFD: [2, 2, "fcntl.h"],
  FD_CLOEXEC: [1, 1, "fcntl.h"],
  LOCK_EX: [2, 2, "sys/file.h"],
  LOCK_NB: [4, 4, "sys/file.h"],

  // openat2(2)
  SYS_openat2: [437, 437, "sys/syscall.h"],
  RESOLVE_NO_MAGICLINKS: [0x02, 0x02, "linux/openat2.h"],
  RESOLVE_BENEATH: [0x08, 0x08, "linux/openat2.h"],
  "struct open_how": [24, 24, "linux/openat2.h"],
  "open_how.flags": [0, 0, "linux/openat2.h"],
  "open_how.mode": [8, 8, "linux/openat2.h"],
  "open_how.resolve": [16, 16, "linux/openat2.h"],

  // statx(2)
  STATX_BASIC_STATS: [0x7ff, 0x7ff, "linux/stat.h"],
  STATX_BTIME: [0x800, 0x800, "linux/stat.h"],
  S_IFMT: [0o170000, 0o170000, "linux/stat.h"],
  "struct statx": [256, 256, "linux/stat.h"],
  "statx.stx_nlink": [16, 16, "linux/stat.h"],
  "statx.stx_mode": [28, 28, "linux/stat.h"],
  "statx.stx_ino": [32, 32, "linux/stat.h"],
  "statx.stx_size": [40, 40, "linux/stat.h"],
  "statx.stx_atime": [64, 64, "linux/stat.h"],
  "statx.stx_btime": [80, 80, "linux/stat.h"],
  "statx.stx_ctime": [96, 96, "linux/stat.h"],
  "statx.stx_mtime": [112, 112, "linux/stat.h"],
  "statx.stx_dev_major": [136, 136, "linux/stat.h"],
  "statx.stx_dev_minor": [140, 140, "linux/stat.h"],
  "statx_timestamp.tv_sec": [0, 0, "linux/stat.h"],
  "statx_timestamp.tv_nsec": [8, 8, "linux/stat.h"],

  // getrlimit(2)
  RLIMIT_NOFILE: [7, 7, "sys/resource.h"],
  "struct rlimit": [16, 16, "sys/resource.h"],
  "rlimit.rlim_cur": [0, 0, "sys/resource.h"],

  // utimensat(2)
  UTIME_NOW: [0x3fffffff, 0x3fffffff, "sys/stat.h"],
  UTIME_OMIT: [0x3ffffffe, 0x3ffffffe, "sys/stat.h"],

  // getdents64(2)
  DT_CHR: [2, 2, "dirent.h"],
  DT_DIR: [4, 4, "dirent.h"],
  DT_BLK: [6, 6, "dirent.h"],
  DT_REG: [8, 8, "dirent.h"],
  DT_LNK: [10, 10, "dirent.h"],
  DT_SOCK: [12, 12, "dirent.h"],
  "dirent64.d_ino": [0, 0, "dirent.h"],
  "dirent64.d_reclen": [16, 16, "dirent.h"],
  "dirent64.d_type": [18, 18, "dirent.h"],
  "dirent64.d_name": [19, 19, "dirent.h"],

  // Vectored I/O, pipes, ioctl(2)
  IOV_MAX: [1024, 1024, "limits.h"],
  NAME_MAX: [255, 255, "limits.h"],
  PATH_MAX: [4096, 4096, "limits.h"],
  PIPE_BUF: [4096, 4096, "limits.h"],
  "struct iovec": [16, 16, "sys/uio.h"],
  "iovec.iov_base": [0, 0, "sys/uio.h"],
  "iovec.iov_len": [8, 8, "sys/uio.h"],
  FIONREAD: [0x541b, 0x541b, "sys/ioctl.h"],
  FICLONE: [0x40049409, 0x40049409, "linux/fs.h"],

  // poll(2), eventfd(2)
  POLLIN: [1, 1, "poll.h"],
  POLLOUT: [4, 4, "poll.h"],
  POLLERR: [8, 8, "poll.h"],
  POLLHUP: [0x10, 0x10, "poll.h"],
  POLLNVAL: [0x20, 0x20, "poll.h"],
  "struct pollfd": [8, 8, "poll.h"],
  "pollfd.fd": [0, 0, "poll.h"],
  "pollfd.events": [4, 4, "poll.h"],
  "pollfd.revents": [6, 6, "poll.h"],
  EFD_NONBLOCK: [0o4000, 0o4000, "sys/eventfd.h"],
  EFD_CLOEXEC: [0o2000000, 0o2000000, "sys/eventfd.h"],

  // Processes
  PR_SET_PDEATHSIG: [1, 1, "sys/prctl.h"],
  SIGKILL: [9, 9, "signal.h"],

  // Clocks
  CLOCK_REALTIME: [0, 0, "time.h"],
  CLOCK_MONOTONIC: [1, 1, "time.h"],
  CLOCK_BOOTTIME: [7, 7, "time.h"],
  "struct timespec": [16, 16, "time.h"],
  "timespec.tv_sec": [0, 0, "time.h"],
  "timespec.tv_nsec": [8, 8, "time.h"],

  // Sockets
  AF_INET: [2, 2, "sys/socket.h"],
  AF_INET6: [10, 10, "sys/socket.h"],
  SOCK_STREAM: [1, 1, "sys/socket.h"],
  SOCK_NONBLOCK: [0o4000, 0o4000, "sys/socket.h"],
  SOCK_CLOEXEC: [0o2000000, 0o2000000, "sys/socket.h"],
  SOL_SOCKET: [1, 1, "sys/socket.h"],
  SO_REUSEADDR: [2, 2, "sys/socket.h"],
  MSG_PEEK: [2, 2, "sys/socket.h"],
  MSG_DONTWAIT: [0x40, 0x40, "sys/socket.h"],
  MSG_NOSIGNAL: [0x4000, 0x4000, "sys/socket.h"],
  SHUT_RD: [0, 0, "sys/socket.h"],
  SHUT_WR: [1, 1, "sys/socket.h"],
  "struct sockaddr_in": [16, 16, "netinet/in.h"],
  "sockaddr_in.sin_family": [0, 0, "netinet/in.h"],
  "sockaddr_in.sin_port": [2, 2, "netinet/in.h"],
  "sockaddr_in.sin_addr": [4, 4, "netinet/in.h"],
  "struct sockaddr_in6": [28, 28, "netinet/in.h"],
  "sockaddr_in6.sin6_family": [0, 0, "netinet/in.h"],
  "sockaddr_in6.sin6_port": [2, 2, "netinet/in.h"],
  "sockaddr_in6.sin6_addr": [8, 8, "netinet/in.h"],

  // errno(3): all that preview1 has a word for
  EPERM: [1, 1, "errno.h"],
  ENOENT: [2, 2, "errno.h"],
  ESRCH: [3, 3, "errno.h"],
  EINTR: [4, 4, "errno.h"],
  EIO: [5, 5, "errno.h"],
  ENXIO: [6, 6, "errno.h"],
  E2BIG: [7, 7, "errno.h"],
  ENOEXEC: [8, 8, "errno.h"],
  EBADF: [9, 9, "errno.h"],
  ECHILD: [10, 10, "errno.h"],
  EAGAIN: [11, 11, "errno.h"],
  ENOMEM: [12, 12, "errno.h"],
  EACCES: [13, 13, "errno.h"],
  EFAULT: [14, 14, "errno.h"],
  EBUSY: [16, 16, "errno.h"],
  EEXIST: [17, 17, "errno.h"],
  EXDEV: [18, 18, "errno.h"],
  ENODEV: [19, 19, "errno.h"],
  ENOTDIR: [20, 20, "errno.h"],
  EISDIR: [21, 21, "errno.h"],
  EINVAL: [22, 22, "errno.h"],
  ENFILE: [23, 23, "errno.h"],
  EMFILE: [24, 24, "errno.h"],
  ENOTTY: [25, 25, "errno.h"],
  ETXTBSY: [26, 26, "errno.h"],
  EFBIG: [27, 27, "errno.h"],
  ENOSPC: [28, 28, "errno.h"],
  ESPIPE: [29, 29, "errno.h"],
  EROFS: [30, 30, "errno.h"],
  EMLINK: [31, 31, "errno.h"],
  EPIPE: [32, 32, "errno.h"],
  EDOM: [33, 33, "errno.h"],
  ERANGE: [34, 34, "errno.h"],
  EDEADLK: [35, 35, "errno.h"],
  ENAMETOOLONG: [36, 36, "errno.h"],
  ENOLCK: [37, 37, "errno.h"],
  ENOSYS: [38, 38, "errno.h"],
  ENOTEMPTY: [39, 39, "errno.h"],
  ELOOP: [40, 40, "errno.h"],
  ENOMSG: [42, 42, "errno.h"],
  EIDRM: [43, 43, "errno.h"],
  ENOLINK: [67, 67, "errno.h"],
  EPROTO: [71, 71, "errno.h"],
  EMULTIHOP: [72, 72, "errno.h"],
  EBADMSG: [74, 74, "errno.h"],
  EOVERFLOW: [75, 75, "errno.h"],
  EILSEQ: [84, 84, "errno.h"],
  ENOTSOCK: [88, 88, "errno.h"],
  EDESTADDRREQ: [89, 89, "errno.h"],
  EMSGSIZE: [90, 90, "errno.h"],
  EPROTOTYPE: [91, 91, "errno.h"],
  ENOPROTOOPT: [92, 92, "errno.h"],
  EPROTONOSUPPORT: [93, 93, "errno.h"],
  ENOTSUP: [95, 95, "errno.h"],
  EAFNOSUPPORT: [97, 97, "errno.h"],
  EADDRINUSE: [98, 98, "errno.h"],
  EADDRNOTAVAIL: [99, 99, "errno.h"],
  ENETDOWN: [100, 100, "errno.h"],
  ENETUNREACH: [101, 101, "errno.h"],
  ENETRESET: [102, 102, "errno.h"],
  ECONNABORTED: [103, 103, "errno.h"],
  ECONNRESET: [104, 104, "errno.h"],
  ENOBUFS: [105, 105, "errno.h"],
  EISCONN: [106, 106, "errno.h"],
  ENOTCONN: [107, 107, "errno.h"],
  ETIMEDOUT: [110, 110, "errno.h"],
  ECONNREFUSED: [111, 111, "errno.h"],
  EHOSTUNREACH: [113, 113, "errno.h"],
  EALREADY: [114, 114, "errno.h"],
  EINPROGRESS: [115, 115, "errno.h"],
  ESTALE: [116, 116, "errno.h"],
  EDQUOT: [122, 122, "errno.h"],
  ECANCELED: [125, 125, "errno.h"],
  EOWNERDEAD: [130, 130, "errno.h"],
  ENOTRECOVERABLE: [131, 131, "errno.h"],
} as const satisfies Record<string, readonly [number, number, string]>;

/** A name in {@linkcode LAYOUT}. */
export type LayoutName = keyof typeof LAYOUT;

/** The numbers of one architecture. */
export type Numbers = { readonly [Name in LayoutName]: number };

const ARCHITECTURES = ["x86_64", "aarch64"];

/**
 * The numbers for a system and an architecture, by the names of `Deno.build`.
 *
 * @throws {ReplrtError} where replrt does not run.
 */
export function numbersFor(os: string, arch: string): Numbers {
  const column = ARCHITECTURES.indexOf(arch);
  if (os !== "linux" || column < 0) {
    throw new ReplrtError(
      `cannot run on ${os} ${arch}: replrt knows Linux on x86-64 and arm64 alone`,
      "run it on Linux, in a virtual machine or a container",
    );
  }
  const rows = Object.entries(LAYOUT).map(([name, row]) => [name, row[column]]);
  return Object.fromEntries(rows) as Numbers;
}

/** The numbers of this machine. @throws {ReplrtError} as {@linkcode numbersFor}, at start. */
export const linux: Numbers = numbersFor(Deno.build.os, Deno.build.arch);
