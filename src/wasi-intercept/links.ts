/** Second names: `path_link`, `path_symlink`, `path_readlink`. @module */
import { Errno } from "./errno.ts";
import type { Kernel } from "./kernel.ts";
import {
  changed,
  directoryAt,
  lookForNew,
  LOOKUP_FOLLOW,
  pathAt,
} from "./path.ts";
import { Right } from "./rights.ts";
import { checkSameKind } from "./shared.ts";
import { agree, agreeDone } from "./storage.ts";
import { bytes } from "./outcome.ts";
import { syscall } from "./syscall.ts";
import { LOOKUPFLAGS } from "./words.ts";

function link(
  k: Kernel,
  ...[fd, flags, path, len, newFd, newPath, newLen]: [
    fd: number,
    flags: number,
    path: number,
    len: number,
    newFd: number,
    newPath: number,
    newLen: number,
  ]
): number {
  return k.host.link(
    directoryAt(k, fd).handle,
    pathAt(k, path, len),
    (flags & LOOKUP_FOLLOW) !== 0,
    directoryAt(k, newFd).handle,
    pathAt(k, newPath, newLen),
  );
}

/**
 * Gives a file a second name. Errors: `badf`, `notdir`, `notcapable`; `inval` for unknown flags; `xdev` between a shared
 * directory and another; what the host reports. Logs: that it was.
 */
export const path_link = syscall({
  name: "path_link",
  id: 286,
  effect: "storage",
  params: [
    ["old_fd", "u32"],
    ["old_flags", "u32"],
    ["old_path", "path"],
    ["new_fd", "u32"],
    ["new_path", "path"],
  ],
  words: { old_flags: LOOKUPFLAGS },
  needs: {
    old_fd: [Right.path_link_source],
    new_fd: [Right.path_link_target],
  },
  check: (k, old_fd, flags, _path, _len, new_fd) =>
    flags > 1 ? Errno.inval : checkSameKind(k, old_fd, new_fd),
  intent: {
    look: (k, _fd, _flags, _path, _len, newFd, newPath, newLen) =>
      lookForNew(k, newFd, newPath, newLen),
  },
  execute(k, ...args) {
    k.data.size = 0;
    return changed(k, link(k, ...args), Errno.exist);
  },
  mirror: (k, ...args) => void agreeDone(link(k, ...args), "linking a file"),
  commit: () => Errno.success,
});

function symlink(
  k: Kernel,
  ...[target, size, fd, path, len]: [
    target: number,
    size: number,
    fd: number,
    path: number,
    len: number,
  ]
): number {
  return k.host.symlink(
    pathAt(k, target, size),
    directoryAt(k, fd).handle,
    pathAt(k, path, len),
  );
}

/**
 * Makes a symbolic link. Errors: `badf`, `notdir`; `notcapable` for a link or a target with an absolute path; what the host
 * reports. Logs: that it was made.
 */
export const path_symlink = syscall({
  name: "path_symlink",
  id: 291,
  effect: "storage",
  params: [["old_path", "path"], ["fd", "u32"], ["new_path", "path"]],
  needs: { fd: [Right.path_symlink] },
  intent: {
    look: (k, _target, _size, fd, path, len) => lookForNew(k, fd, path, len),
  },
  execute(k, ...args) {
    k.data.size = 0;
    return changed(k, symlink(k, ...args), Errno.exist);
  },
  mirror: (k, ...args) =>
    void agreeDone(symlink(k, ...args), "making a symbolic link"),
  commit: () => Errno.success,
});

/**
 * Writes what a symbolic link says, as much as the buffer holds, and how much that is. Errors: `badf`, `notdir`, `notcapable`,
 * `fault`; `inval` for what is no link; what the host reports. Logs: all of it.
 */
export const path_readlink = syscall({
  name: "path_readlink",
  id: 288,
  effect: "storage",
  params: [
    ["fd", "u32"],
    ["path", "path"],
    ["buf", "u32"],
    ["buf_len", "u32"],
    ["bufused", "out", 4],
  ],
  outcome: [bytes("target")],
  needs: { fd: [Right.path_readlink] },
  check: (k, _fd, _path, _len, buf, buf_len) =>
    k.memory.fits(buf, buf_len) ? Errno.success : Errno.fault,
  execute(k, fd, path, len) {
    const { handle } = directoryAt(k, fd);
    const text = k.host.readlink(handle, pathAt(k, path, len));
    if (typeof text === "number") return -text;
    k.data.write(0, text);
    k.data.size = text.length;
    return Errno.success;
  },
  mirror(k, fd, path, len) {
    const { handle } = directoryAt(k, fd);
    const text = k.host.readlink(handle, pathAt(k, path, len));
    const logged = k.data.slice(0, k.data.size);
    agree(
      typeof text !== "number" && text.length === logged.length &&
        text.every((byte, i) => byte === logged[i]),
      "a symbolic link says something else on this node's copy",
    );
  },
  commit(k, _fd, _path, _len, buf, buf_len, bufused) {
    const size = Math.min(k.data.size, buf_len);
    k.memory.write(buf, k.data.slice(0, size));
    k.memory.setU32(bufused, size);
    return Errno.success;
  },
});
