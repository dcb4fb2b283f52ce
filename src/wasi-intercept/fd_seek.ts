/** A file's offset: `fd_seek`, `fd_tell`. @module */
import type { File } from "./descriptors.ts";
import { Errno } from "./errno.ts";
import type { Kernel } from "./kernel.ts";
import { Right } from "./rights.ts";
import { agreeDone } from "./storage.ts";
import { u64 } from "./outcome.ts";
import { syscall } from "./syscall.ts";
import { WHENCE } from "./words.ts";

const SEEK_SET = 0, SEEK_CUR = 1, SEEK_END = 2;

function fileAt(k: Kernel, fd: number): File {
  return k.fds.get(fd) as File;
}

function seek(k: Kernel, fd: number, offset: bigint, whence: number): number {
  const file = fileAt(k, fd);
  const by = BigInt.asIntN(64, offset);
  const at = file.shared === undefined
    ? k.host.seek(file.handle, by, whence)
    : seekShared(k, file, by, whence);
  if (at < 0n) return Number(-at);
  k.data.setU64(0, at);
  k.data.size = 8;
  return Errno.success;
}

/** The new offset of a file whose offset is state of ours; a negative errno as from the host. */
function seekShared(
  k: Kernel,
  file: File,
  by: bigint,
  whence: number,
): bigint {
  let base = 0n;
  if (whence === SEEK_CUR) base = file.shared?.offset ?? 0n;
  if (whence === SEEK_END) {
    const stat = k.host.stat(file.handle);
    if (typeof stat === "number") return BigInt(stat);
    base = stat.size;
  }
  const at = base + by;
  return at < 0n || at >= 1n << 63n ? BigInt(-Errno.inval) : at;
}

function mirrorSeek(k: Kernel, fd: number): void {
  agreeDone(
    Number(k.host.seek(fileAt(k, fd).handle, k.data.u64(0), SEEK_SET)),
    "a seek",
  );
}

function commitSeek(k: Kernel, fd: number, target: number): number {
  const { shared } = fileAt(k, fd);
  if (shared !== undefined) shared.offset = k.data.u64(0);
  k.memory.setU64(target, k.data.u64(0));
  return Errno.success;
}

/**
 * Moves a file's offset and writes the new one. Errors: `badf`; `notcapable` (to ask where it is, the right to `fd_tell` is enough);
 * `isdir`; `spipe` for a stream; `inval` for an unknown whence or an offset below 0. Logs: the new offset.
 */
export const fd_seek = syscall({
  name: "fd_seek",
  id: 279,
  effect: "storage",
  params: [["fd", "u32"], ["offset", "u64"], ["whence", "u32"], [
    "newoffset",
    "out",
    8,
  ]],
  words: { offset: "signed", whence: WHENCE },
  outcome: [u64("newoffset")],
  needs: { fd: [Right.fd_seek | Right.fd_tell] },
  check(k, fd, offset, whence) {
    if (whence > SEEK_END) return Errno.inval;
    const d = k.fds.get(fd);
    const tells = offset === 0n && whence === SEEK_CUR;
    return d?.kind === "file" && !tells && (d.rights & Right.fd_seek) === 0
      ? Errno.notcapable
      : Errno.success;
  },
  execute: seek,
  mirror: mirrorSeek,
  commit: (k, fd, _offset, _whence, newoffset) => commitSeek(k, fd, newoffset),
});

/** Writes a file's offset. Errors: `badf`; `notcapable`; `isdir`; `spipe` for a stream. Logs: the offset. */
export const fd_tell = syscall({
  name: "fd_tell",
  id: 281,
  effect: "storage",
  params: [["fd", "u32"], ["offset", "out", 8]],
  outcome: [u64("offset")],
  needs: { fd: [Right.fd_seek | Right.fd_tell] },
  execute: (k, fd) => seek(k, fd, 0n, SEEK_CUR),
  mirror: mirrorSeek,
  commit: commitSeek,
});
