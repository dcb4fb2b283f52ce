/** Reading directories: `fd_readdir`. @module */
import { MAX_DATA } from "../engine/message.ts";
import type { Directory, Entries } from "./descriptors.ts";
import { Errno } from "./errno.ts";
import type { HostEntry, HostStat } from "./host.ts";
import type { Kernel } from "./kernel.ts";
import { Right } from "./rights.ts";
import { deviceOf, LOCK_NAME } from "./shared.ts";
import { agree } from "./storage.ts";
import { each, hidden, text, u32, u64 } from "./outcome.ts";
import { syscall } from "./syscall.ts";
import { FILETYPE } from "./words.ts";

/** Head of a preview1 `dirent`: next cookie 0, inode 8, length of the name 16, type 20; the name follows. */
export const DIRENT_SIZE = 24;

/** A `dirent` with its name. */
const DIRENT = [
  hidden(u64("next")),
  hidden(u64("ino")),
  hidden(u32("namlen")),
  hidden(u32("type", FILETYPE)),
  text("name", "namlen"),
];

/** DATA of a page: whether it is the last 0, bytes of its dirents 4, the dirents; on shared storage, each one's inode there. */
export const PAGE_HEAD = 8;

/** Most bytes of dirents in a page; with an inode for each they fit in a message. */
const MAX_PAGE = (MAX_DATA >> 2) * 3 - 1024;

const lockName = new TextEncoder().encode(LOCK_NAME);

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const size = Math.min(a.length, b.length);
  for (let i = 0; i < size; i++) {
    const order = (a[i] as number) - (b[i] as number);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

/** Offset of the entry that `cookie` names; the end when there is none. */
function offsetOf({ bytes }: Entries, cookie: bigint): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = 0;
  for (let i = 0n; i < cookie && at < bytes.length; i++) {
    at += DIRENT_SIZE + view.getUint32(at + 16, true);
  }
  return at;
}

/** How many entries there are, and the name of the last. */
function lastOf({ bytes }: Entries): { count: bigint; name: Uint8Array } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let count = 0n, name = new Uint8Array(0);
  for (let at = 0; at < bytes.length; at += DIRENT_SIZE + name.length) {
    const size = view.getUint32(at + 16, true);
    name = bytes.slice(at + DIRENT_SIZE, at + DIRENT_SIZE + size);
    count++;
  }
  return { count, name };
}

const NONE: Entries = { bytes: new Uint8Array(0), complete: false };

/** What the page is to follow: nothing for cookie 0; `undefined` when no page is needed. */
function before(
  d: Directory,
  cookie: bigint,
  size: number,
): Entries | undefined {
  if (cookie === 0n || d.entries === undefined) return NONE;
  const { entries } = d;
  const needed = !entries.complete &&
    offsetOf(entries, cookie) + size > entries.bytes.length;
  return needed ? entries : undefined;
}

/** Whether a directory is a shared one's root, by whatever path it was opened. */
function isRoot(k: Kernel, { shared }: Directory, stat: HostStat): boolean {
  const root = shared && k.host.stat(k.roots[shared.root] as number);
  return typeof root === "object" && root.ino === stat.ino &&
    root.dev === stat.dev;
}

/** This node's entries behind those of `known`, in the order of their names' bytes. */
function following(
  k: Kernel,
  d: Directory,
  known: Entries,
): { dev: bigint; entries: HostEntry[] } | number {
  const stat = k.host.stat(d.handle);
  if (typeof stat === "number") return stat;
  const all = k.host.entries(d.handle);
  if (typeof all === "number") return all;
  const root = isRoot(k, d, stat);
  const last = known.bytes.length === 0 ? undefined : lastOf(known).name;
  const entries = all.filter(({ name }) =>
    (last === undefined || compareBytes(name, last) > 0) &&
    !(root && compareBytes(name.subarray(0, lockName.length), lockName) === 0)
  ).sort((a, b) => compareBytes(a.name, b.name));
  const dev = d.shared === undefined ? stat.dev : deviceOf(d.shared);
  return { dev, entries };
}

/** Makes the next page the outcome. */
function setPage(k: Kernel, d: Directory, known: Entries): number {
  const found = following(k, d, known);
  if (typeof found === "number") return -found;
  const { dev, entries } = found;
  let { count } = lastOf(known);
  let at = PAGE_HEAD, n = 0;
  for (const { name, ino, filetype } of entries) {
    if (at + DIRENT_SIZE + name.length > MAX_PAGE) break;
    k.data.setU64(at, ++count);
    k.data.setU64(at + 8, k.inodes.numberOf(dev, ino));
    k.data.setU32(at + 16, name.length);
    k.data.setU32(at + 20, filetype);
    k.data.write(at + DIRENT_SIZE, name);
    at += DIRENT_SIZE + name.length;
    n++;
  }
  k.data.setU32(0, n === entries.length ? 1 : 0);
  k.data.setU32(4, at - PAGE_HEAD);
  const inos = d.shared === undefined ? [] : entries.slice(0, n);
  for (const { ino } of inos) {
    k.data.setU64(at, ino);
    at += 8;
  }
  k.data.size = at;
  return Errno.success;
}

/**
 * Writes the entries from `cookie` on, the last one cut where the buffer ends, and how many bytes they take.
 *
 * A directory is read at cookie 0, a large one in pages in the order of the names, and kept as replicated state, so that
 * cookies stay valid across a takeover. Errors: `badf`, `notcapable`, `notdir`, `fault`, `inval` for a cookie before any
 * read of cookie 0. Logs: a page where one is read, else nothing.
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
  outcome: [
    hidden(u32("last")),
    hidden(u32("size")),
    each("entries", DIRENT, "size"),
  ],
  needs: { fd: [Right.fd_readdir] },
  check(k, fd, buf, buf_len, cookie) {
    if (!k.memory.fits(buf, buf_len)) return Errno.fault;
    const d = k.fds.get(fd);
    return cookie !== 0n && d?.kind === "directory" && d.entries === undefined
      ? Errno.inval
      : Errno.success;
  },
  execute(k, fd, _buf, buf_len, cookie) {
    const d = k.fds.get(fd) as Directory;
    const known = before(d, cookie, buf_len);
    k.data.size = 0;
    return known === undefined ? Errno.success : setPage(k, d, known);
  },
  mirror(k, fd, _buf, buf_len, cookie) {
    const d = k.fds.get(fd) as Directory;
    const known = before(d, cookie, buf_len);
    if (known !== undefined) mirrorPage(k, d, known);
  },
  commit(k, fd, buf, buf_len, cookie, bufused) {
    const d = k.fds.get(fd) as Directory;
    const known = before(d, cookie, buf_len);
    if (known !== undefined) d.entries = joined(k, d, known);
    const entries = d.entries as Entries;
    const from = offsetOf(entries, cookie);
    const part = entries.bytes.subarray(from, from + buf_len);
    k.memory.write(buf, part);
    k.memory.setU32(bufused, part.length);
    return Errno.success;
  },
});

/** What is known with the logged page behind it. */
function joined(k: Kernel, d: Directory, known: Entries): Entries {
  const size = k.data.u32(4);
  const bytes = new Uint8Array(known.bytes.length + size);
  bytes.set(known.bytes);
  bytes.set(k.data.slice(PAGE_HEAD, size), known.bytes.length);
  if (d.shared !== undefined) {
    let ino = PAGE_HEAD + size;
    for (let at = PAGE_HEAD; at < PAGE_HEAD + size; ino += 8) {
      const number = k.data.u64(at + 8);
      k.inodes.learn(deviceOf(d.shared), k.data.u64(ino), number);
      at += DIRENT_SIZE + k.data.u32(at + 16);
    }
  }
  return { bytes, complete: k.data.u32(0) === 1 };
}

/** Learns the inodes of this node's copy, and holds that it has the same names. */
function mirrorPage(k: Kernel, d: Directory, known: Entries): void {
  const found = following(k, d, known);
  agree(
    typeof found !== "number",
    "a directory can't be read on this node's copy",
  );
  const end = PAGE_HEAD + k.data.u32(4);
  let at = PAGE_HEAD;
  for (const { name, ino } of found.entries) {
    if (at === end && k.data.u32(0) === 0) break;
    const size = at < end ? k.data.u32(at + 16) : -1;
    const same = size === name.length &&
      compareBytes(k.data.slice(at + DIRENT_SIZE, size), name) === 0;
    agree(same, "a directory has other names on this node's copy");
    k.inodes.learn(found.dev, ino, k.data.u64(at + 8));
    at += DIRENT_SIZE + size;
  }
  agree(at === end, "a directory has other names on this node's copy");
}
