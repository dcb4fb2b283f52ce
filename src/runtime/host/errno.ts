import { Errno } from "../../wasi-intercept/errno.ts";
import { lastErrno } from "./libc.ts";

/** Linux errno (the generic numbers, equal on x86-64 and arm64) to preview1's; `EXDEV` of a walk is made `notcapable` by the walk. */
const FROM_LINUX: Readonly<Record<number, number>> = {
  1: Errno.perm,
  2: Errno.noent,
  3: Errno.srch,
  4: Errno.intr,
  5: Errno.io,
  6: Errno.nxio,
  7: Errno.toobig,
  8: Errno.noexec,
  9: Errno.badf,
  10: Errno.child,
  11: Errno.again,
  12: Errno.nomem,
  13: Errno.acces,
  14: Errno.fault,
  16: Errno.busy,
  17: Errno.exist,
  18: Errno.xdev,
  19: Errno.nodev,
  20: Errno.notdir,
  21: Errno.isdir,
  22: Errno.inval,
  23: Errno.nfile,
  24: Errno.mfile,
  25: Errno.notty,
  26: Errno.txtbsy,
  27: Errno.fbig,
  28: Errno.nospc,
  29: Errno.spipe,
  30: Errno.rofs,
  31: Errno.mlink,
  32: Errno.pipe,
  33: Errno.dom,
  34: Errno.range,
  35: Errno.deadlk,
  36: Errno.nametoolong,
  37: Errno.nolck,
  39: Errno.notempty,
  40: Errno.loop,
  75: Errno.overflow,
  84: Errno.ilseq,
  88: Errno.notsock,
  90: Errno.msgsize,
  92: Errno.noprotoopt,
  95: Errno.notsup,
  98: Errno.addrinuse,
  99: Errno.addrnotavail,
  100: Errno.netdown,
  101: Errno.netunreach,
  103: Errno.connaborted,
  104: Errno.connreset,
  105: Errno.nobufs,
  106: Errno.isconn,
  107: Errno.notconn,
  110: Errno.timedout,
  111: Errno.connrefused,
  113: Errno.hostunreach,
  122: Errno.dquot,
};

/** The preview1 errno of the last call that failed on this thread; `io` for one that preview1 has no word for. */
export function wasiErrno(): number {
  return FROM_LINUX[lastErrno()] ?? Errno.io;
}

/** A libc result as the host interface gives it: itself, or the errno negated. */
export function result(value: number | bigint): number {
  const n = Number(value);
  return n >= 0 ? n : -wasiErrno();
}
