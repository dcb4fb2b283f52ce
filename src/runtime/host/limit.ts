import { Errno } from "../../wasi-intercept/errno.ts";
import { result } from "./errno.ts";
import { libc } from "./libc.ts";
import { linux } from "./linux.ts";

/** Handles that a guest leaves to its node: for the log, the directories, the backups. */
const RESERVED = 64;

/** The first handle that a guest may not have. */
function limitOf(): number {
  const bytes = new Uint8Array(linux["struct rlimit"]);
  if (result(libc.getrlimit(linux.RLIMIT_NOFILE, bytes)) < 0) return Infinity;
  const limit = new DataView(bytes.buffer)
    .getBigUint64(linux["rlimit.rlim_cur"], true);
  return Number(limit) - RESERVED;
}

const LIMIT = limitOf();

/** A new handle of the guest, or the errno it came as; one of the last that the process may have is closed again: `-Errno.mfile`. */
export function withinLimit(handle: number): number {
  if (handle < LIMIT) return handle;
  libc.close(handle);
  return -Errno.mfile;
}
