import { FileType } from "../../wasi-intercept/descriptors.ts";
import type { HostEntry, HostStat } from "../../wasi-intercept/host.ts";
import { result } from "./errno.ts";
import { libc } from "./libc.ts";

const AT_EMPTY_PATH = 0x1000;
const STATX_BASIC = 0x7ff;
const EMPTY = new Uint8Array(1);

/** `struct statx` (256 bytes, equal on all architectures); the fields in use. */
const AT = {
  nlink: 16,
  mode: 28,
  ino: 32,
  size: 40,
  atime: 64,
  ctime: 96,
  mtime: 112,
  major: 136,
  minor: 140,
} as const;

const buffer = new Uint8Array(256);
const view = new DataView(buffer.buffer);

/** File type bits of a mode (S_IFMT >> 12), which are also the types of `getdents64(2)`, as preview1's. */
const FROM_MODE: Readonly<Record<number, number>> = {
  2: FileType.characterDevice,
  4: FileType.directory,
  6: FileType.blockDevice,
  8: FileType.regularFile,
  10: FileType.symbolicLink,
  12: FileType.socketStream,
};

function time(at: number): bigint {
  return view.getBigInt64(at, true) * 1_000_000_000n +
    BigInt(view.getUint32(at + 8, true));
}

/** The `stat` of an open handle. */
export function statOf(handle: number): HostStat | number {
  const done = result(
    libc.statx(handle, EMPTY, AT_EMPTY_PATH, STATX_BASIC, buffer),
  );
  if (done < 0) return done;
  return {
    dev: BigInt(view.getUint32(AT.major, true)) << 32n |
      BigInt(view.getUint32(AT.minor, true)),
    ino: view.getBigUint64(AT.ino, true),
    filetype: FROM_MODE[view.getUint16(AT.mode, true) >> 12] ??
      FileType.unknown,
    nlink: BigInt(view.getUint32(AT.nlink, true)),
    size: view.getBigUint64(AT.size, true),
    atim: time(AT.atime),
    mtim: time(AT.mtime),
    ctim: time(AT.ctime),
  };
}

/** All entries of an open directory, `.` and `..` among them, in the file system's order. */
export function entriesOf(handle: number): HostEntry[] | number {
  const entries: HostEntry[] = [];
  const block = new Uint8Array(32768);
  const blockView = new DataView(block.buffer);
  libc.lseek(handle, 0n, 0);
  for (;;) {
    const size = result(libc.getdents64(handle, block, 32768n));
    if (size <= 0) return size < 0 ? size : entries;
    for (let at = 0; at < size; at += blockView.getUint16(at + 16, true)) {
      const name = block.subarray(at + 19, block.indexOf(0, at + 19)).slice();
      const filetype = FROM_MODE[blockView.getUint8(at + 18)] ??
        FileType.unknown;
      entries.push({ name, ino: blockView.getBigUint64(at, true), filetype });
    }
  }
}
