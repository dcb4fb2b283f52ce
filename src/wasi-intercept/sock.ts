/** Sockets: `sock_accept`, `sock_recv`, `sock_send`, `sock_shutdown`. @module */
import { FdFlag, FileType, isNonblocking } from "./descriptors.ts";
import type { Listener, Stream } from "./descriptors.ts";
import { Errno } from "./errno.ts";
import { receive, send } from "./fd_io.ts";
import { mixIovecs, scatter, spanOf } from "./iovec.ts";
import type { Kernel } from "./kernel.ts";
import { Right, SOCKET_RIGHTS } from "./rights.ts";
import { bytes, count } from "./outcome.ts";
import { syscall } from "./syscall.ts";
import { untilReadable } from "./until.ts";
import { WAITS } from "./waiting.ts";
import { FDFLAGS, RIFLAGS, SDFLAGS } from "./words.ts";

function isListener(k: Kernel, fd: number): number {
  const d = k.fds.get(fd);
  if (d === undefined) return Errno.badf;
  return d.kind === "listener"
    ? Errno.success
    : d.filetype === FileType.socketStream
    ? Errno.inval
    : Errno.notsock;
}

function isConnection(k: Kernel, fd: number): number {
  const d = k.fds.get(fd);
  if (d === undefined) return Errno.badf;
  if (d.kind === "listener") return Errno.notconn;
  return d.filetype === FileType.socketStream ? Errno.success : Errno.notsock;
}

/**
 * Takes a waiting connection and writes its descriptor; waits for one unless the listener is non-blocking.
 *
 * `flags` are the new descriptor's `fdflags`. Errors: `badf`, `notsock`, `inval`; `again`; what the host reports (`mfile`
 * when the node is out of handles or streams). Logs: that there was one.
 */
export const sock_accept = syscall({
  name: "sock_accept",
  id: 298,
  effect: "input",
  parks: "waits",
  params: [["fd", "u32"], ["flags", "u32"], ["accepted", "out", 4]],
  words: { flags: FDFLAGS },
  fds: "adds",
  needs: { fd: [Right.sock_accept] },
  check: (k, fd, flags) =>
    (flags & ~FdFlag.nonblock) !== 0 ? Errno.inval : isListener(k, fd),
  execute(k, fd) {
    if (k.outputs.full) return Errno.mfile;
    const listener = k.fds.get(fd) as Listener;
    const listening = listener.handle as number;
    for (;;) {
      const handle = k.host.accept(listening);
      if (handle >= 0) {
        k.opened = handle;
        k.data.size = 0;
        return Errno.success;
      }
      if (handle !== -Errno.again || isNonblocking(listener)) return -handle;
      if (!untilReadable(k, listening)) return WAITS;
    }
  },
  commit(k, _fd, flags, accepted) {
    const handle = k.opened < 0 ? undefined : k.opened;
    const stream: Stream = {
      kind: "stream",
      filetype: FileType.socketStream,
      flags,
      rights: SOCKET_RIGHTS,
      inheriting: 0,
      output: k.outputs.open(handle),
      ended: false,
      handle,
    };
    k.memory.setU32(accepted, k.fds.add(stream));
    return Errno.success;
  },
});

const RECV_PEEK = 1, RECV_WAITALL = 2;

/**
 * Receives from a connection. Errors: `badf`, `notsock`, `notconn`; `inval` for unknown flags, `notsup` for waitall;
 * `connreset` where the connection died with another node; `again`. Logs: the bytes.
 */
export const sock_recv = syscall({
  name: "sock_recv",
  id: 299,
  effect: "input",
  parks: "waits",
  params: [
    ["fd", "u32"],
    ["iovs", "u32"],
    ["iovs_len", "u32"],
    ["ri_flags", "u32"],
    ["ro_datalen", "out", 4],
    ["ro_flags", "out", 2],
  ],
  words: { ri_flags: RIFLAGS },
  outcome: [bytes("data")],
  needs: { fd: [Right.fd_read] },
  check: (k, fd, _iovs, _count, flags) =>
    flags & ~(RECV_PEEK | RECV_WAITALL)
      ? Errno.inval
      : flags & RECV_WAITALL
      ? Errno.notsup
      : isConnection(k, fd),
  execute(k, fd, iovs, count, flags) {
    const size = spanOf(k.memory, iovs, count);
    if (size < 0) return -size;
    return receive(k, k.fds.get(fd) as Stream, size, (flags & RECV_PEEK) !== 0);
  },
  commit(k, _fd, iovs, _count, _flags, ro_datalen, ro_flags) {
    scatter(k.memory, iovs, k.data.slice(0, k.data.size));
    k.memory.setU32(ro_datalen, k.data.size);
    k.memory.write(ro_flags, new Uint8Array(2));
    return Errno.success;
  },
});

/** Sends on a connection, as `fd_write` does. Errors: as there; `inval` for any flag. Logs: the count, and a digest of the bytes. */
export const sock_send = syscall({
  name: "sock_send",
  id: 300,
  effect: "output",
  parks: "waits",
  params: [["fd", "u32"], ["iovs", "u32"], ["iovs_len", "u32"], [
    "si_flags",
    "u32",
  ], ["so_datalen", "out", 4]],
  outcome: [count("so_datalen")],
  needs: { fd: [Right.fd_write] },
  check: (k, fd, _iovs, _count, flags) =>
    flags !== 0 ? Errno.inval : isConnection(k, fd),
  digest: (k, digest, _fd, iovs, count) =>
    mixIovecs(k.memory, digest, iovs, count),
  execute: (k, fd, iovs, count) =>
    send(k, k.fds.get(fd) as Stream, iovs, count),
  commit(k, fd, iovs, _count, _flags, so_datalen) {
    k.outputs.push(k.fds.get(fd) as Stream, k.memory, iovs, k.data.u32(0));
    k.memory.setU32(so_datalen, k.data.u32(0));
    return Errno.success;
  },
});

const SHUT_RD = 1, SHUT_WR = 2;

/** Ends either side of a connection; the sending side ends behind its bytes, on their release. Errors: `badf`, `notsock`, `notconn`; `inval` for unknown bits. Logs: that it was. */
export const sock_shutdown = syscall({
  name: "sock_shutdown",
  id: 301,
  effect: "output",
  params: [["fd", "u32"], ["how", "u32"]],
  words: { how: SDFLAGS },
  needs: { fd: [Right.sock_shutdown] },
  check: (k, fd, how) =>
    how === 0 || how > (SHUT_RD | SHUT_WR) ? Errno.inval : isConnection(k, fd),
  execute(k, fd, how) {
    k.data.size = 0;
    const { handle } = k.fds.get(fd) as Stream;
    return (how & SHUT_RD) !== 0 && handle !== undefined
      ? -k.host.shutdownRead(handle)
      : Errno.success;
  },
  commit(k, fd, how) {
    const stream = k.fds.get(fd) as Stream;
    if (how & SHUT_WR) {
      k.outputs.shutdownWrite(stream);
      stream.ended = true;
    }
    return Errno.success;
  },
});
