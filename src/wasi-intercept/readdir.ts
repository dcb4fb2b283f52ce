/** Reading directories: `fd_readdir`. @module */
import { MAX_DATA } from "../engine/message.ts";
import type { Directory } from "./descriptors.ts";
import { Errno } from "./errno.ts";
import type { HostEntry } from "./host.ts";
import type { Kernel } from "./kernel.ts";
import { agree } from "./storage.ts";
import { syscall } from "./syscall.ts";

/** Head of a preview1 `dirent`: next cookie 0, inode 8, length of the name 16, type 20; the name follows. */
const DIRENT_SIZE = 24;

/** Most bytes of entries that one message carries. */
const MAX_ENTRIES = MAX_DATA - 64;

function compareNames(a: HostEntry, b: HostEntry): number {
  const size = Math.min(a.name.length, b.name.length);
  for (let i = 0; i < size; i++) {
    const order = (a.name[i] as number) - (b.name[i] as number);
    if (order !== 0) return order;
  }
  return a.name.length - b.name.length;
}

/** The entries as dirents, in the order of their names' bytes; `overflow` when they are more than a message carries. */
function setEntries(k: Kernel, dev: bigint, entries: HostEntry[]): number {
  let at = 0;
  for (const [i, entry] of entries.sort(compareNames).entries()) {
    if (at + DIRENT_SIZE + entry.name.length > MAX_ENTRIES) {
      return Errno.overflow;
    }
    k.data.setU64(at, BigInt(i + 1));
    k.data.setU64(at + 8, k.inodes.numberOf(dev, entry.ino));
    k.data.setU32(at + 16, entry.name.length);
    k.data.setU32(at + 20, entry.filetype);
    k.data.write(at + DIRENT_SIZE, entry.name);
    at += DIRENT_SIZE + entry.name.length;
  }
  k.data.size = at;
  return Errno.success;
}

/** Offset of the entry that `cookie` names; the end when there is none. */
function offsetOf(entries: Uint8Array, cookie: bigint): number {
  const view = new DataView(entries.buffer, entries.byteOffset, entries.length);
  let at = 0;
  for (let i = 0n; i < cookie && at < entries.length; i++) {
    at += DIRENT_SIZE + view.getUint32(at + 16, true);
  }
  return at;
}

/**
 * Writes the entries from `cookie` on, the last one cut where the buffer ends, and how many bytes they take.
 *
 * The directory is read once, at cookie 0, and kept as replicated state, so that cookies stay valid across a takeover.
 * Errors: `badf`, `notdir`, `fault`, `inval` for a cookie before any read of cookie 0, `overflow` for a directory whose
 * entries are more than a message carries. Logs: at cookie 0 all entries, else nothing.
 */
export const fd_readdir = syscall({
  name: "fd_readdir",
  id: 277,
  effect: "storage",
  params: [
    ["fd", "u32"],
    ["buf", "u32"],
    ["buf_len", "u32"],
    ["cookie", "u64"],
    ["bufused", "out", 4],
  ],
  check(k, fd, buf, buf_len, cookie) {
    const d = k.fds.get(fd);
    if (d === undefined) return Errno.badf;
    if (d.kind !== "directory") return Errno.notdir;
    if (!k.memory.fits(buf, buf_len)) return Errno.fault;
    return cookie !== 0n && d.entries === undefined
      ? Errno.inval
      : Errno.success;
  },
  execute(k, fd, _buf, _buf_len, cookie) {
    k.data.size = 0;
    if (cookie !== 0n) return Errno.success;
    const { handle } = k.fds.get(fd) as Directory;
    const entries = k.host.entries(handle);
    const stat = k.host.stat(handle);
    if (typeof entries === "number") return -entries;
    if (typeof stat === "number") return -stat;
    return setEntries(k, stat.dev, entries);
  },
  mirror(k, fd, _buf, _buf_len, cookie) {
    if (cookie === 0n) mirrorEntries(k, k.fds.get(fd) as Directory);
  },
  commit(k, fd, buf, buf_len, cookie, bufused) {
    const d = k.fds.get(fd) as Directory;
    if (cookie === 0n) d.entries = k.data.slice(0, k.data.size).slice();
    const entries = d.entries as Uint8Array;
    const part = entries.subarray(offsetOf(entries, cookie)).subarray(
      0,
      buf_len,
    );
    k.memory.write(buf, part);
    k.memory.setU32(bufused, part.length);
    return Errno.success;
  },
});

/** Learns the inodes of this node's copy, and holds that it has the same names. */
function mirrorEntries(k: Kernel, d: Directory): void {
  const entries = k.host.entries(d.handle);
  const stat = k.host.stat(d.handle);
  agree(
    typeof entries !== "number" && typeof stat !== "number",
    "a directory can't be read on this node's copy",
  );
  let at = 0;
  for (const entry of entries.sort(compareNames)) {
    const size = at < k.data.size ? k.data.u32(at + 16) : -1;
    const same = size === entry.name.length &&
      k.data.slice(at + DIRENT_SIZE, size).every((b, i) => b === entry.name[i]);
    agree(same, "a directory has other names on this node's copy");
    k.inodes.learn(stat.dev, entry.ino, k.data.u64(at + 8));
    at += DIRENT_SIZE + size;
  }
  agree(at === k.data.size, "a directory has other names on this node's copy");
}
