/** Descriptors: closing, renumbering, what is given at the start. @module */
import { type Descriptor, NO_HANDLE } from "./descriptors.ts";
import { Errno } from "./errno.ts";
import type { Kernel } from "./kernel.ts";
import { hidden, u32 } from "./outcome.ts";
import { syscall } from "./syscall.ts";

function isOpen(k: Kernel, fd: number): number {
  return k.fds.get(fd) === undefined ? Errno.badf : Errno.success;
}

/** Lets go of what a descriptor stands for: a stream ends behind its bytes, what a node has open is closed. */
export function dispose(k: Kernel, d: Descriptor): void {
  if (d.kind === "stream") return k.outputs.close(d);
  const root = d.kind === "directory" && d.preopen !== undefined &&
    d.shared !== undefined;
  if (!root && d.handle !== undefined && d.handle !== NO_HANDLE) {
    k.host.close(d.handle);
  }
}

/** Closes `fd`; its number is free at once. A stream closes behind its bytes, on their release. Errors: `badf`. Logs: that it was. */
export const fd_close = syscall({
  name: "fd_close",
  id: 264,
  effect: "output",
  params: [["fd", "u32"]],
  fds: "removes",
  check: isOpen,
  execute(k) {
    k.data.size = 0;
    return Errno.success;
  },
  commit(k, fd) {
    const d = k.fds.get(fd) as Descriptor;
    k.fds.remove(fd);
    dispose(k, d);
    return Errno.success;
  },
});

/** Writes the kind (0: directory) and the name's length of a given directory. Errors: `badf` for all else; a libc ends its search there. */
export const fd_prestat_get = syscall({
  name: "fd_prestat_get",
  id: 273,
  effect: "local",
  params: [["fd", "u32"], ["prestat", "out", 8]],
  outcome: [hidden(u32("tag")), u32("name_len")],
  commit(k, fd, prestat) {
    const d = k.fds.get(fd);
    if (d?.kind !== "directory" || d.preopen === undefined) return Errno.badf;
    k.memory.setU32(prestat, 0);
    k.memory.setU32(prestat + 4, d.preopen.length);
    return Errno.success;
  },
});

/** Writes the guest's name of a given directory, without a NUL. Errors: `badf`; `nametoolong` if `path_len` is too small; `fault`. */
export const fd_prestat_dir_name = syscall({
  name: "fd_prestat_dir_name",
  id: 274,
  effect: "local",
  params: [["fd", "u32"], ["path", "u32"], ["path_len", "u32"]],
  commit(k, fd, path, path_len) {
    const d = k.fds.get(fd);
    if (d?.kind !== "directory" || d.preopen === undefined) return Errno.badf;
    if (path_len < d.preopen.length) return Errno.nametoolong;
    if (!k.memory.fits(path, d.preopen.length)) return Errno.fault;
    k.memory.write(path, d.preopen);
    return Errno.success;
  },
});

/** Moves `fd` to the number `to`, closing what was open there. Errors: `badf` if either is not open. Logs: that it was. */
export const fd_renumber = syscall({
  name: "fd_renumber",
  id: 278,
  effect: "output",
  params: [["fd", "u32"], ["to", "u32"]],
  words: { to: "fd" },
  fds: "moves",
  check: (k, fd, to) => isOpen(k, fd) || isOpen(k, to),
  execute(k) {
    k.data.size = 0;
    return Errno.success;
  },
  commit(k, fd, to) {
    const old = k.fds.renumber(fd, to) as Descriptor;
    if (fd !== to) dispose(k, old);
    return Errno.success;
  },
});
