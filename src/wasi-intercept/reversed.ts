/** Directories in another order than that of their names. @module */
import type { Data } from "./data.ts";
import { Errno } from "./errno.ts";
import { DIRENT_SIZE, fd_readdir, PAGE_HEAD } from "./readdir.ts";
import type { Syscall } from "./syscall.ts";

/** A dirent of a page, and the inode on its storage. */
interface Item {
  readonly cookie: bigint;
  readonly dirent: Uint8Array;
  readonly ino: bigint;
}

/**
 * `fd_readdir` that gives each page of a shared directory backwards; one that is not the last keeps its last name, which the next page follows.
 */
export const reversedReaddir: Syscall = {
  ...fd_readdir,
  execute(k, ...args) {
    const errno = fd_readdir.execute!(k, ...args);
    if (errno === Errno.success && k.data.size > 0) reversePage(k.data);
    return errno;
  },
};

function reversePage(data: Data): void {
  const items = itemsOf(data);
  const fixed = data.u32(0) === 1 ? [] : items.splice(-1);
  const order = [...items.toReversed(), ...fixed];
  const cookies = [...items, ...fixed].map(({ cookie }) => cookie);
  let at = PAGE_HEAD, ino = PAGE_HEAD + data.u32(4);
  for (const [i, item] of order.entries()) {
    data.write(at, item.dirent);
    data.setU64(at, cookies[i] as bigint);
    data.setU64(ino, item.ino);
    at += item.dirent.length;
    ino += 8;
  }
}

function itemsOf(data: Data): Item[] {
  const items: Item[] = [];
  const end = PAGE_HEAD + data.u32(4);
  for (let at = PAGE_HEAD; at < end;) {
    const size = DIRENT_SIZE + data.u32(at + 16);
    items.push({
      cookie: data.u64(at),
      dirent: data.slice(at, size).slice(),
      ino: data.u64(end + 8 * items.length),
    });
    at += size;
  }
  return items;
}
