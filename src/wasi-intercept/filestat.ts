import type { Shared } from "./descriptors.ts";
import { Errno } from "./errno.ts";
import type { HostStat } from "./host.ts";
import type { Kernel } from "./kernel.ts";
import { hidden, u64 } from "./outcome.ts";
import { deviceOf } from "./shared.ts";
import { agree } from "./storage.ts";
import { FILETYPE } from "./words.ts";

/** Bytes of preview1's `filestat`: dev 0, ino 8, filetype 16, nlink 24, size 32, atim 40, mtim 48, ctim 56. */
export const FILESTAT_SIZE = 64;

/** A `filestat` in DATA, and behind it, for a shared directory, the inode on its storage. */
export const FILESTAT = [
  hidden(u64("dev")),
  u64("ino"),
  u64("filetype", FILETYPE),
  hidden(u64("nlink")),
  u64("size"),
  hidden(u64("atim", "date")),
  u64("mtim", "date"),
  hidden(u64("ctim", "date")),
  hidden(u64("storage_ino")),
];

/** Behind it, for a shared directory: the inode on its storage. */
const INO_AT = FILESTAT_SIZE;

/** The one device number that guests see; inode numbers are unique over all directories. */
const VIRTUAL_DEVICE = 1n;

/** Makes a host's answer the outcome, in full, with a virtual inode. */
export function setFilestat(
  k: Kernel,
  stat: HostStat | number,
  shared: Shared | undefined,
): number {
  if (typeof stat === "number") return -stat;
  const dev = shared === undefined ? stat.dev : deviceOf(shared);
  writeFilestat(k, stat, k.inodes.numberOf(dev, stat.ino));
  if (shared !== undefined) {
    k.data.setU64(INO_AT, stat.ino);
    k.data.size = INO_AT + 8;
  }
  return Errno.success;
}

/** The outcome for something that is no file: its type, all else 0. */
export function setStreamFilestat(k: Kernel, filetype: number): number {
  const none = {
    dev: 0n,
    ino: 0n,
    nlink: 1n,
    size: 0n,
    atim: 0n,
    mtim: 0n,
    ctim: 0n,
    born: 0n,
  };
  writeFilestat(k, { ...none, filetype }, 0n);
  return Errno.success;
}

function writeFilestat({ data }: Kernel, stat: HostStat, ino: bigint): void {
  data.setU64(0, VIRTUAL_DEVICE);
  data.setU64(8, ino);
  data.setU64(16, BigInt(stat.filetype));
  data.setU64(24, stat.nlink);
  data.setU64(32, stat.size);
  data.setU64(40, stat.atim);
  data.setU64(48, stat.mtim);
  data.setU64(56, stat.ctim);
  data.size = FILESTAT_SIZE;
}

/** Learns which inode this node's copy has, and holds that type and size are the primary's. */
export function mirrorFilestat(k: Kernel, stat: HostStat | number): void {
  agree(
    typeof stat !== "number",
    "a file that the primary has is missing on this node's copy",
  );
  agree(
    BigInt(stat.filetype) === k.data.u64(16),
    "a file has another type on this node's copy",
  );
  agree(
    stat.filetype === 3 || stat.size === k.data.u64(32),
    "a file has another size on this node's copy",
  );
  k.inodes.learn(stat.dev, stat.ino, k.data.u64(8));
}

/** Gives the guest the outcome. */
export function commitFilestat(
  k: Kernel,
  target: number,
  shared: Shared | undefined,
): number {
  if (shared !== undefined) {
    k.inodes.learn(deviceOf(shared), k.data.u64(INO_AT), k.data.u64(8));
  }
  for (let at = 0; at < FILESTAT_SIZE; at += 8) {
    k.memory.setU64(target + at, k.data.u64(at));
  }
  return Errno.success;
}
